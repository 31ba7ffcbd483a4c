import type { SendProps } from '../../src/invitations/resend/form.tsx'
import { ActButtons } from '../parts/act-frame.tsx'
import { Field } from '../parts/field.tsx'
import { Anyway } from '../parts/invitation-terms.tsx'
import { Consequences, Days, Sent } from './resend.tsx'

export const CorrectAddress = ({ invitation, sending, full, zone, mails, action, back, form }: SendProps) => (
  <Sent full={full} zone={zone} action={action} back={back} form={form}>
    <p>
      It goes to <b>{invitation.email}</b> now. Links sent there or copied stop working as soon as it has another
      address.
    </p>
    <Field label="Right address" name="email" type="email" value={invitation.email} autocomplete="off" form={form} />
    <Anyway form={form} />
    <Consequences invitation={invitation} sending={sending} mails={mails} />
    <Days invitation={invitation} form={form} />
    <input type="hidden" name="version" value={String(invitation.version)} />
    <ActButtons label={sending.waits ? 'Correct address' : 'Correct and send'} back={back} />
  </Sent>
)
