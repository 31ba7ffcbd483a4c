import { invitationStatuses, statusAt } from '../../src/invitations/rules.ts'
import { fullName } from '../../src/platform/access/actor.ts'

const marks = {
  pending_approval: 'st approval',
  pending_activation: 'st invited',
  active: 'st active',
  rejected: 'st rejected',
  expired: 'st expired',
  revoked: 'st revoked',
} as const

/** The mark (app.css, .st) and the word of how an invitation stands at this moment. */
export const stateOf = (invitation: { status: string; expires_at: Date | null }, now: Date) => {
  const status = statusAt(invitation, now)
  return { mark: marks[status], label: invitationStatuses[status] }
}

export const nameOf = (invitation: { first_name: string; last_name: string; email: string }): string =>
  fullName(invitation)

/** What to call somebody in a sentence. */
export const firstNameOf = (invitation: { first_name: string; email: string }): string =>
  invitation.first_name || invitation.email
