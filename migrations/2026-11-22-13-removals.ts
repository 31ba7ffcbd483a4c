// Who removed somebody, and why, for as long as they are removed. With the last membership every session ends, whatever removes it:
// at the end of the transaction, so that of two organizations that let somebody go at once the second sees what the first did,
// and after the account's row, which a sign-in on its way holds.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table membership
    add column removed_reason text not null default '' check (char_length(removed_reason) <= 200),
    add column removed_by uuid,
    add foreign key (organization_id, removed_by) references membership (organization_id, id)
      on delete set null (removed_by),
    add check (removed_at is not null or (removed_reason = '' and removed_by is null))`.execute(db)
  await sql`create index membership_by_remover on membership (organization_id, removed_by)
    where removed_by is not null`.execute(db)

  await sql`create function end_sessions_without_place() returns trigger language plpgsql as $$
    begin
      perform from account where id = new.account_id for no key update;
      if places_of_account(new.account_id) = 0 then
        delete from session where account_id = new.account_id;
      end if;
      return null;
    end $$`.execute(db)
  await sql`create constraint trigger end_sessions_without_place after update on membership
    deferrable initially deferred for each row
    when (old.removed_at is null and new.removed_at is not null and new.account_id is not null)
    execute function end_sessions_without_place()`.execute(db)

  // How many sessions of an account still open something, by the strictest of its organizations (sessions/current.ts).
  await sql`create function open_sessions_of_account(account uuid, at timestamptz) returns int language sql stable as $$
    select count(*)::int
    from session s, (select coalesce(min(o.session_idle_minutes), 60) as idle, coalesce(min(o.session_hours), 24) as hours
      from membership m join organization o on o.id = m.organization_id
      where m.account_id = account and m.removed_at is null) strictest
    where s.account_id = account
      and s.last_used_at > at - make_interval(mins => case s.stage when 'password' then 10 else strictest.idle end)
      and s.created_at > at - case s.stage when 'password' then interval '10 minutes'
        else make_interval(hours => strictest.hours) end $$`.execute(db)
}
