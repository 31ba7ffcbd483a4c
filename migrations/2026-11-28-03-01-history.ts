// How the invitation history is sorted, filtered and searched at 1,000,000 rows: one index a sort, and one a filter in the order
// of invited on. `invitation_by_expires` stands by the very expression that the queries write (src/invitations/conditions.ts).
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  const sorts = { by_invited: 'created_at', by_first: 'sort_first', by_email: 'email_key', by_sender: 'sort_sender' }
  for (const [name, column] of Object.entries(sorts))
    await sql`create index ${sql.ref(`invitation_${name}`)} on invitation (organization_id, ${sql.ref(column)}, id)`.execute(
      db,
    )
  await sql`create index invitation_by_expires on invitation
    (organization_id, (coalesce(expires_at, 'infinity'::timestamptz)), id)`.execute(db)
  await sql`create index invitation_by_group on invitation (organization_id, group_id, created_at, id)`.execute(db)
  // Any of the three, filtered or sorted by, is some of its stretches, each in the order of invited on.
  await sql`create index invitation_by_state on invitation
    (organization_id, status, approval, organization_role, created_at, id)`.execute(db)
  await sql`create index invitation_by_custom_role on invitation using gin (organization_id, role_ids)
    where role_ids <> '{}'`.execute(db)
  await sql`create index invitation_by_search on invitation using gin (organization_id, search gin_trgm_ops)`.execute(
    db,
  )
  // What needs attention because its mail was refused or came back.
  await sql`create index mail_undelivered on mail (organization_id, invitation_id)
    where state in ('failed', 'bounced') and invitation_id is not null`.execute(db)
}
