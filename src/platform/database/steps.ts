import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely'
import { atMost } from './compiled-once.ts'
import type { Db } from './connect.ts'

/** A row of a page: its id, and the one or two values that the list is sorted by. */
export type Found = { id: string; k0: string; k1: string }
export type Condition = RawBuilder<SqlBool>

export const all = (found: Iterable<Condition>): Condition => {
  const list = [...found]
  return list.length > 0 ? sql`${sql.join(list, sql` and `)}` : sql`true`
}

export const asTable = <T, A extends string>(_: unknown, query: Expression<T>, alias: A) =>
  sql<T>`(${query})`.as<A>(alias)

/** The walk, and only where it doesn't fill the page everything gathered and sorted. Both give the same rows in the same order. */
export function steps(
  db: Db,
  walk: Expression<Found>,
  rest: Iterable<Condition>,
  gathered: Expression<Found>,
  direction: 'asc' | 'desc',
  limit: number,
) {
  return db
    .with(
      (cte) => cte('a').materialized(),
      (q) =>
        q
          .selectFrom((eb) => asTable(eb, walk, 'w'))
          .where(all(rest))
          .select(['w.id', 'w.k0', 'w.k1'])
          .limit(atMost(limit)),
    )
    .with(
      (cte) => cte('b').materialized(),
      (q) =>
        q
          .selectFrom((eb) => asTable(eb, gathered, 'f'))
          .where(sql<SqlBool>`(select count(*) from a) < ${limit}`)
          .select(['f.id', 'f.k0', 'f.k1'])
          .orderBy('f.k0', direction)
          .orderBy('f.k1', direction)
          .orderBy('f.id', direction)
          .limit(atMost(limit)),
    )
    .selectFrom('a')
    .where(sql<SqlBool>`(select count(*) from a) >= ${limit}`)
    .select(['a.id', 'a.k0', 'a.k1'])
    .unionAll((eb) => eb.selectFrom('b').select(['b.id', 'b.k0', 'b.k1']))
}
