import type { Db } from '../platform/database/connect.ts'

/** Whom to ask: Active Admins of the organization, the longest there first, at most ten. No actor: it is shown to those who were refused. */
export const whomToAsk = (db: Db, organizationId: string) =>
  db
    .selectFrom('membership')
    .select(['first_name', 'last_name', 'email'])
    .where('organization_id', '=', organizationId)
    .where('status', '=', 'active')
    .where('organization_role', '=', 'admin')
    .orderBy('id')
    .limit(10)
    .execute()
