// Somebody's place in one organization. What the table of members sorts, filters and searches by stands in the row itself:
// joined from account instead, a page of 1,000,000 people takes seconds. role_ids repeats membership_role, for the filter by
// custom role; whoever writes the one writes the other.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create table membership (
    id uuid primary key,
    organization_id uuid not null references organization on delete cascade,
    account_id uuid references account,
    email text not null,
    first_name text not null default '',
    last_name text not null default '',
    title text not null default '',
    cell_phone text not null default '',
    office_phone text not null default '',
    extension text not null default '',
    organization_role text collate "C" not null default 'member'
      check (organization_role in ('admin', 'viewer', 'developer', 'member')),
    group_id uuid not null,
    manages_group boolean not null default false,
    region_id uuid,
    area_id uuid,
    suspended_at timestamptz(3),
    starts_on date not null default '-infinity',
    ends_on date not null default 'infinity',
    removed_at timestamptz(3),
    last_active_at timestamptz(3) not null default '-infinity',
    created_at timestamptz(3) not null default now(),
    version int not null default 1,
    sort_name text collate "C" not null default '',
    sort_first text collate "C" not null default '',
    search text not null default '',
    email_key text collate "C" not null,
    username_key text collate "C" not null default '',
    status text collate "C" not null
      check (status in ('active', 'invited', 'blocked', 'suspended', 'ended', 'not_started', 'removed')),
    has_two_factor boolean not null default false,
    role_ids uuid[] not null default '{}',
    invite text collate "C" not null default ''
      check (invite in ('', 'pending_approval', 'pending_activation', 'active', 'rejected', 'expired', 'revoked')),
    invite_expires_at timestamptz(3),
    unique (organization_id, id),
    foreign key (organization_id, group_id) references member_group (organization_id, id),
    foreign key (organization_id, region_id) references region (organization_id, id)
      on delete set null (region_id),
    foreign key (organization_id, region_id, area_id) references area (organization_id, region_id, id)
      on delete set null (area_id),
    check (area_id is null or region_id is not null),
    check (starts_on <= ends_on),
    check (not (manages_group and organization_role = 'admin')),
    check ((status = 'removed') = (removed_at is not null)),
    check (account_id is not null or status in ('invited', 'removed')),
    check (status <> 'invited' or (account_id is null and not has_two_factor))
  )`.execute(db)

  await sql`create unique index membership_one_per_account on membership (organization_id, account_id)
    where removed_at is null`.execute(db)
  await sql`create unique index membership_one_per_email on membership (organization_id, email_key)
    where removed_at is null`.execute(db)
  await sql`create index membership_of_account on membership (account_id)`.execute(db)

  // One index a sortable column, ending in the name and the id, serves its filter and its sort in both directions. People
  // removed pile up over the years and are hidden: they stand in the index by status alone.
  await sql`create index membership_by_name on membership (organization_id, sort_name, id) include (search)
    where status <> 'removed'`.execute(db)
  await sql`create index membership_by_first on membership (organization_id, sort_first, id)
    where status <> 'removed'`.execute(db)
  await sql`create index membership_by_email on membership (organization_id, email_key, id)
    where status <> 'removed'`.execute(db)
  await sql`create index membership_by_status on membership (organization_id, status, sort_name, id)`.execute(db)
  await sql`create index membership_by_role on membership (organization_id, organization_role, sort_name, id)
    where status <> 'removed'`.execute(db)
  await sql`create index membership_by_group on membership (organization_id, group_id, sort_name, id)
    where status <> 'removed'`.execute(db)
  await sql`create index membership_by_two_factor on membership (organization_id, has_two_factor, sort_name, id)
    where status <> 'removed'`.execute(db)
  await sql`create index membership_by_last_active on membership (organization_id, last_active_at, id)
    where status <> 'removed'`.execute(db)
  await sql`create index membership_by_invite on membership (organization_id, invite, sort_name, id)
    where status <> 'removed'`.execute(db)
  await sql`create index membership_by_region on membership (organization_id, region_id, sort_name, id)
    where status <> 'removed'`.execute(db)
  await sql`create index membership_by_area on membership (organization_id, area_id, sort_name, id)
    where status <> 'removed' and area_id is not null`.execute(db)
  await sql`create index membership_by_custom_role on membership using gin (organization_id, role_ids)
    where role_ids <> '{}'`.execute(db)
  await sql`create index membership_by_search on membership using gin (organization_id, search gin_trgm_ops)`.execute(
    db,
  )
  // The links of groups, regions and areas ask for these when one is deleted, people removed included.
  await sql`create index membership_in_group on membership (organization_id, group_id) where status = 'removed'`.execute(
    db,
  )
  await sql`create index membership_in_region on membership (organization_id, region_id) where status = 'removed'`.execute(
    db,
  )
  await sql`create index membership_with_dates on membership (organization_id)
    where status in ('active', 'ended', 'not_started') and (starts_on > '-infinity' or ends_on < 'infinity')`.execute(
    db,
  )

  await sql`create table membership_role (
    organization_id uuid not null,
    membership_id uuid not null,
    role_id uuid not null,
    primary key (organization_id, membership_id, role_id),
    foreign key (organization_id, membership_id) references membership (organization_id, id) on delete cascade,
    foreign key (organization_id, role_id) references custom_role (organization_id, id) on delete cascade
  )`.execute(db)
  await sql`create index membership_role_holders on membership_role (organization_id, role_id, membership_id)`.execute(
    db,
  )
  await sql`create table membership_permission (
    organization_id uuid not null,
    membership_id uuid not null,
    permission text collate "C" not null,
    primary key (organization_id, membership_id, permission),
    foreign key (organization_id, membership_id) references membership (organization_id, id) on delete cascade
  )`.execute(db)
}
