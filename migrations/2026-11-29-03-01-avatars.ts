// People's pictures, in the sizes that are shown, in the database: so a dump holds them, every process has them, and nothing is left
// over. `name` is drawn at random for each picture and stands in the membership too, so that no screen asks for it separately.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table membership add column avatar text collate "C"`.execute(db)
  await sql`create table avatar (
    organization_id uuid not null,
    name text collate "C" not null,
    membership_id uuid not null,
    px_64 bytea not null,
    px_96 bytea not null,
    px_192 bytea not null,
    px_512 bytea not null check (octet_length(px_512) <= 65536),
    created_at timestamptz(3) not null,
    primary key (organization_id, name),
    unique (organization_id, membership_id),
    foreign key (organization_id, membership_id) references membership (organization_id, id) on delete cascade
  )`.execute(db)
  // They are compressed already.
  await sql`alter table avatar alter px_64 set storage external, alter px_96 set storage external,
    alter px_192 set storage external, alter px_512 set storage external`.execute(db)
}
