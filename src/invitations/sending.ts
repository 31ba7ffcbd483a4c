import type { FirstErrors } from '../members/new/draft.ts'
import { decideFirst } from '../members/new/draft.ts'
import type { Actor } from '../platform/access/actor.ts'
import { asActor } from '../platform/access/giver.ts'
import type { OrganizationRole } from '../platform/access/permissions.ts'
import { dayOf } from '../platform/access/status.ts'
import type { Refusal } from '../platform/access/subject.ts'
import { couldGive, isCovered, mayInviteTo } from './givers.ts'
import { mayCorrect, mayResend } from './may.ts'
import { day, needsApproval, resendsADay } from './rules.ts'
import type { InvitationToChange } from './to-change.ts'

/** How an invitation goes on when it is sent anew. */
export type Sending = {
  /** For approval; nothing is mailed before. */
  waits: boolean
  /** An approval that was given stands. */
  approved: boolean
  /** Who does it becomes its sender: they ask for the approval, or nobody else answers for it anymore. */
  takenOver: boolean
}

const firstOf = (errors: FirstErrors): string => Object.values(errors)[0] ?? ''

/** Why this person can't send it, or give its link away: they couldn't give all of what it offers. A sentence, or null. */
export function whyNotGiven(actor: Actor, { asked, around }: InvitationToChange): string | null {
  if (couldGive(actor, asked, around)) return null
  if (!mayInviteTo(actor, asked))
    return 'It offers more than a place in your group. Ask somebody who may invite to all of it.'
  const { errors } = decideFirst(actor, around.choices, around.regions, asked)
  return `You can’t give what it offers now. ${firstOf(errors ?? {})}`.trim()
}

/** Why there is nobody to send it to anymore: a later invitation, or another way, has come first. */
export const overtaken = ({ superseded, member_status }: InvitationToChange): Refusal =>
  superseded
    ? { because: 'They were invited again since. That invitation is the one to send.' }
    : member_status === 'invited'
      ? null
      : { because: 'They aren’t in the list of members as Invited anymore. A new invitation is the way.' }

/** Whether this member may send it again, or correct its address; the limit of a day is asked beside (`fullUntil`). */
export function maySend(actor: Actor, invitation: InvitationToChange, corrects: boolean, now: Date): Refusal {
  const may = corrects ? mayCorrect : mayResend
  const refusal = may(actor, { ...invitation, resends: 0 }, now) ?? overtaken(invitation)
  const why = refusal ? null : whyNotGiven(actor, invitation)
  return refusal ?? (why === null ? null : { because: why })
}

/** When it can be sent again, where it was sent as often as a day in UTC allows; null: now. */
export function fullUntil({ resend_day, resends, status }: InvitationToChange, now: Date): Date | null {
  const full = status !== 'pending_approval' && resend_day === dayOf(now) && resends >= resendsADay
  return full ? new Date(Date.parse(dayOf(now)) + day) : null
}

/** Whether its sender, or who approved it, still answers for it. */
export const stillCovered = (invitation: InvitationToChange): boolean =>
  isCovered(invitation, invitation.organization, invitation.asked, invitation.around)

/** The role of whoever sent it, as it is now; who has left could send nothing without approval. */
const senderRole = ({ givers, invited_by, organization }: InvitationToChange): OrganizationRole =>
  asActor(
    givers.find(({ id }) => id === invited_by),
    organization,
  )?.membership.organizationRole ?? 'member'

/**
 * Sent anew by a member who could give all of it, or by support staff (null), who have no rights of their own: then only what its
 * sender or approver still answers for is mailed, and approval is asked for as if its sender did it. Another address asks for the
 * approval again.
 */
export function howSent(actor: Actor | null, invitation: InvitationToChange, anotherAddress: boolean): Sending {
  const covered = stillCovered(invitation)
  const approved = invitation.approval === 'approved' && covered && !anotherAddress
  const role = actor?.membership.organizationRole ?? senderRole(invitation)
  const asks = (!actor && !covered) || (!approved && needsApproval(invitation.invitation_approval, role))
  const waits = invitation.status === 'pending_approval' || asks
  return { waits, approved: approved && !waits, takenOver: actor !== null && (waits || !covered) }
}
