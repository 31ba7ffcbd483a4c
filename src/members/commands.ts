import type { Db } from '../platform/database/connect.ts'
import { currentStatus, dayOf } from './status.ts'

/**
 * A start or end date changes a status by itself, at midnight UTC. The first request of a day to an organization brings the
 * stored statuses of its members with dates up to date, so that filter, sort and count can use an index and yet agree
 * with the calendar. Without a new day it does nothing. `asOf` is YYYY-MM-DD or -infinity.
 */
export async function keepStatusesCurrent(
  db: Db,
  organizationId: string,
  asOf: string | null,
  now: Date,
): Promise<void> {
  const today = dayOf(now)
  if (asOf === today) return
  await db.transaction().execute(async (trx) => {
    await trx
      .updateTable('membership')
      .set({ status: currentStatus(today, false) })
      .where('organization_id', '=', organizationId)
      .where('status', 'in', ['active', 'ended', 'not_started'])
      .where((eb) => eb.or([eb('starts_on', '>', '-infinity'), eb('ends_on', '<', 'infinity')]))
      .where('status', '<>', currentStatus(today, false))
      .execute()
    await trx.updateTable('organization').set({ statuses_as_of: today }).where('id', '=', organizationId).execute()
  })
}
