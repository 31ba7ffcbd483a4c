import { mayHelpSignIn, mayManageAccount } from '../../src/accounts/rules.ts'
import {
  mayChangeAccess,
  mayChangeStatus,
  mayEdit,
  mayEndExemption,
  mayExempt,
  mayReactivate,
  mayRemove,
  mayRemovePicture,
  mayResetTwoFactor,
  maySuspend,
  mayTakeBack,
  mayUnblock,
} from '../../src/members/rules.ts'
import type { Actor } from '../../src/platform/access/actor.ts'
import type { Refusal, Subject } from '../../src/platform/access/subject.ts'

/** A person as the acts look at them. */
export type ActSubject = Subject & {
  suspended_at: unknown
  removed_at: Date | string | null
  /** Of somebody removed: where they are now. */
  again?: unknown
  has_two_factor: boolean
  avatar: unknown
  /** From when on the organization requires it, and until when they are exempt. */
  two_factor_from: string | null
  exempt_until: string | null
}

/** One entry of the panel's foot: the last part of its address, its label, and the rule that its route asks too. */
type Entry = { act: string; label: string; may: (actor: Actor, person: ActSubject, now: Date) => Refusal }

/* An act adds its line here with its route. */
const main: Entry[] = [
  { act: 'edit', label: 'Edit', may: mayEdit },
  { act: 'access', label: 'Change access', may: mayChangeAccess },
  { act: 'take-back', label: 'Take back', may: mayTakeBack },
]
const more: Entry[] = [
  { act: 'picture', label: 'Remove picture', may: mayRemovePicture },
  { act: 'dates', label: 'Start and end date', may: mayChangeStatus },
  { act: 'account', label: 'Username and email', may: mayManageAccount },
  { act: 'password', label: 'Change password', may: mayManageAccount },
  { act: 'reset-link', label: 'Send reset link', may: mayHelpSignIn },
  { act: 'reset-two-factor', label: 'Reset two-factor', may: mayResetTwoFactor },
  { act: 'exempt', label: 'Exempt from two-factor', may: mayExempt },
  { act: 'end-exemption', label: 'End exemption', may: mayEndExemption },
  { act: 'sign-out', label: 'Sign out everywhere', may: mayHelpSignIn },
  { act: 'suspend', label: 'Suspend', may: maySuspend },
  { act: 'reactivate', label: 'Reactivate', may: mayReactivate },
  { act: 'unblock', label: 'Unblock', may: mayUnblock },
]
const danger: Entry[] = [{ act: 'remove', label: 'Remove from organization', may: mayRemove }]

/** The acts that this actor may do to this person, in the order of the panel's foot (product.md, "details panel"). */
export function acts(actor: Actor, person: ActSubject, now: Date) {
  const open = (entries: Entry[]) => entries.filter(({ may }) => may(actor, person, now) === null)
  return { main: open(main), more: open(more), danger: open(danger) }
}
