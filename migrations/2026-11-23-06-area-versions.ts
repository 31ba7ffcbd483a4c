// Regions and areas are edited on screens now: of two who rename one, the second is told.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table region add column version int not null default 1`.execute(db)
  await sql`alter table area add column version int not null default 1`.execute(db)
}
