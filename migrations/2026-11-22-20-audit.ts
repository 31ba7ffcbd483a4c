// The audit log is read by act too, newest first.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create index event_by_act on event (organization_id, act, at, id)`.execute(db)
}
