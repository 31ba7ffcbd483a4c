// What a membership points to. Every link carries the organization, so that none can cross to another one.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create table member_group (
    id uuid primary key,
    organization_id uuid not null references organization on delete cascade,
    name text not null,
    sort_name text collate "C" not null,
    is_default boolean not null default false,
    version int not null default 1,
    unique (organization_id, id),
    unique (organization_id, sort_name)
  )`.execute(db)
  await sql`create unique index member_group_default on member_group (organization_id) where is_default`.execute(db)
  await sql`create function refuse_default_group_deletion() returns trigger language plpgsql as $$
    begin
      if old.is_default and exists (select from organization where id = old.organization_id) then
        raise exception 'the Default group always exists' using errcode = 'restrict_violation';
      end if;
      return old;
    end $$`.execute(db)
  await sql`create trigger keep_default before delete on member_group
    for each row execute function refuse_default_group_deletion()`.execute(db)

  await sql`create table group_permission (
    organization_id uuid not null,
    group_id uuid not null,
    permission text collate "C" not null,
    primary key (organization_id, group_id, permission),
    foreign key (organization_id, group_id) references member_group (organization_id, id) on delete cascade
  )`.execute(db)
  await sql`create table group_locked_field (
    organization_id uuid not null,
    group_id uuid not null,
    field text collate "C" not null,
    primary key (organization_id, group_id, field),
    foreign key (organization_id, group_id) references member_group (organization_id, id) on delete cascade
  )`.execute(db)

  await sql`create table custom_role (
    id uuid primary key,
    organization_id uuid not null references organization on delete cascade,
    name text not null,
    sort_name text collate "C" not null,
    description text not null default '',
    version int not null default 1,
    unique (organization_id, id),
    unique (organization_id, sort_name)
  )`.execute(db)
  await sql`create table custom_role_permission (
    organization_id uuid not null,
    role_id uuid not null,
    permission text collate "C" not null,
    primary key (organization_id, role_id, permission),
    foreign key (organization_id, role_id) references custom_role (organization_id, id) on delete cascade
  )`.execute(db)

  await sql`create table region (
    id uuid primary key,
    organization_id uuid not null references organization on delete cascade,
    name text not null,
    sort_name text collate "C" not null,
    unique (organization_id, id),
    unique (organization_id, sort_name)
  )`.execute(db)
  await sql`create table area (
    id uuid primary key,
    organization_id uuid not null references organization on delete cascade,
    region_id uuid not null,
    name text not null,
    sort_name text collate "C" not null,
    unique (organization_id, id),
    unique (organization_id, region_id, id),
    unique (organization_id, region_id, sort_name),
    foreign key (organization_id, region_id) references region (organization_id, id) on delete cascade
  )`.execute(db)
}
