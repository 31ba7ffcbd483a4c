// What every sign-in, act and panel asks or writes. A function in SQL is planned each time that a statement uses it, which takes ten times as
// long as what it does; one in plpgsql keeps its plan. And rows that are written at each sign-in stay in their page, so that no index of
// theirs has to hear of it.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create or replace function places_of_account(account uuid) returns int language plpgsql stable as $$
    begin return (select count(*)::int from membership where account_id = account and removed_at is null); end $$`.execute(
    db,
  )
  await sql`create or replace function places_of_account_now(account uuid) returns int language plpgsql volatile as $$
    begin return (select count(*)::int from membership where account_id = account and removed_at is null); end $$`.execute(
    db,
  )
  await sql`alter table account set (fillfactor = 85)`.execute(db)
  await sql`alter table try_count set (fillfactor = 70)`.execute(db)
}
