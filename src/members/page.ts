import { type Expression, sql } from 'kysely'
import { type Actor, reach } from '../platform/access/actor.ts'
import { atMost, compiledOnce } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import { asTable, type Found } from '../platform/database/steps.ts'
import type { Position } from '../platform/web/table.ts'
import { withinReach } from './conditions.ts'
import { plainPage, stepOf } from './in-order.ts'
import { isParted, partedPage } from './in-parts.ts'
import { filterCount, type MemberList } from './list-state.ts'
import { visibleTo } from './visible.ts'

/*
 * One page of the members table at any size (performance.md, "The members table at 1,000,000 rows"). The planner can't know
 * whether a filter's people stand close together at the end of the order, and chooses wrongly by a factor of 500. So a page with
 * filters takes bounded steps: a walk along the index of the order over at most `bounds.walk` entries, which answers whatever is
 * common; only when that didn't fill the page, every match is gathered by the filters' own indexes (fenced by "offset 0", so that
 * the planner can't walk after all) and sorted, which is quick because such matches are rare.
 *
 * conditions.ts: what a row must fulfil. in-order.ts: a page along one index. in-parts.ts: a page of a sort with few values, one
 * value after the other. count.ts: how many. list-state.ts: the list's address.
 */

export const pageSize = 50

/** Ids and sort keys of one page and one row more, nearest to the position first. */
export function idsOfPage(db: Db, actor: Actor, list: MemberList, now: Date, limit: number) {
  const wantsRemoved = list.status.includes('removed')
  const wantsPresent = list.status.length === 0 || list.status.some((one) => one !== 'removed')
  const one = (removed: boolean) => {
    // Sorted by status, Removed is one part among the others.
    if (list.sort === 'status' && wantsRemoved && wantsPresent) return partedPage(db, actor, list, now, limit, removed)
    return (isParted(list.sort) ? partedPage : plainPage)(db, actor, list, now, limit, removed)
  }
  if (!wantsRemoved) return one(false)
  if (!wantsPresent) return one(true)
  const { descending } = stepOf(list)
  const direction = descending ? 'desc' : 'asc'
  const both = sql<Found>`((${one(false)}) union all (${one(true)}))`.as('u')
  return db
    .selectFrom(both)
    .select(['u.id', 'u.k0', 'u.k1'])
    .orderBy('u.k0', direction)
    .orderBy('u.k1', direction)
    .orderBy('u.id', direction)
    .limit(atMost(limit))
}

/** The rows of one page and one more, with everything that the table shows of them. */
function rowsOf(db: Db, actor: Actor, list: MemberList, now: Date) {
  const direction = stepOf(list).descending ? 'desc' : 'asc'
  return db
    .selectFrom((eb) => asTable(eb, idsOfPage(db, actor, list, now, pageSize + 1) as never as Expression<Found>, 'p'))
    .innerJoin('membership as m', (on) =>
      on.onRef('m.id', '=', 'p.id').on('m.organization_id', '=', actor.organization.id),
    )
    .innerJoin('member_group as g', (on) =>
      on.onRef('g.organization_id', '=', 'm.organization_id').onRef('g.id', '=', 'm.group_id'),
    )
    .where(visibleTo(actor) as never)
    .select([
      'm.id',
      'm.first_name',
      'm.last_name',
      'm.email',
      'm.status',
      'm.organization_role',
      'g.name as group_name',
      'm.has_two_factor',
      'm.last_active_at',
      'm.invite',
      'm.invite_expires_at',
      'p.k0',
      'p.k1',
    ])
    .orderBy('p.k0', direction)
    .orderBy('p.k1', direction)
    .orderBy('m.id', direction)
}

type Keys = { organization: string; now: Date; k0: unknown; k1: unknown; id: string }
type Rows = Awaited<ReturnType<ReturnType<typeof rowsOf>['execute']>>
const compiled = new Map<string, (db: Db, keys: Keys) => Promise<Rows>>()

/** True for the whole list in some order: nothing searched or filtered, nobody out of reach. */
export const isWhole = (list: MemberList, actor: Actor): boolean =>
  !list.q && filterCount(list) === 0 && reach(actor, 'members.view') === 'organization'

/**
 * The whole list is asked for most, and its statement varies only by order and direction: each is compiled once and prepared.
 * Statements with filters are planned anew with their values, for which plan is right depends on them.
 */
function findRows(db: Db, actor: Actor, list: MemberList, now: Date): Promise<Rows> {
  if (!isWhole(list, actor)) return rowsOf(db, actor, list, now).execute()
  const step = list.after ? 'after' : list.before ? 'before' : null
  const shape = `${list.sort} ${list.descending} ${step}`
  let query = compiled.get(shape)
  if (!query) {
    query = compiledOnce((of: Db, keys: Keys) => {
      const position = { values: [keys.k0, keys.k1] as string[], id: keys.id, count: 0 }
      const organization = { ...actor.organization, id: keys.organization }
      return rowsOf(of, { ...actor, organization }, { ...list, ...(step && { [step]: position }) }, keys.now)
    })
    compiled.set(shape, query)
  }
  const position = step && list[step]
  return query(db, {
    organization: actor.organization.id,
    now,
    k0: position?.values[0],
    k1: position?.values[1],
    id: position?.id ?? '',
  })
}

/** One page of the table with everything that its rows show, in the order asked for. */
export async function memberPage(db: Db, actor: Actor, asked: MemberList, now: Date) {
  const list = withinReach(asked, actor)
  if (!list) return { rows: [], before: null, after: null }
  const found = await findRows(db, actor, list, now)

  const more = found.length > pageSize
  const rows = found.slice(0, pageSize)
  if (list.before) rows.reverse()
  const beforeCount = list.after ? list.after.count : list.before ? Math.max(0, list.before.count - rows.length) : 0
  const at = (row: (typeof rows)[number] | undefined, count: number): Position | null =>
    row ? { values: [keyText(row.k0), ...(isParted(list.sort) ? [keyText(row.k1)] : [])], id: row.id, count } : null
  const hasBefore = list.before ? more : list.after !== null
  const hasAfter = list.before ? true : more
  return {
    rows,
    first: beforeCount + 1,
    before: hasBefore ? at(rows[0], beforeCount) : null,
    after: hasAfter ? at(rows.at(-1), beforeCount + rows.length) : null,
  }
}
export type MemberPage = Awaited<ReturnType<typeof memberPage>>
export type MemberRow = MemberPage['rows'][number]

/** A sort value as it goes into an address and comes back as a parameter: never is the lowest time there is. */
const keyText = (value: unknown): string | boolean =>
  value === null ? '-infinity' : value instanceof Date ? value.toISOString() : (value as string | boolean)
