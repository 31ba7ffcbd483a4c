import type { Child } from 'hono/jsx'
import { type InvitationStatus, invitationStatuses, statusAt } from '../../src/invitations/rules.ts'
import { type OrganizationRole, organizationRoles } from '../../src/platform/access/permissions.ts'
import { type Status, statuses } from '../../src/platform/access/status.ts'
import { type EventName, events } from '../../src/platform/events/catalogue.ts'
import { shortId } from '../../src/platform/ids.ts'
import type { Form } from '../../src/platform/web/form.ts'
import type { Found } from '../../src/support/queries.ts'
import type { Step } from '../../src/support/rules.ts'
import { ErrorSummary } from '../parts/field.tsx'
import { Icon } from '../parts/icon.tsx'
import { SupportTabs } from '../parts/support-tabs.tsx'
import { ExactTime } from '../parts/time.tsx'

type Props = { typed: string; wrong: boolean; found?: Found; step?: Step; now: Date; zone: string }

/** One page for an address: why can't this person get in, and what is the one next step? */
export const People = ({ typed, wrong, found, step, now, zone }: Props) => (
  <div class="list">
    <div class="head">
      <h1>Support</h1>
      <SupportTabs current="/support/people" />
    </div>
    <form class="find" role="search" aria-label="People" autocomplete="off" action="/support/people">
      <div class="q">
        <label class="vh" for="email">
          Email address
        </label>
        <input id="email" name="email" type="search" value={typed} placeholder="Their email address" maxlength={254} />
        <button class="icon">
          <Icon name="search" />
          <span class="vh">Look</span>
        </button>
        <kbd aria-hidden="true" />
      </div>
    </form>
    {wrong && (
      <p class="note" role="status">
        Enter an email address like name@example.org.
      </p>
    )}
    {found && step ? (
      <Answer found={found} step={step} now={now} zone={zone} />
    ) : (
      <p class="muted">
        Enter the address that somebody can’t get in with. The audit log of their organizations shows that you looked.
      </p>
    )}
  </div>
)

const labels = { resend: 'Resend invitation', reset_link: 'Send reset link', unblock: 'Unblock' } as const

const hrefOf = (step: Step, found: Found): string =>
  step.act === 'resend'
    ? `/support/invitations/${shortId(step.invitation)}/resend`
    : `/support/people/${shortId(found.account?.id ?? '')}/${step.act === 'unblock' ? 'unblock' : 'reset-link'}`

const Part = ({ title, children }: { title: string; children?: Child }) => (
  <section>
    <h3>{title}</h3>
    {children}
  </section>
)

const none = <p class="muted">None.</p>

const Answer = ({ found, step, now, zone }: { found: Found; step: Step; now: Date; zone: string }) => (
  <section class="panel alone" aria-labelledby="who">
    <header>
      <div>
        <h2 id="who">{found.email}</h2>
      </div>
    </header>
    <section class="answer">
      <h3>Why can’t they get in?</h3>
      <p>{step.sentence}</p>
      {step.act && (
        <p>
          <a class="btn main" href={hrefOf(step, found)}>
            {labels[step.act]}
          </a>
        </p>
      )}
    </section>
    <Part title="Account">
      <Account found={found} zone={zone} />
    </Part>
    <Part title="Memberships">
      {found.members.length > 0 && (
        <dl class="facts">
          {found.members.map((one) => (
            <>
              <dt>
                <bdi>{one.organization_name}</bdi>
              </dt>
              <dd>
                {statuses[one.status as Status]}, {organizationRoles[one.organization_role as OrganizationRole].label}
                {one.last_active_at && (
                  <>
                    , last active <ExactTime at={new Date(one.last_active_at)} zone={zone} />
                  </>
                )}
              </dd>
            </>
          ))}
        </dl>
      )}
      {found.elsewhere > 0 && (
        <p class="muted">
          {found.elsewhere === 1 ? 'One elsewhere' : `${found.elsewhere} elsewhere`}, not open to support.
        </p>
      )}
      {found.members.length + found.elsewhere === 0 && none}
    </Part>
    <Part title="Invitations">
      {found.invitations.length === 0
        ? none
        : found.invitations.map((one) => (
            <p>
              <a href={`/support/invitations/${shortId(one.id)}`}>
                <bdi>{one.organization_name}</bdi>
              </a>
              : {invitationStatuses[statusAt(one, now) as InvitationStatus]}, invited{' '}
              <ExactTime at={new Date(one.created_at)} zone={zone} />
            </p>
          ))}
    </Part>
    <Part title="Mails to this address">
      {found.letters.length === 0
        ? none
        : found.letters.map((one) => (
            <p>
              {letterLabel(one.template)}
              {one.organization_name && (
                <>
                  {' '}
                  of <bdi>{one.organization_name}</bdi>
                </>
              )}
              , <ExactTime at={new Date(one.created_at)} zone={zone} />: {states[one.state] ?? one.state}
              {one.answer && (
                <>
                  {' '}
                  <samp>{one.answer}</samp>
                </>
              )}
            </p>
          ))}
    </Part>
    <Part title="Signing in">
      {found.tries.length === 0
        ? none
        : found.tries.map((one) => (
            <p>
              {events[one.act as EventName]}, <ExactTime at={new Date(one.at)} zone={zone} />
            </p>
          ))}
    </Part>
  </section>
)

const letterLabel = (template: string) => {
  const words = template.replaceAll('_', ' ').replace('two factor', 'two-factor')
  return `${words[0]?.toUpperCase() ?? ''}${words.slice(1)}`
}

const states: Record<string, string> = {
  waiting: 'waits to be sent',
  sent: 'taken by the mail server',
  failed: 'refused by the mail server',
  bounced: 'sent back by a mail server',
  canceled: 'not sent, since it was overtaken',
}

const Account = ({ found: { account }, zone }: { found: Found; zone: string }) => {
  if (!account) return none
  const at = (moment: string) => <ExactTime at={new Date(moment)} zone={zone} />
  return (
    <dl class="facts">
      <dt>Made</dt>
      <dd>{at(account.created_at)}</dd>
      <dt>Address</dt>
      <dd>{account.email_verified_at ? <>confirmed {at(account.email_verified_at)}</> : 'not confirmed'}</dd>
      <dt>Block</dt>
      <dd>{account.blocked_at ? <>blocked {at(account.blocked_at)}</> : 'not blocked'}</dd>
      <dt>Password</dt>
      <dd>
        {!account.has_password
          ? 'none'
          : account.must_change_password
            ? 'a first one, given by somebody else'
            : 'their own'}
        {account.link_until && <>; a reset link works until {at(account.link_until)}</>}
      </dd>
      <dt>Wrong passwords</dt>
      <dd>{account.failed_sign_ins} since they last signed in</dd>
      <dt>Two-factor</dt>
      <dd>{account.two_factor_at ? <>on since {at(account.two_factor_at)}</> : 'off'}</dd>
      {account.is_support && (
        <>
          <dt>Support staff</dt>
          <dd>yes</dd>
        </>
      )}
    </dl>
  )
}

type AskProps = { email: string; version: number; action: string; back: string; form?: Form | undefined }

/** Before an act: whom it is about, what it does, and that it is seen. */
const Ask = ({
  title,
  button,
  version,
  action,
  back,
  form,
  children,
}: Omit<AskProps, 'email'> & { title: string; button: string; children?: Child }) => (
  <div class="page">
    <h1>{title}</h1>
    <ErrorSummary form={form} />
    {children}
    <p class="muted">Their organizations see it in their audit log.</p>
    <form method="post" action={action}>
      <input type="hidden" name="version" value={String(version)} />
      <div class="row">
        <button class="btn main">{button}</button> <a href={back}>Cancel</a>
      </div>
    </form>
  </div>
)

export const ResetLink = ({ email, mails, ...rest }: AskProps & { mails: boolean }) => (
  <Ask title="Send reset link" button="Send reset link" {...rest}>
    <p>
      To <b>{email}</b>: a link to choose a new password, which works once and for 30 minutes. Older links stop working;
      the password works until the link is used.
    </p>
    {!mails && <p class="note">No mail server is set up, so it waits in the outbox and isn’t sent.</p>}
  </Ask>
)

export const Unblock = ({ email, ...rest }: AskProps) => (
  <Ask title="Unblock" button="Unblock" {...rest}>
    <p>
      <b>{email}</b> can sign in again with the password that they have, at once.
    </p>
  </Ask>
)

export const LinkSent = ({ email, back, mails }: { email: string; back: string; mails: boolean }) => (
  <div class="page">
    <h1>Reset link</h1>
    <p>
      {mails ? (
        <>
          It goes to <b>{email}</b> now, and works for 30 minutes.
        </>
      ) : (
        <>
          It waits in the outbox for <b>{email}</b>, and isn’t sent: no mail server is set up. The operator can print
          one.
        </>
      )}
    </p>
    <div class="row">
      <a class="btn" href={back}>
        Back
      </a>
    </div>
  </div>
)
