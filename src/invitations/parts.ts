import { type Scope, withinReach } from './conditions.ts'
import type { InvitationList, Sort } from './list-state.ts'
import { asksState, type State, storedOf } from './states.ts'

/**
 * How the rows of a part are found. Along the index by state: `stored` as they stand, `open` those that the clock lets stand, `old`
 * those that have waited long. By an index of their own, since they are few, and for '' of any approval or role: `unsettled` are stored as
 * open and have expired, `soon` will have in 48 h, `undelivered` are open and their mail was refused or came back.
 */
type How = 'stored' | 'open' | 'old' | 'unsettled' | 'soon' | 'undelivered'
export const isWalked = (how: How): boolean => how === 'stored' || how === 'open' || how === 'old'

/** A part of the history; `key` is what a sort calls it. */
export type Part = State & { key: string; how: How }

export const isParted = (sort: Sort): boolean => sort === 'status' || sort === 'role' || sort === 'approval'

/**
 * The stretches that a page in the order of invited on goes through: for a sort with few values by these values, else those that the
 * filters let in. Null where there is nothing to choose by, or where the own group's index is the shorter way.
 */
export function partsOf(list: InvitationList, { actor }: Scope): Part[] | null {
  if (list.sort !== 'invited' && !isParted(list.sort)) return null
  if (list.sort === 'invited' && (!asksState(list) || list.customRole.length > 0 || withinReach(list, actor)?.group))
    return null
  const asked = (one: string) => list.status.length === 0 || (list.status as string[]).includes(one)
  // Where nobody tells open and expired apart the clock isn't asked.
  const told = list.sort === 'status' || asked('expired') !== asked('pending_activation')
  const waysOf = (one: string): { as: string; how: How }[] => {
    if (list.attention && one === 'pending_approval') return [{ as: one, how: 'old' }]
    if (one !== 'pending_activation' || !(told || list.attention)) return [{ as: one, how: 'stored' }]
    const open: How[] = list.attention ? ['soon', 'undelivered'] : ['open']
    return [
      ...(asked(one) ? open.map((how) => ({ as: one, how })) : []),
      ...(asked('expired') && !list.attention ? [{ as: 'expired', how: 'unsettled' as const }] : []),
    ]
  }
  const { status, approval, role } = storedOf(list)
  const key = { status: 'as', role: 'role', approval: 'approval' }[list.sort as string]
  return status.flatMap((stored) =>
    waysOf(stored).flatMap(({ as, how }) => {
      const any = (one: 'approval' | 'role', all: string[]) => (isWalked(how) || key === one ? all : [''])
      return any('approval', approval).flatMap((given) =>
        any('role', role).map((held) => {
          const values: Record<string, string> = { as, approval: given, role: held }
          return { status: stored, approval: given, role: held, how, key: key ? (values[key] ?? '') : '' }
        }),
      )
    }),
  )
}
