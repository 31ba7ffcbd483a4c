// When somebody may get more, what was given to them ends (accounts/given.ts): in a group of 100,000 only who has such a thing is
// looked at.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create index account_given on account (id)
    where reset_expires_at is not null or new_email is not null or must_change_password`.execute(db)
}
