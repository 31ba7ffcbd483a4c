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
  // The member who gave something to an account while they are Active on that day, by the calendar itself (the status is written down a little
  // later), with the place that the account has beside them (accounts/giver.ts).
  await sql`create function giver_of(whose uuid, giver uuid, today date) returns json language plpgsql stable as $$
    begin return (select to_json(one) from (
      select gm.id, gm.account_id, gm.first_name, gm.last_name, gm.email, gm.status, gm.organization_role, gm.group_id,
        mg.name as group_name, gm.manages_group, grants_of(gm.organization_id, gm.id, gm.group_id) as grants,
        go.id as organization_id, go.slug, go.name as organization_name, go.access_version,
        tm.id as to_id, tm.account_id as to_account, tm.status as to_status, tm.group_id as to_group,
        tm.organization_role as to_role, tm.manages_group as to_manages, tg.name as to_group_name,
        grants_of(tm.organization_id, tm.id, tm.group_id) as to_grants, places_of_account(whose) = 1 as managed
      from membership gm
        join member_group mg on mg.organization_id = gm.organization_id and mg.id = gm.group_id
        join organization go on go.id = gm.organization_id
        join account ga on ga.id = gm.account_id and ga.blocked_at is null
        join membership tm on tm.organization_id = gm.organization_id and tm.account_id = whose and tm.removed_at is null
        join member_group tg on tg.organization_id = tm.organization_id and tg.id = tm.group_id
      where gm.id = giver and gm.removed_at is null and gm.suspended_at is null and today between gm.starts_on and gm.ends_on
      ) one); end $$`.execute(db)
  await sql`alter table account set (fillfactor = 85)`.execute(db)
  await sql`alter table try_count set (fillfactor = 70)`.execute(db)
}
