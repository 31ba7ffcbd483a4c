import {
  mayChangeAccess,
  mayChangeStatus,
  mayEdit,
  mayHelpSignIn,
  mayManageAccount,
  mayReactivate,
  mayRemove,
  maySuspend,
  mayTakeBack,
  mayUnblock,
  type Refusal,
  type Subject,
} from '../../src/members/rules.ts'
import type { Actor } from '../../src/platform/access/actor.ts'

/** A person as the acts look at them. */
export type ActSubject = Subject & { suspended_at: unknown; removed_at: Date | string | null }

/** One entry of the panel's foot: the last part of its address, its label, and the rule that its route asks too. */
type Entry = { act: string; label: string; may: (actor: Actor, person: ActSubject, now: Date) => Refusal }

/* An act adds its line here with its route. */
const main: Entry[] = [
  { act: 'edit', label: 'Edit', may: mayEdit },
  { act: 'access', label: 'Change access', may: mayChangeAccess },
  { act: 'take-back', label: 'Take back', may: mayTakeBack },
]
const more: Entry[] = [
  { act: 'dates', label: 'Start and end date', may: mayChangeStatus },
  { act: 'account', label: 'Username and email', may: mayManageAccount },
  { act: 'password', label: 'Change password', may: mayManageAccount },
  { act: 'reset-link', label: 'Send reset link', may: mayHelpSignIn },
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
