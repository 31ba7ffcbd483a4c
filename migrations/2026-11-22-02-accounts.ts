// One person's identity on the installation, and the sessions that it is signed in with.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create table account (
    id uuid primary key,
    email text not null,
    email_key text collate "C" not null unique,
    email_verified_at timestamptz(3),
    username text,
    username_key text collate "C" unique,
    password_hash text,
    password_expires_at timestamptz(3),
    must_change_password boolean not null default false,
    totp_secret text,
    totp_last_step bigint not null default 0,
    two_factor_at timestamptz(3),
    failed_sign_ins int not null default 0,
    blocked_at timestamptz(3),
    reset_generation int not null default 0,
    reset_expires_at timestamptz(3),
    locale text not null default 'en-US',
    time_zone text not null default 'UTC',
    is_support boolean not null default false,
    created_at timestamptz(3) not null default now(),
    version int not null default 1,
    check ((username is null) = (username_key is null))
  )`.execute(db)

  await sql`create table session (
    id_hash bytea primary key,
    account_id uuid not null references account on delete cascade,
    stage text not null check (stage in ('password', 'full', 'new_password', 'enroll')),
    created_at timestamptz(3) not null,
    last_used_at timestamptz(3) not null,
    ip text not null default '',
    user_agent text not null default '',
    confirmed_at timestamptz(3)
  )`.execute(db)
  await sql`create index session_of_account on session (account_id, created_at)`.execute(db)

  // A browser that has signed in fully before keeps tries of its own, whatever strangers do to the account.
  await sql`create table known_device (
    id_hash bytea primary key,
    account_id uuid not null references account on delete cascade,
    created_at timestamptz(3) not null,
    expires_at timestamptz(3) not null
  )`.execute(db)
  await sql`create index known_device_of_account on known_device (account_id, expires_at)`.execute(db)
}
