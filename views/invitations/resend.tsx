import type { Child } from 'hono/jsx'
import type { SendProps } from '../../src/invitations/resend/form.tsx'
import { resendsADay } from '../../src/invitations/rules.ts'
import { ActButtons } from '../parts/act-frame.tsx'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { sent } from '../parts/sent.ts'
import { ExactTime } from '../parts/time.tsx'

export const Days = ({ invitation, form }: Pick<SendProps, 'invitation' | 'form'>) => (
  <Field
    label="Valid for, in days"
    name="days"
    hint="From 1 to 60. It expires by itself afterwards."
    value={String(invitation.valid_days)}
    autocomplete="off"
    maxlength={2}
    short
    form={form}
  />
)

/** What sending it means beside the mail itself. */
export const Consequences = ({ invitation, sending, mails }: Pick<SendProps, 'invitation' | 'sending' | 'mails'>) => (
  <>
    {invitation.shrunk && (
      <p class="note">A role, region or area that it offered was deleted since. It gives all the rest.</p>
    )}
    {sending.waits ? (
      <p class="note">It waits for approval first. Nothing is sent before, and there is no link.</p>
    ) : (
      !mails && <p class="note">No mail server is set up, so nothing is sent: copy the new link afterwards.</p>
    )}
    {sending.takenOver && <p>You become its sender, and answer for what it offers.</p>}
  </>
)

type Frame = Pick<SendProps, 'full' | 'zone' | 'action' | 'back' | 'form'> & { children: Child }

/** The form, or when the next time is, where it was sent as often as a day allows. */
export const Sent = ({ full, zone, action, back, form, children }: Frame) =>
  full ? (
    <>
      <ErrorSummary form={form} />
      <p>
        An invitation is sent again at most {resendsADay} times a day. From <ExactTime at={full} zone={zone} /> on it
        can be again.
      </p>
      <p>
        <a class="btn" href={back}>
          Back
        </a>
      </p>
    </>
  ) : (
    <form {...sent(action)} {...{ 'data-hx-status:429': 'push:false' }}>
      <ErrorSummary form={form} />
      {children}
    </form>
  )

/** Names the address before anything goes there. */
export const Resend = ({ invitation, sending, full, zone, mails, action, back, form }: SendProps) => (
  <Sent full={full} zone={zone} action={action} back={back} form={form}>
    <p>
      To <b>{invitation.email}</b>: the invitation with a new link. Links sent or copied before stop working.
    </p>
    <Consequences invitation={invitation} sending={sending} mails={mails} />
    <Days invitation={invitation} form={form} />
    <input type="hidden" name="version" value={String(invitation.version)} />
    <ActButtons label="Resend invitation" back={back} />
  </Sent>
)
