// What has been written and what has happened. Mail rows are made in the transaction that causes them; events are never changed.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create table mail (
    id uuid primary key,
    organization_id uuid references organization on delete cascade,
    template text collate "C" not null,
    data jsonb not null default '{}',
    to_address text not null,
    state text collate "C" not null default 'waiting' check (state in ('waiting', 'sent', 'failed', 'bounced')),
    attempts int not null default 0,
    answer text not null default '',
    message_id text not null default '',
    created_at timestamptz(3) not null,
    sent_at timestamptz(3),
    unique (organization_id, id)
  )`.execute(db)
  await sql`create index mail_waiting on mail (created_at) where state = 'waiting'`.execute(db)

  // No foreign keys: the log outlives the organizations and accounts that it tells of.
  await sql`create table event (
    id uuid primary key,
    organization_id uuid,
    at timestamptz(3) not null,
    actor_id uuid,
    how text collate "C" not null check (how in ('screen', 'api', 'support', 'operator', 'system')),
    act text collate "C" not null,
    subject text collate "C" not null default '',
    subject_id uuid,
    changes jsonb not null default '{}',
    request_id text not null default '',
    ip text not null default ''
  )`.execute(db)
  await sql`create index event_of_organization on event (organization_id, at, id)`.execute(db)
  await sql`create index event_about on event (subject_id, at, id)`.execute(db)
  await sql`create index event_by on event (actor_id, at, id)`.execute(db)
  await sql`create function refuse_change_of_event() returns trigger language plpgsql as $$
    begin
      raise exception 'events are never changed or deleted' using errcode = 'restrict_violation';
    end $$`.execute(db)
  await sql`create trigger append_only before update or delete or truncate on event
    for each statement execute function refuse_change_of_event()`.execute(db)
}
