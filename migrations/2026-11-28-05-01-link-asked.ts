// When a new link was last asked for by whoever holds an old one: the organization is told at most once a day.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table invitation add column link_asked_at timestamptz(3)`.execute(db)
}
