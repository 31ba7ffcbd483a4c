import { type Actor, reach } from '../platform/access/actor.ts'
import type { Refusal } from '../platform/access/subject.ts'
import { isOpen, resendsADay, statusAt } from './rules.ts'

/** An invitation as the rules of its acts look at it; whether its offer could still be given is asked beside (givers.ts). */
export type Invited = {
  status: string
  expires_at: Date | string | null
  group_id: string | null
  invited_by: string | null
  resend_day: string | null
  resends: number
  /** Its sender is the only Admin there is, and so nobody else could approve it. */
  sole_admin?: boolean
}
type May = (actor: Actor, invitation: Invited, now: Date) => Refusal
type Waiting = Pick<Invited, 'status' | 'invited_by' | 'sole_admin'>

const over: Refusal = { because: 'This invitation has ended. A new one is the way.' }

/** Whoever may invite, a Group manager into their own group. */
const mayInvite = (actor: Actor, { group_id }: Invited): Refusal => {
  const far = reach(actor, 'members.invite')
  return far === 'organization' || (far === 'group' && group_id === actor.membership.groupId)
    ? null
    : { needs: 'members.invite' }
}

/** Approving and denying. */
export const mayDecide = (actor: Actor, invitation: Waiting): Refusal => {
  if (reach(actor, 'invitations.approve') !== 'organization') return { needs: 'invitations.approve' }
  if (invitation.status !== 'pending_approval') return { because: 'It doesn’t wait for approval.' }
  if (invitation.invited_by === actor.membership.id && !invitation.sole_admin)
    return { because: 'Who sends an invitation doesn’t approve it. Ask somebody else who may.' }
  return null
}

/** What was sent and not answered, in time or not. */
export const wasSent = (invitation: Pick<Invited, 'status' | 'expires_at'>, now: Date): Refusal => {
  const status = statusAt(invitation, now)
  if (status === 'pending_approval') return { because: 'It waits for approval, and nothing was sent yet.' }
  return status === 'pending_activation' || status === 'expired' ? null : over
}

export const mayResend: May = (actor, invitation, now) => {
  const refusal = mayInvite(actor, invitation) ?? wasSent(invitation, now)
  if (refusal) return refusal
  const today = now.toISOString().slice(0, 10)
  return invitation.resend_day === today && invitation.resends >= resendsADay
    ? { because: `It was sent again ${resendsADay} times today. Tomorrow it can be again.` }
    : null
}

/** Correcting sends again, or lets the mail that waits for approval go to the right address. */
export const mayCorrect: May = (actor, invitation, now) =>
  invitation.status === 'pending_approval' ? mayInvite(actor, invitation) : mayResend(actor, invitation, now)

/** Only a link that works is given away. */
export const mayCopyLink: May = (actor, invitation, now) =>
  mayInvite(actor, invitation) ??
  wasSent(invitation, now) ??
  (statusAt(invitation, now) === 'expired' ? { because: 'It has expired. Send it again first.' } : null)

/** By a new one, once there is nothing more to do with this one. */
export const mayInviteAgain: May = (actor, invitation, now) => {
  const status = statusAt(invitation, now)
  return (
    mayInvite(actor, invitation) ??
    (status === 'rejected' || status === 'revoked' ? null : { because: 'It hasn’t ended.' })
  )
}

/** Also what has expired, so that whoever was invited leaves the table of members. */
export const mayRevoke: May = (actor, invitation, now) => {
  const status = statusAt(invitation, now)
  return mayInvite(actor, invitation) ?? (isOpen(status) || status === 'expired' ? null : over)
}
