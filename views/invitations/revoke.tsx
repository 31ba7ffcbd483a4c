import type { InvitationToChange } from '../../src/invitations/to-change.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { ActButtons } from '../parts/act-frame.tsx'
import { ErrorSummary } from '../parts/field.tsx'
import { sent } from '../parts/sent.ts'
import { nameOf } from './words.ts'

type Props = { invitation: InvitationToChange; action: string; back: string; form?: Form | undefined }

export const Revoke = ({ invitation, action, back, form }: Props) => (
  <form {...sent(action)}>
    <ErrorSummary form={form} />
    <p>
      The invitation to <b>{invitation.email}</b> ends for good: its link stops working at once, and{' '}
      <bdi>{nameOf(invitation)}</bdi> leaves the table of members. The history keeps it.
    </p>
    <p>They aren’t told. You can invite them again at any time.</p>
    <input type="hidden" name="version" value={String(invitation.version)} />
    <ActButtons label="Revoke" back={back} danger />
  </form>
)
