import type { PersonAndSignIn } from '../../src/members/sign-in/queries.ts'
import { fullName } from '../../src/platform/access/actor.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { ActButtons } from '../parts/act-frame.tsx'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { Once } from '../parts/once.tsx'
import { sent } from '../parts/sent.ts'
import { ExactTime } from '../parts/time.tsx'
import type { Kept } from './sign-in.tsx'

type Props = {
  person: PersonAndSignIn
  action: string
  back: string
  zone: string
  mailing: boolean
  form?: Form | undefined
}

/** What somebody signs in with, where the organization manages the account. */
export const AccountForm = ({ person, action, back, zone, mailing, form }: Props) => (
  <>
    <ErrorSummary form={form} />
    {person.new_email && person.new_email_expires_at && (
      <div class="field">
        <form {...sent(`${action}/cancel`)} class="note">
          <p>
            <bdi>{person.new_email}</bdi> waits to be confirmed until{' '}
            <ExactTime at={new Date(person.new_email_expires_at)} zone={zone} />. For another link, enter it below
            again.
          </p>
          <input type="hidden" name="version" value={String(person.account_version ?? 1)} />
          <div class="row">
            <button class="btn">Cancel the change</button>
          </div>
        </form>
      </div>
    )}
    <form {...sent(action)}>
      <Field
        label="Username"
        name="username"
        hint="Can be used to sign in, instead of the email. It works at once; you can leave it empty."
        form={form}
        value={person.username ?? ''}
        autocomplete="off"
        maxlength={100}
      />
      <Field
        label="Email"
        name="email"
        type="email"
        hint="A new address is confirmed by a link within 60 minutes. Until then the old one stays."
        form={form}
        value={person.email}
        autocomplete="off"
        required
      />
      {person.status === 'blocked' && (
        <p class="hint">They are blocked: the link works only after somebody has unblocked them.</p>
      )}
      <p>
        Both addresses get a letter{!mailing && ', which waits until Rollcall can send mail'}. When the new one is
        confirmed, the sessions and reset links of <bdi>{fullName(person)}</bdi> end.
      </p>
      <input type="hidden" name="version" value={String(person.account_version ?? 1)} />
      <ActButtons label="Save" back={back} />
    </form>
  </>
)

type Given = Kept & { person: PersonAndSignIn; email: string }

export const EmailLinkSent = ({ person, email, back }: Pick<Given, 'person' | 'email' | 'back'>) => (
  <>
    <p>
      <b>{email}</b> isn’t the address of <bdi>{fullName(person)}</bdi> yet: a letter with a link is on its way there,
      and they confirm it with that within 60 minutes. Until then they sign in as before.
    </p>
    <p>
      <a class="btn" href={back}>
        Done
      </a>
    </p>
  </>
)

export const EmailLinkGiven = ({ person, email, text, until, zone, back }: Given) => (
  <>
    <p>
      <b>{email}</b> isn’t the address of <bdi>{fullName(person)}</bdi> yet: they confirm it with this link. Nothing was
      sent, so pass it on yourself. It is shown only now.
    </p>
    <Once text={text} />
    <p>
      It works once, until <ExactTime at={until} zone={zone} />, and only if no other account has the address. Until it
      is used, they sign in as before.
    </p>
    <p>
      <a class="btn" href={back}>
        Done
      </a>
    </p>
  </>
)
