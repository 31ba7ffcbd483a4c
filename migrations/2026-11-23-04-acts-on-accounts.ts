// What an act on an account must see as it is after the account's row was waited for, and not as it was when its statement began:
// a volatile function looks anew. So such an act is one statement and still misses no sign-in and no membership that came between.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create function places_of_account_now(account uuid) returns int language sql volatile as $$
    select count(*)::int from membership where account_id = account and removed_at is null $$`.execute(db)
  await sql`create function end_sessions_of_account(account uuid) returns int language sql volatile as $$
    with ended as (delete from session where account_id = account returning 1)
    select count(*)::int from ended $$`.execute(db)
}
