// One's own change of email, beside the one that an organization asks for; and the way back from either: for seven days the address
// that an account had can take it again. A row for each change, by the generation that the account had after it.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table account add column new_email_own boolean not null default false`.execute(db)
  await sql`create table former_email (
    account_id uuid not null references account on delete cascade,
    generation int not null,
    email text not null,
    email_key text collate "C" not null,
    ends_at timestamptz(3) not null,
    primary key (account_id, generation)
  )`.execute(db)

  // As it is after an act waited for the account (2026-11-23-04): whether its places are those that copies were made for, and whether
  // the group of its only one locks a field. An Admin may change the lock; support staff's account is the operator's.
  await sql`create function places_seen_of_account_now(account uuid) returns text language sql volatile as $$
    select coalesce(string_agg(id || '.' || version, ' ' order by id), '') from membership
    where account_id = account and removed_at is null $$`.execute(db)
  await sql`create function access_version_now(place uuid) returns int language sql volatile as $$
    select access_version from organization where id = place $$`.execute(db)
  await sql`create function is_locked_for_account_now(whose uuid, which text) returns boolean language sql volatile as $$
    select places_of_account_now(whose) = 1 and exists (
      select from account a join membership m on m.account_id = a.id and m.removed_at is null
      join group_locked_field l on l.organization_id = m.organization_id and l.group_id = m.group_id
      where a.id = whose and not a.is_support and m.organization_role <> 'admin' and l.field = which) $$`.execute(db)
}
