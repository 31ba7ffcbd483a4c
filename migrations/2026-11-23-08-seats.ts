// Seats by day: how many were Active cannot be told afterwards.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create table seat_day (
    organization_id uuid not null references organization on delete cascade,
    day date not null,
    seats int not null check (seats >= 0),
    counted_at timestamptz(3) not null,
    primary key (organization_id, day)
  )`.execute(db)
}
