// What letters to the person ask: whether one of a new browser was written just now, for somebody who presses Sign in twice; and whose
// membership ends soon, for the hourly run, which tells everybody once of each end date.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  // Volatile, so that it sees what was written while the statement waited for the account.
  await sql`create function told_of_device(address text, what jsonb, since timestamptz) returns boolean
    language plpgsql volatile as $$
    begin
      return exists (select from mail where to_key = address and created_at > since and template = 'new_device' and data = what);
    end $$`.execute(db)
  await sql`alter table membership add column told_ends_on date`.execute(db)
  await sql`create index membership_ending on membership (ends_on)
    where ends_on < 'infinity' and status in ('active', 'blocked')`.execute(db)
}
