// A day that is moved again and again has one letter of each kind to a person a day. Of what was written before nobody knows the day.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table two_factor_notice add column written_on date`.execute(db)
  await sql`create unique index two_factor_notice_once_a_day
    on two_factor_notice (organization_id, membership_id, days_before, written_on)`.execute(db)
}
