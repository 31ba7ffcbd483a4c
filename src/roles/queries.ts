import { type ExpressionBuilder, sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import { holdsMoreThan } from '../platform/access/above.ts'
import { type Actor, reach } from '../platform/access/actor.ts'
import { grantsOf } from '../platform/access/grants.ts'
import { allPermissions, type Grants, type OrganizationRole, rightsOf } from '../platform/access/permissions.ts'
import { mostAtOnce, TurnLost } from '../platform/access/turn.ts'
import type { Db } from '../platform/database/connect.ts'
import type { DB } from '../platform/database/schema.ts'

type Of = ExpressionBuilder<DB & { r: DB['custom_role'] }, 'r'>

/** How far people are counted; beyond it is "more than". */
export const countLimit = 10_000
const named = 10

/** The memberships m that hold the role r, people removed left out. */
const holders = (eb: unknown) =>
  (eb as Of)
    .selectFrom('membership_role as mr')
    .innerJoin('membership as m', (on) =>
      on.onRef('m.organization_id', '=', 'mr.organization_id').onRef('m.id', '=', 'mr.membership_id'),
    )
    .whereRef('mr.organization_id', '=', 'r.organization_id')
    .whereRef('mr.role_id', '=', 'r.id')
    .where('m.status', '<>', 'removed')

const holderCount = (eb: unknown) =>
  (eb as Of)
    .selectFrom(
      holders(eb)
        .select('m.id')
        .limit(countLimit + 1)
        .as('held'),
    )
    .select(sql<number>`count(*)::int`.as('count'))

const permissionsOf = (eb: unknown) =>
  (eb as Of)
    .selectFrom('custom_role_permission as p')
    .whereRef('p.organization_id', '=', 'r.organization_id')
    .whereRef('p.role_id', '=', 'r.id')
    .where('p.permission', 'in', allPermissions)

/** The custom roles of the organization by name, each with how many hold it and how much it gives. */
export const roleList = (db: Db, actor: Actor) =>
  db
    .selectFrom('custom_role as r')
    .where('r.organization_id', '=', actor.organization.id)
    .select((eb) => [
      'r.id',
      'r.name',
      'r.description',
      holderCount(eb).as('holders'),
      permissionsOf(eb).select(sql<number>`count(*)::int`.as('count')).as('permissions'),
    ])
    .orderBy('r.sort_name')
    .limit(1000)
    .execute()
export type RoleRow = Awaited<ReturnType<typeof roleList>>[number]

/**
 * The role that an act of the actor is about, with all that the rules ask; null for everything that isn't a role here. One
 * statement. Throws TurnLost when somebody's access changed after the actor was read.
 */
export async function roleToChange(db: Db, actor: Actor, id: string) {
  const row = await db
    .selectFrom('custom_role as r')
    .innerJoin('organization as o', 'o.id', 'r.organization_id')
    .where('r.organization_id', '=', actor.organization.id)
    .where('r.id', '=', id)
    .select((eb) => [
      'r.id',
      'r.name',
      'r.description',
      'r.version',
      'o.access_version',
      holderCount(eb).as('holders'),
      eb
        .exists(holders(eb).where('m.id', '=', actor.membership.id).select('m.id'))
        .$castTo<boolean>()
        .as('mine'),
      eb
        .exists(
          holders(eb)
            .where(holdsMoreThan(actor) as never)
            .select('m.id'),
        )
        .$castTo<boolean>()
        .as('above'),
      eb
        .selectFrom(
          eb
            .selectFrom('membership_role as every')
            .whereRef('every.organization_id', '=', 'r.organization_id')
            .whereRef('every.role_id', '=', 'r.id')
            .select('every.membership_id')
            .limit(mostAtOnce + 1)
            .as('all_held'),
        )
        .select(sql<boolean>`count(*) > ${mostAtOnce}`.as('many'))
        .as('many'),
      permissionsOf(eb).select(sql<string[]>`coalesce(array_agg(p.permission), '{}')`.as('all')).as('given'),
    ])
    .executeTakeFirst()
  if (!row) return null
  if (row.access_version !== actor.organization.accessVersion) throw new TurnLost()
  const { given, ...role } = row
  return {
    ...role,
    holders: role.holders ?? 0,
    many: role.many === true,
    kind: 'role' as const,
    permissions: allPermissions.filter((permission) => given?.includes(permission)),
  }
}
export type Role = NonNullable<Awaited<ReturnType<typeof roleToChange>>>

/** The first who hold the role, by name, each with how many permissions they hold by nothing else; nobody to who may not view all members. */
export async function firstHolders(db: Db, actor: Actor, role: Role) {
  if (reach(actor, 'members.view') !== 'organization') return []
  const row = await db
    .selectFrom('custom_role as r')
    .where('r.organization_id', '=', actor.organization.id)
    .where('r.id', '=', role.id)
    .select((eb) =>
      jsonArrayFrom(
        holders(eb)
          .innerJoin('member_group as g', (on) =>
            on.onRef('g.organization_id', '=', 'm.organization_id').onRef('g.id', '=', 'm.group_id'),
          )
          .select([
            'm.id',
            'm.first_name',
            'm.last_name',
            'm.email',
            'm.organization_role',
            'm.manages_group',
            'g.name as group_name',
            grantsOf('m.organization_id', 'm.id', 'm.group_id').$castTo<Grants['grants']>().as('grants'),
          ])
          .orderBy('m.sort_name')
          .orderBy('m.id')
          .limit(named),
      ).as('people'),
    )
    .executeTakeFirst()
  return (row?.people ?? []).map((person) => {
    const access = {
      organizationRole: person.organization_role as OrganizationRole,
      groupName: person.group_name,
      managesGroup: person.manages_group,
    }
    const effective = (grants: unknown[]) =>
      rightsOf({ ...access, grants: grants as Grants['grants'] }).filter(
        (right) => right.effective && right.scope === 'organization',
      ).length
    const without = person.grants.filter(([, kind, name]) => kind !== 'role' || name !== role.name)
    return {
      id: person.id,
      first_name: person.first_name,
      last_name: person.last_name,
      email: person.email,
      loses: effective(person.grants) - effective(without),
    }
  })
}
export type Holder = Awaited<ReturnType<typeof firstHolders>>[number]
