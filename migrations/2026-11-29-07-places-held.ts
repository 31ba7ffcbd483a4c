// Whoever changes an account's email or username writes what the table searches by into its places, from the names that it read there.
// An edit of those names takes no turn: it came between the look and the writing, and was lost in the search. So a place that was looked
// at is held to the end.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create or replace function places_seen_of_account_now(account uuid) returns text language sql volatile as $$
    select coalesce(string_agg(id || '.' || version, ' ' order by id), '') from (
      select id, version from membership where account_id = account and removed_at is null order by id for no key update) held $$`.execute(
    db,
  )
}
