// The second step of signing in: an enrollment that isn't over, backup codes, wrong guesses in a row, and who must enroll. What an act
// on an account must do in all its organizations is a volatile function, which looks anew after it waited (2026-11-23-04).
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table account
    add column failed_second_steps int not null default 0,
    add column must_enroll boolean not null default false,
    add column backup_salt bytea,
    add column backup_made_at timestamptz(3)`.execute(db)
  await sql`alter table session add column guesses int not null default 0`.execute(db)

  // One salt for a set, so that a try costs one hash whatever the number of codes.
  await sql`create table backup_code (
    account_id uuid not null references account on delete cascade,
    code_hash bytea not null,
    used_at timestamptz(3),
    primary key (account_id, code_hash)
  )`.execute(db)

  // One for an account: whoever begins again has a new secret. Nothing of it is in force before it is over.
  await sql`create table enrollment (
    account_id uuid primary key references account on delete cascade,
    id uuid not null,
    kind text not null check (kind in ('on', 'replace', 'codes')),
    secret text,
    confirmed_step bigint,
    code_seed text,
    created_at timestamptz(3) not null,
    check ((secret is null) = (kind = 'codes'))
  )`.execute(db)

  // Organizations before accounts, in the order of their ids (data-model.md); each takes a turn, as in lockOrganizations.
  await sql`create function take_turns_of_account(whose uuid) returns int language plpgsql volatile as $$
    declare
      place uuid;
      places int := 0;
    begin
      for place in select organization_id from membership where account_id = whose order by organization_id loop
        perform pg_advisory_xact_lock(hashtextextended(place::text, 0));
        update organization set access_version = access_version + 1 where id = place;
        places := places + 1;
      end loop;
      return places;
    end $$`.execute(db)
  await sql`create function copy_two_factor(whose uuid, two_factor boolean) returns int language sql volatile as $$
    with copied as (update membership set has_two_factor = two_factor
      where account_id = whose and has_two_factor <> two_factor returning 1)
    select count(*)::int from copied $$`.execute(db)
  // Of the session that goes on only the id is new.
  await sql`create function keep_one_session(whose uuid, kept bytea, renewed bytea) returns int language sql volatile as $$
    with ended as (delete from session where account_id = whose and id_hash <> kept returning 1),
      gone_on as (update session set id_hash = renewed where account_id = whose and id_hash = kept returning 1)
    select (select count(*) from ended)::int + 0 * (select count(*) from gone_on)::int $$`.execute(db)
  // Beyond ten of an account the oldest end; never the one that has just begun.
  // In plpgsql, which keeps its plan: it is a part of every sign-in.
  await sql`create function end_surplus_sessions(whose uuid, newest bytea, most int) returns int language plpgsql volatile as $$
    declare ended int;
    begin
      delete from session where account_id = whose and id_hash in (
        select id_hash from session where account_id = whose and id_hash <> newest
        order by created_at desc, last_used_at desc, id_hash offset most - 1);
      get diagnostics ended = row_count;
      return ended;
    end $$`.execute(db)
}
