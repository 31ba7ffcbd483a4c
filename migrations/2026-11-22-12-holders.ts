// Who can do this? Direct holders of a permission, and the few who manage a group, are found without reading everybody.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create index membership_permission_holders on membership_permission (organization_id, permission, membership_id)`.execute(
    db,
  )
  await sql`create index membership_group_managers on membership (organization_id, id) where manages_group`.execute(db)
}
