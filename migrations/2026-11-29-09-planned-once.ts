// What every sign-in, act and panel asks or writes. A function in SQL is planned each time that a statement uses it, which takes ten times as
// long as what it does; one in plpgsql keeps its plan. And rows that are written at each sign-in stay in their page, so that no index of
// theirs has to hear of it.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create or replace function places_of_account(account uuid) returns int language plpgsql stable as $$
    begin return (select count(*)::int from membership where account_id = account and removed_at is null); end $$`.execute(
    db,
  )
  await sql`create or replace function places_of_account_now(account uuid) returns int language plpgsql volatile as $$
    begin return (select count(*)::int from membership where account_id = account and removed_at is null); end $$`.execute(
    db,
  )
  // Everything that gives somebody a permission, as [permission, kind, name] triples, for the evaluator (access/grants.ts).
  await sql`create function grants_of(organization uuid, member uuid, their_group uuid) returns json language plpgsql stable as $$
    begin return (select coalesce(json_agg(json_build_array(t.permission, t.kind, t.name) order by t.kind, t.name), '[]')
      from (
        select gp.permission, 'group' as kind, g.name from group_permission gp
          join member_group g on g.organization_id = gp.organization_id and g.id = gp.group_id
          where gp.organization_id = organization and gp.group_id = their_group
        union all
        select cp.permission, 'role', cr.name from membership_role mr
          join custom_role cr on cr.organization_id = mr.organization_id and cr.id = mr.role_id
          join custom_role_permission cp on cp.organization_id = mr.organization_id and cp.role_id = mr.role_id
          where mr.organization_id = organization and mr.membership_id = member
        union all
        select mp.permission, 'direct', '' from membership_permission mp
          where mp.organization_id = organization and mp.membership_id = member) t); end $$`.execute(db)
  await sql`alter table account set (fillfactor = 85)`.execute(db)
  await sql`alter table try_count set (fillfactor = 70)`.execute(db)
}
