// The history at 1,000,000 rows, measured: what a filter asks of a row stands in the index that a page walks along, so that what
// isn't shown is passed over without looking into the table, which takes five times as long. Custom roles, which may be too many
// for an entry of an index, have small indexes of those rows alone. Of letters that came back only the last two months matter.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  // By its end in the very words that the queries write (src/invitations/conditions.ts).
  const end = sql`(coalesce(expires_at, 'infinity'::timestamptz))`
  const along = {
    invited: sql`created_at, id) include (status, approval, organization_role, expires_at)`,
    first: sql`sort_first, id) include (status, approval, organization_role, created_at, expires_at)`,
    email: sql`email_key, id) include (status, approval, organization_role, created_at, expires_at)`,
    sender: sql`sort_sender, id) include (status, approval, organization_role, created_at, expires_at)`,
    expires: sql`${end}, id) include (status, approval, organization_role, created_at, expires_at)`,
    state: sql`status, approval, organization_role, created_at, id) include (expires_at)`,
  }
  for (const [name, columns] of Object.entries(along)) {
    const index = sql.ref(`invitation_by_${name}`)
    await sql`drop index ${index}`.execute(db)
    await sql`create index ${index} on invitation (organization_id, ${columns}`.execute(db)
  }
  await sql`create index invitation_with_custom_role on invitation (organization_id, created_at, id)
    where role_ids <> '{}'`.execute(db)
  await sql`create index invitation_with_custom_role_by_state on invitation
    (organization_id, status, approval, organization_role, created_at, id) where role_ids <> '{}'`.execute(db)
  await sql`drop index mail_undelivered`.execute(db)
  await sql`create index mail_undelivered on mail (organization_id, created_at, invitation_id)
    where state in ('failed', 'bounced') and invitation_id is not null`.execute(db)
}
