import type { PersonAndSignIn } from '../../src/members/sign-in/queries.ts'
import { fullName } from '../../src/platform/access/actor.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { ActButtons } from '../parts/act-frame.tsx'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { Icon } from '../parts/icon.tsx'
import { Once } from '../parts/once.tsx'
import { sent } from '../parts/sent.ts'
import { ExactTime } from '../parts/time.tsx'

type Props = { person: PersonAndSignIn; action: string; back: string; form?: Form | undefined }

export const Unblock = ({ person, action, back, form }: Props) => (
  <form {...sent(action)}>
    <ErrorSummary form={form} />
    <p>
      Too many wrong passwords in a row were tried for <bdi>{fullName(person)}</bdi>. After this they can sign in again
      at once, with the password that they had.
    </p>
    <p>If it wasn’t they who tried, send them a reset link as well.</p>
    <input type="hidden" name="version" value={String(person.version)} />
    <ActButtons label="Unblock" back={back} />
  </form>
)

const inWords = (count: number) => (count === 1 ? 'one session' : `${count} sessions`)

export const SignOutEverywhere = ({ person, action, back, form }: Props) => (
  <form {...sent(action)}>
    <ErrorSummary form={form} />
    <p>
      <bdi>{fullName(person)}</bdi>{' '}
      {person.sessions === 0 ? 'isn’t signed in anywhere at the moment.' : `has ${inWords(person.sessions)} open.`}
    </p>
    {person.sessions > 0 && (
      <p>
        {person.sessions === 1 ? 'It ends' : 'All of them end'} at once, on every device and in every organization.
        Their password stays, so they can sign in again.
      </p>
    )}
    <input type="hidden" name="version" value={String(person.version)} />
    {person.sessions > 0 ? <ActButtons label="Sign out everywhere" back={back} /> : <a href={back}>Back</a>}
  </form>
)

export const ResetTwoFactor = ({ person, action, back, form }: Props) => (
  <form {...sent(action)}>
    <ErrorSummary form={form} />
    <p>
      For when <bdi>{fullName(person)}</bdi> has lost the phone and the backup codes. Be sure that it is they who ask,
      for example by calling a number that you know.
    </p>
    <p>
      Their app and their backup codes stop working,{' '}
      {person.sessions === 0
        ? 'and they are signed in nowhere'
        : person.sessions === 1
          ? 'and their one session ends'
          : `and their ${person.sessions} sessions end`}
      . At the next sign-in, with their password, they set up a new app before anything else opens. A letter tells them.
    </p>
    {person.status === 'blocked' && <p>They stay blocked: unblock them, too.</p>}
    <input type="hidden" name="version" value={String(person.version)} />
    <ActButtons label="Reset two-factor" back={back} danger />
  </form>
)

const ways = {
  generated: { label: 'Generate one', help: 'Rollcall makes it and shows it to you once' },
  typed: { label: 'Type one', help: 'Typed twice, 15 characters or more' },
} as const

export const GivePassword = ({ person, action, back, form, mailing }: Props & { mailing: boolean }) => {
  const how = form?.values.how ?? 'generated'
  return (
    <form {...sent(action)}>
      <ErrorSummary form={form} />
      <p>
        <bdi>{fullName(person)}</bdi> must change it at the next sign-in, within 72 hours. Their sessions and reset
        links end. A letter tells them so, without the password{!mailing && '; it waits until Rollcall can send mail'}.
      </p>
      <p class="note">
        A <a href={action.replace(/[^/]*$/, 'reset-link')}>reset link</a> is safer: nobody but them ever knows the
        password.
      </p>
      {person.status === 'blocked' && <p>They stay blocked: unblock them, too.</p>}
      <fieldset class="field ways">
        <legend>New password</legend>
        {form?.errors.how && (
          <p class="error" id="how-error">
            <Icon name="alert" />
            {form.errors.how}
          </p>
        )}
        {Object.entries(ways).map(([value, { label, help }], n) => (
          <label class="check">
            <input type="radio" name="how" value={value} id={n === 0 ? 'how' : undefined} checked={value === how} />{' '}
            <span>
              {label} <small>{help}</small>
            </span>
          </label>
        ))}
      </fieldset>
      <div class="typed">
        <Field label="New password" name="password" type="password" autocomplete="new-password" form={form} />
        <Field
          label="New password again"
          name="password_again"
          type="password"
          autocomplete="new-password"
          form={form}
        />
      </div>
      <input type="hidden" name="version" value={String(person.account_version ?? 1)} />
      <ActButtons label="Change password" back={back} />
    </form>
  )
}

/** What is shown once: the text, until when it works, and where reading goes on. */
export type Kept = { text: string; until: Date; zone: string; back: string }

export const PasswordGiven = ({ person, text, until, zone, back }: { person: PersonAndSignIn } & Kept) => (
  <>
    <p>
      This is the new password of <bdi>{fullName(person)}</bdi>. It is shown only now: Rollcall doesn’t keep it, and
      nobody can look it up later.
    </p>
    <Once text={text} />
    <p>
      It works for one sign-in until <ExactTime at={until} zone={zone} />, and must be changed there. Tell it to them in
      person or by phone.
    </p>
    <p>
      <a class="btn" href={back}>
        Done
      </a>
    </p>
  </>
)

export const GiveLink = ({
  person,
  action,
  back,
  form,
  next,
  mayBlock,
  mailing,
}: Props & { next: number; mayBlock: boolean; mailing: boolean }) => (
  <form {...sent(action)}>
    <ErrorSummary form={form} />
    <p>
      For <b>{person.email}</b>, the address of <bdi>{fullName(person)}</bdi>: a link with which they choose a new
      password, once and within 30 minutes. Links made before stop working.
    </p>
    {!mailing && (
      <p class="note">
        No mail server is set up, so nothing is sent. You get the link on the next page, and pass it on yourself.
      </p>
    )}
    {person.status === 'blocked' && <p>Using it ends their block, too.</p>}
    {mayBlock ? (
      <div class="field">
        <label class="check">
          <input
            type="checkbox"
            name="block_now"
            id="block_now"
            value="on"
            checked={form?.values.block_now === 'on'}
            aria-describedby="block_now-hint"
          />{' '}
          <span>Block it now</span>
        </label>{' '}
        <p class="hint" id="block_now-hint">
          The old password stops working at once, and their sessions end. Otherwise it works until the link is used.
        </p>
      </div>
    ) : (
      <p>The old password works until the link is used.</p>
    )}
    <input type="hidden" name="version" value={String(next)} />
    <ActButtons label={mailing ? 'Send reset link' : 'Make reset link'} back={back} />
  </form>
)

/** Where the link may go by letter alone, and no letter goes. */
export const NoLinkHere = ({ because, back }: { because: string; back: string }) => (
  <>
    <p>{because}</p>
    <p>
      <a class="btn" href={back}>
        Back
      </a>
    </p>
  </>
)

export const LinkSent = ({ person, back }: { person: PersonAndSignIn; back: string }) => (
  <>
    <p>
      The link is on its way to <b>{person.email}</b>. <bdi>{fullName(person)}</bdi> can choose a new password with it,
      once and within 30 minutes.
    </p>
    <p>
      <a class="btn" href={back}>
        Done
      </a>
    </p>
  </>
)

export const LinkGiven = ({ person, text, until, zone, back }: { person: PersonAndSignIn } & Kept) => (
  <>
    <p>
      Nothing was sent. Pass this link on to <bdi>{fullName(person)}</bdi> yourself; whoever has it can choose the
      password. It is shown only now.
    </p>
    <Once text={text} />
    <p>
      It works once, until <ExactTime at={until} zone={zone} />.
    </p>
    <p>
      <a class="btn" href={back}>
        Done
      </a>
    </p>
  </>
)
