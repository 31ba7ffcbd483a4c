// An address that an account can still take back is kept for it: until then nobody who hasn't shown that its mail is theirs gets an
// account with it, or whoever took the account over would end the way back by that.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create index former_email_key on former_email (email_key)`.execute(db)
  // Volatile, so that it sees what came while a statement waited. Without a time: what is over is cleared away every hour.
  await sql`create function is_kept_for_other(address text, whose uuid) returns boolean language sql volatile as $$
    select exists (select from former_email where email_key = address and account_id is distinct from whose) $$`.execute(
    db,
  )
}
