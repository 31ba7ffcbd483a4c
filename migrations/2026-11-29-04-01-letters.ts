// What letters to the person ask: whether one of a new browser was written just now, for somebody who presses Sign in twice; and whose
// membership ends soon, for the hourly run, which tells everybody once of each end date.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  // To somebody whose account a browser signed in to that it didn't know; not the same within a minute, nor the most in an hour. Volatile,
  // so that it sees what was written while the statement waited for the account. A part of it that inserts would be made ready for
  // every sign-in, with all indexes of the table.
  await sql`create function tell_of_device(whose uuid, newest bytea, letter uuid, what jsonb, at timestamptz, most int) returns boolean
    language plpgsql volatile as $$
    begin
      if (select count(*) from known_device where account_id = whose and id_hash <> newest and created_at > at - interval '1 hour') >= most
        or exists (select from account a join mail m on m.to_key = a.email_key where a.id = whose
          and m.created_at > at - interval '1 minute' and m.template = 'new_device' and m.data = what) then
        return false;
      end if;
      insert into mail (id, template, data, to_address, to_key, created_at)
        select letter, 'new_device', what, email, email_key, at from account where id = whose;
      return true;
    end $$`.execute(db)
  await sql`alter table membership add column told_ends_on date`.execute(db)
  await sql`create index membership_ending on membership (ends_on)
    where ends_on < 'infinity' and status in ('active', 'blocked')`.execute(db)
}
