// What somebody typed in the steps of Add user and hasn't confirmed: it is theirs alone, holds no password, and is cleared away after
// a day. Its id comes from the key of the form that began it, so that what is sent again finds it, and what it made.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create table draft (
    organization_id uuid not null references organization on delete cascade,
    id uuid not null,
    account_id uuid not null references account on delete cascade,
    kind text collate "C" not null check (kind in ('add')),
    data jsonb not null default '{}',
    version int not null default 1,
    created_at timestamptz(3) not null,
    result uuid,
    done_at timestamptz(3),
    primary key (organization_id, id),
    foreign key (organization_id, result) references membership (organization_id, id) on delete cascade,
    check ((result is null) = (done_at is null))
  )`.execute(db)
  await sql`create index draft_by_age on draft (created_at)`.execute(db)
  await sql`create index draft_of_account on draft (account_id)`.execute(db)
  await sql`create index draft_by_result on draft (organization_id, result) where result is not null`.execute(db)
}
