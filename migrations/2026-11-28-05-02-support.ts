// Support staff look through the invitations of all organizations that are open to them at once, newest first or by a search.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create index invitation_everywhere on invitation (created_at, id)`.execute(db)
  await sql`create index invitation_search_everywhere on invitation using gin (search gin_trgm_ops)`.execute(db)
  await sql`create index invitation_to_address on invitation (email_key, created_at)`.execute(db)
}
