import { type Expression, type QueryCreator, sql } from 'kysely'
import { currentStatus, dayOf } from '../platform/access/status.ts'
import { atMost } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'
import { asPart, partOf } from '../platform/database/part.ts'
import type { DB } from '../platform/database/schema.ts'

/** So many statuses change in one statement, which must end before the page of whoever comes first on a new day is given up. */
export const statusesAtOnce = 200

type NewDay = DB & { stale: { id: string }; marked: { id: string } }

/**
 * A start or end date changes a status by itself, at midnight UTC. These parts of one statement bring the stored statuses of an
 * organization's members with dates up to date, so that filter, sort and count can use an index and yet agree with the
 * calendar. At most `statusesAtOnce` of them: the organization is marked as of today when none is left. Without a new day
 * they do nothing. Its row is taken first, so that of several who come at once one does it and the others wait for that.
 */
export function newDay(organization: string | Expression<string>, today: string) {
  // Constants as text: a statement that is prepared couldn't use the index on those with dates otherwise.
  const dated = sql<boolean>`status in ('active', 'ended', 'not_started') and (starts_on > '-infinity' or ends_on < 'infinity')`
  const status = currentStatus(today, false)
  return {
    stale: (q: unknown) =>
      partOf(q)
        .selectFrom('membership as m')
        .innerJoin('organization as o', 'o.id', 'm.organization_id')
        .where('m.organization_id', '=', organization)
        .where('o.statuses_as_of', '<', sql<string>`${today}::date`)
        .where(dated)
        .where('m.status', '<>', status)
        .select('m.id')
        .limit(atMost(statusesAtOnce)),
    marked: (q: unknown) =>
      asPart(
        partOf(q)
          .updateTable('organization')
          .set({
            statuses_as_of: sql`case when (select count(*) from stale) < ${statusesAtOnce}::int then ${today}::date
            else statuses_as_of end`,
          })
          .where('id', '=', organization)
          .where('statuses_as_of', '<', sql<string>`${today}::date`)
          .returning(['id', 'statuses_as_of']),
      ),
    kept: (q: unknown) =>
      asPart(
        (q as QueryCreator<NewDay>)
          .updateTable('membership')
          .set({ status })
          .where('organization_id', '=', organization)
          .where(({ exists, selectFrom }) => exists(selectFrom('marked').select('marked.id')))
          .where('id', 'in', (eb) => eb.selectFrom('stale').select('stale.id'))
          .where(dated)
          .where('status', '<>', status)
          .returning('id'),
      ),
  }
}

/** Brings the statuses of one organization up to date, and gives whether all of them are. */
async function keepStatusesCurrent(db: Db, organizationId: string, now: Date): Promise<boolean> {
  const today = dayOf(now)
  const { stale, marked, kept } = newDay(organizationId, today)
  const row = await db
    .with('stale', stale)
    .with('marked', marked)
    .with('kept', kept)
    .selectFrom('marked')
    .select('statuses_as_of')
    .executeTakeFirst()
  return row === undefined || row.statuses_as_of === today
}

/**
 * The same for every organization, so that hardly anybody's first screen of a day has to: after midnight UTC, in the background.
 * One organization at a time, as each that is open to people must stay so; what fails with one is thrown when all others are done.
 */
export async function keepAllStatusesCurrent(db: Db, now: Date): Promise<void> {
  const due = crossing(db, 'a new day begins for every organization')
    .selectFrom('organization')
    .select('id')
    .where('statuses_as_of', '<', dayOf(now))
    .orderBy('id')
    .limit(100)
  let failure: unknown
  for (let page = await due.execute(); page.length > 0; ) {
    for (const { id } of page)
      try {
        while (!(await keepStatusesCurrent(db, id, now)));
      } catch (error) {
        failure ??= error
      }
    page = await due.where('id', '>', page.at(-1)?.id ?? '').execute()
  }
  if (failure) throw failure
}
