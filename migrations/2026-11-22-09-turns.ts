// Acts on access happen one after another: each takes a turn by raising its organization's access_version, and loses it when
// another act came first. The trigger has the last word: no transaction leaves an organization that had an Admin without one.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table organization add column access_version int not null default 1`.execute(db)

  // It asks again at the end of the transaction, alone for the organization: of two that each remove one of the last two Admins,
  // the second sees what the first did.
  await sql`create function keep_an_admin() returns trigger language plpgsql as $$
    begin
      if not exists (select from organization where id = old.organization_id) then
        return null;
      end if;
      perform pg_advisory_xact_lock(hashtextextended(old.organization_id::text, 1));
      if not exists (select from membership where organization_id = old.organization_id and organization_role = 'admin'
        and status = 'active' and ends_on = 'infinity') then
        raise exception 'an organization always has an Admin' using errcode = 'restrict_violation', constraint = 'keep_an_admin';
      end if;
      return null;
    end $$`.execute(db)
  await sql`create constraint trigger keep_an_admin_changed after update on membership
    deferrable initially deferred for each row
    when (old.organization_role = 'admin' and old.status = 'active' and old.ends_on = 'infinity'
      and not (new.organization_role = 'admin' and new.status = 'active' and new.ends_on = 'infinity'))
    execute function keep_an_admin()`.execute(db)
  await sql`create constraint trigger keep_an_admin_deleted after delete on membership
    deferrable initially deferred for each row
    when (old.organization_role = 'admin' and old.status = 'active' and old.ends_on = 'infinity')
    execute function keep_an_admin()`.execute(db)
}
