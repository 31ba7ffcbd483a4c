import type { Db } from '../platform/database/connect.ts'

/**
 * Whom to ask: Active Admins of the organization, the longest there first, at most ten. No actor: it is shown to those who were
 * refused. By the dates themselves: a stored status may be of yesterday, since who is refused brings none up to date.
 */
export const whomToAsk = (db: Db, organizationId: string, now: Date) => {
  const today = now.toISOString().slice(0, 10)
  return db
    .selectFrom('membership')
    .select(['first_name', 'last_name', 'email'])
    .where('organization_id', '=', organizationId)
    .where('status', 'in', ['active', 'ended', 'not_started'])
    .where('starts_on', '<=', today)
    .where('ends_on', '>=', today)
    .where('organization_role', '=', 'admin')
    .orderBy('id')
    .limit(10)
    .execute()
}
