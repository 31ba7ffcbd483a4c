// An offer of a membership, kept as long as the organization; what it offered stays as it was.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create table invitation (
    id uuid primary key,
    organization_id uuid not null references organization on delete cascade,
    membership_id uuid not null,
    email text not null,
    email_key text collate "C" not null,
    first_name text not null default '',
    last_name text not null default '',
    organization_role text collate "C" not null
      check (organization_role in ('admin', 'viewer', 'developer', 'member')),
    offer jsonb not null default '{}',
    message text not null default '',
    status text collate "C" not null
      check (status in ('pending_approval', 'pending_activation', 'active', 'rejected', 'revoked', 'expired')),
    approval text collate "C" not null default 'not_needed'
      check (approval in ('not_needed', 'waiting', 'approved', 'denied')),
    decided_by uuid,
    decided_at timestamptz(3),
    reason text not null default '',
    generation int not null default 1,
    expires_at timestamptz(3),
    invited_by uuid,
    last_sent_at timestamptz(3),
    created_at timestamptz(3) not null,
    version int not null default 1,
    unique (organization_id, id),
    foreign key (organization_id, membership_id) references membership (organization_id, id) on delete cascade,
    foreign key (organization_id, invited_by) references membership (organization_id, id) on delete set null (invited_by),
    foreign key (organization_id, decided_by) references membership (organization_id, id) on delete set null (decided_by)
  )`.execute(db)
  await sql`create unique index invitation_one_open on invitation (organization_id, email_key)
    where status in ('pending_approval', 'pending_activation')`.execute(db)
  await sql`create index invitation_of_membership on invitation (organization_id, membership_id, created_at)`.execute(
    db,
  )
  await sql`create index invitation_by_inviter on invitation (organization_id, invited_by)`.execute(db)
}
