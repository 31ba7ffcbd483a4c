// The tenant. Its settings are columns with their bounds, so that no screen can store what the rules forbid.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create table organization (
    id uuid primary key,
    name text not null,
    slug text collate "C" not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 60),
    logo text,
    industry text not null default '',
    contact_email text not null default '',
    contact_phone text not null default '',
    address text not null default '',
    session_idle_minutes int not null default 60 check (session_idle_minutes between 15 and 60),
    session_hours int not null default 24 check (session_hours between 4 and 24),
    invitation_days int not null default 7 check (invitation_days between 1 and 60),
    invitation_approval text not null default 'never' check (invitation_approval in ('never', 'unless_admin', 'always')),
    statuses_as_of date not null default '-infinity',
    created_at timestamptz(3) not null default now(),
    version int not null default 1
  )`.execute(db)
}
