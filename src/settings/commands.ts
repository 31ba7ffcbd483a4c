import { sql } from 'kysely'
import { dayOf } from '../platform/access/status.ts'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'

/**
 * Writes down how many seats every organization uses today, once a day and process-safe: the first count of a day stays. Only
 * where the statuses are those of today already; the others come with the next upkeep. A day without upkeep has no row, and
 * nobody makes one up later. One organization at a time, since counting a million people takes its moment; what fails with one is
 * thrown when all others are done.
 */
export async function countSeats(db: Db, now: Date): Promise<void> {
  const day = dayOf(now)
  const wide = crossing(db, 'the seats of every organization are counted once a day')
  const due = wide
    .selectFrom('organization as o')
    .leftJoin('seat_day as s', (on) => on.onRef('s.organization_id', '=', 'o.id').on('s.day', '=', day))
    .where('o.statuses_as_of', '=', day)
    .where('s.day', 'is', null)
    .select('o.id')
    .orderBy('o.id')
    .limit(100)
  let failure: unknown
  for (let page = await due.execute(); page.length > 0; ) {
    for (const { id } of page)
      await db
        .insertInto('seat_day')
        .columns(['organization_id', 'day', 'seats', 'counted_at'])
        .expression((eb) =>
          eb
            .selectFrom('membership as m')
            .where('m.organization_id', '=', id)
            .where('m.status', '=', 'active')
            .select((of) => [
              sql<string>`${id}::uuid`.as('organization_id'),
              sql<string>`${day}::date`.as('day'),
              of.cast<number>(of.fn.countAll(), 'integer').as('seats'),
              sql<Date>`${now}::timestamptz`.as('counted_at'),
            ]),
        )
        .onConflict((on) => on.columns(['organization_id', 'day']).doNothing())
        .execute()
        .catch((error: unknown) => {
          failure ??= error
        })
    page = await due.where('o.id', '>', page.at(-1)?.id ?? '').execute()
  }
  if (failure) throw failure
}
