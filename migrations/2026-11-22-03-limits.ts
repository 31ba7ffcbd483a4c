// Counters of tries: in the database, so that every process and every machine counts the same ones.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create table try_count (
    key bytea primary key,
    count int not null,
    counted_from timestamptz(3) not null,
    last_at timestamptz(3) not null,
    waits_until timestamptz(3) not null default '-infinity'
  )`.execute(db)
  await sql`create index try_count_last on try_count (last_at)`.execute(db)
}
