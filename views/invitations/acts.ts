import {
  type Invited,
  mayCopyLink,
  mayCorrect,
  mayDecide,
  mayInviteAgain,
  mayResend,
  mayRevoke,
} from '../../src/invitations/may.ts'
import type { Actor } from '../../src/platform/access/actor.ts'
import type { Refusal } from '../../src/platform/access/subject.ts'

type Entry = { act: string; label: string; may: (actor: Actor, invitation: Invited, now: Date) => Refusal }

/* The panel's foot in its order: the last part of the address, the label, and the rule that the route asks too. */
const entries: Entry[] = [
  { act: 'approve', label: 'Approve', may: mayDecide },
  { act: 'deny', label: 'Deny', may: mayDecide },
  { act: 'resend', label: 'Resend invitation', may: mayResend },
  { act: 'link', label: 'Copy link', may: mayCopyLink },
  { act: 'revoke', label: 'Revoke', may: mayRevoke },
]
export const isDanger = (act: string): boolean => act === 'revoke' || act === 'deny'

/** The acts that this actor may do to this invitation; correcting the address stands beside the address. */
export const acts = (actor: Actor, invitation: Invited, now: Date) => ({
  foot: entries.filter(({ may }) => may(actor, invitation, now) === null),
  corrects: mayCorrect(actor, invitation, now) === null,
  again: mayInviteAgain(actor, invitation, now) === null,
})
