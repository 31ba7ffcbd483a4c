import { type RawBuilder, sql } from 'kysely'
import type { Actor } from '../platform/access/actor.ts'
import type { Db } from '../platform/database/connect.ts'
import type { Found } from '../platform/database/steps.ts'
import type { Position } from '../platform/web/table.ts'
import { here, type Scope, withinReach } from './conditions.ts'
import { plainPage, stepOf } from './in-order.ts'
import { partedPage } from './in-parts.ts'
import { columns, type InvitationList } from './list-state.ts'
import { isParted, partsOf } from './parts.ts'

/*
 * One page of the history at any size, in the manner of members/page.ts: bounded walks along the indexes, and only where they don't
 * fill the page everything that matches gathered and sorted, which is then little. parts.ts says which stretches of which index.
 */

export const pageSize = 50

/** Ids and sort keys of one page and one row more, nearest to the position first. */
export function idsOfPage(scope: Scope, list: InvitationList, limit: number): RawBuilder<Found> {
  const parts = partsOf(list, scope)
  return parts ? partedPage(scope, list, parts, limit) : plainPage(scope, list, limit)
}

export type InvitationRow = {
  id: string
  first_name: string
  last_name: string
  email: string
  status: string
  organization_role: string
  created_at: Date
  expires_at: Date | null
  approval: string
  sender_name: string
}

async function rowsOf(scope: Scope, list: InvitationList): Promise<(InvitationRow & { k0: unknown; k1: unknown })[]> {
  const { descending } = stepOf(list)
  const [first, second] = isParted(list.sort)
    ? ([descending ? 'desc' : 'asc', descending ? 'asc' : 'desc'] as const)
    : ([descending ? 'desc' : 'asc', descending ? 'desc' : 'asc'] as const)
  const found = here(scope)
    .innerJoin(sql<Found>`(${idsOfPage(scope, list, pageSize + 1)})`.as('p'), (on) => on.onRef('p.id', '=', 'i.id'))
    .select([
      'i.id',
      'i.first_name',
      'i.last_name',
      'i.email',
      'i.status',
      'i.organization_role',
      'i.created_at',
      'i.expires_at',
      'i.approval',
      'i.sender_name',
      'p.k0',
      'p.k1',
    ])
    .orderBy('p.k0', first)
    .orderBy('p.k1', second)
    .orderBy('i.id', second)
  return (await found.execute()) as never
}

/** A sort value as it goes into an address and comes back as a parameter: an end that never comes is the highest time there is. */
const keyText = (value: unknown): string =>
  value === null ? 'infinity' : value instanceof Date ? value.toISOString() : String(value)

export type InvitationPage = {
  rows: InvitationRow[]
  first: number
  before: Position | null
  after: Position | null
}

/** One page of the history with everything that its rows show, in the order asked for. */
export async function invitationPage(db: Db, actor: Actor, list: InvitationList, now: Date): Promise<InvitationPage> {
  if (!withinReach(list, actor)) return { rows: [], first: 1, before: null, after: null }
  const found = await rowsOf({ db, actor, now }, list)
  const more = found.length > pageSize
  const rows = found.slice(0, pageSize)
  if (list.before) rows.reverse()
  const beforeCount = list.after ? list.after.count : list.before ? Math.max(0, list.before.count - rows.length) : 0
  const at = (row: (typeof rows)[number] | undefined, count: number): Position | null =>
    row ? { values: [row.k0, row.k1].slice(0, columns[list.sort].keys.length).map(keyText), id: row.id, count } : null
  return {
    rows,
    first: beforeCount + 1,
    before: (list.before ? more : list.after !== null) ? at(rows[0], beforeCount) : null,
    after: (list.before ? true : more) ? at(rows.at(-1), beforeCount + rows.length) : null,
  }
}
