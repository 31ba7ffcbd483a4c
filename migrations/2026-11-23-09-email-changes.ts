// A change of email that waits for the new address to confirm it. One at a time for an account; it hangs on the organization that
// asked for it, which must still manage the account, and on the account's version: a new password ends it.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table account
    add column new_email text,
    add column new_email_key text collate "C",
    add column new_email_by uuid references organization on delete set null,
    add column new_email_version int not null default 0,
    add column new_email_expires_at timestamptz(3),
    add column email_generation int not null default 0,
    add check ((new_email is null) = (new_email_key is null)),
    add check ((new_email is null) = (new_email_expires_at is null))`.execute(db)
  // For the link to the organization alone.
  await sql`create index account_with_new_email on account (new_email_by) where new_email_by is not null`.execute(db)
}
