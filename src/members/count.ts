import { type SqlBool, sql } from 'kysely'
import type { Actor } from '../platform/access/actor.ts'
import { atMost } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import { all, asTable, type Condition, type Found } from '../platform/database/steps.ts'
import { conditions, filtered, narrowest } from './conditions.ts'
import type { MemberList } from './list-state.ts'

/** How many match, counted to the cap and over a bounded number of rows; `exact` is false for "more than". */
export function countOf(db: Db, actor: Actor, list: MemberList, now: Date) {
  const cap = 10_001
  const narrow = narrowest(list)
  const rest = conditions(db, actor, list, now, 'w')
  if (narrow) rest.delete(narrow.filter)
  const plain = rest.size === 0
  const columns = plain ? [] : filtered.map((name) => `m.${name}` as const)
  const base = (place: Condition) =>
    db
      .selectFrom('membership as m')
      .where('m.organization_id', '=', actor.organization.id)
      .where(place)
      .where(narrow?.where ?? sql<SqlBool>`true`)
      .select(['m.id', ...columns])
      .limit(atMost(cap))
  // Asked for apart, since hardly an index holds both.
  const [present, gone] = [base(sql`m.status <> 'removed'`), base(sql`m.status = 'removed'`)]
  const everyone = !list.status.includes('removed')
    ? sql`${present}`
    : list.status.length === 1
      ? sql`${gone}`
      : sql`(${present}) union all (${gone}) limit ${atMost(cap)}`
  const looked = db
    .selectFrom(sql<Found>`(${everyone})`.as('w'))
    .select(sql<boolean>`(${plain ? sql`true` : all(rest.values())})`.as('fits'))
  return db
    .selectFrom((eb) => asTable(eb, looked as never, 'l'))
    .select([
      sql<number>`(count(*) filter (where l.fits))::int`.as('found'),
      sql<boolean>`count(*) < ${cap}`.as('exact'),
    ])
}
