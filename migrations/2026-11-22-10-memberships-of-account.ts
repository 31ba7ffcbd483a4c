// Whether an organization manages an account depends on memberships elsewhere. Only their number crosses, by this function alone.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create function places_of_account(account uuid) returns int language sql stable as $$
    select count(*)::int from membership where account_id = account and removed_at is null $$`.execute(db)
}
