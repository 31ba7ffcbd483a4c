import { type ExpressionBuilder, sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import { holdsMoreThan } from '../platform/access/above.ts'
import { type Actor, reach } from '../platform/access/actor.ts'
import { allPermissions, type Permission } from '../platform/access/permissions.ts'
import { mostAtOnce, TurnLost } from '../platform/access/turn.ts'
import type { Db } from '../platform/database/connect.ts'
import type { DB } from '../platform/database/schema.ts'
import { type LockableField, lockable } from './rules.ts'

type Of = ExpressionBuilder<DB & { g: DB['member_group'] }, 'g'>

/** How far people are counted; beyond it is "more than". */
const countLimit = 10_000
const named = 10

/** The memberships m in the group g, people removed left out. */
const members = (eb: unknown) =>
  (eb as Of)
    .selectFrom('membership as m')
    .whereRef('m.organization_id', '=', 'g.organization_id')
    .whereRef('m.group_id', '=', 'g.id')
    .where('m.status', '<>', 'removed')

const memberCount = (eb: unknown) =>
  (eb as Of)
    .selectFrom(
      members(eb)
        .select('m.id')
        .limit(countLimit + 1)
        .as('inside'),
    )
    .select(sql<number>`count(*)::int`.as('count'))

const managers = (eb: unknown) => members(eb).where('m.manages_group', '=', true)

const managerCount = (eb: unknown) =>
  (eb as Of)
    .selectFrom(
      managers(eb)
        .select('m.id')
        .limit(countLimit + 1)
        .as('marked'),
    )
    .select(sql<number>`count(*)::int`.as('count'))

/** The first by name; none to who may not view all members. */
const firstOf = (people: ReturnType<typeof members>, actor: Actor) =>
  jsonArrayFrom(
    people
      .where(sql<boolean>`${reach(actor, 'members.view') === 'organization'}::boolean`)
      .select(['m.id', 'm.first_name', 'm.last_name', 'm.email'])
      .orderBy('m.sort_name')
      .orderBy('m.id')
      .limit(named),
  )

const permissionsOf = (eb: unknown) =>
  (eb as Of)
    .selectFrom('group_permission as p')
    .whereRef('p.organization_id', '=', 'g.organization_id')
    .whereRef('p.group_id', '=', 'g.id')
    .where('p.permission', 'in', allPermissions)

/** The groups of the organization, Default first and then by name, with how many are in each and how much it gives. */
export const groupList = (db: Db, actor: Actor) =>
  db
    .selectFrom('member_group as g')
    .where('g.organization_id', '=', actor.organization.id)
    .select((eb) => [
      'g.id',
      'g.name',
      'g.is_default',
      memberCount(eb).as('members'),
      managerCount(eb).as('managers'),
      permissionsOf(eb).select(sql<number>`count(*)::int`.as('count')).as('permissions'),
    ])
    .orderBy('g.is_default', 'desc')
    .orderBy('g.sort_name')
    .limit(1000)
    .execute()
export type GroupRow = Awaited<ReturnType<typeof groupList>>[number]

const known = (names: string[] | null): Permission[] => allPermissions.filter((one) => names?.includes(one))

/**
 * The group that an act of the actor is about, with all that the rules ask and the pages show; null for everything that isn't a
 * group here. One statement. Throws TurnLost when somebody's access changed after the actor was read.
 */
export async function groupToChange(db: Db, actor: Actor, id: string) {
  const row = await db
    .selectFrom('member_group as g')
    .innerJoin('organization as o', 'o.id', 'g.organization_id')
    .innerJoin('member_group as d', (on) =>
      on.onRef('d.organization_id', '=', 'g.organization_id').on('d.is_default', '=', true),
    )
    .where('g.organization_id', '=', actor.organization.id)
    .where('g.id', '=', id)
    .select((eb) => [
      'g.id',
      'g.name',
      'g.is_default',
      'g.version',
      'd.id as default_id',
      'd.name as default_name',
      'o.access_version',
      memberCount(eb).as('members'),
      managerCount(eb).as('manager_count'),
      firstOf(managers(eb), actor).as('managers'),
      firstOf(members(eb), actor).as('first'),
      eb
        .exists(
          members(eb)
            .where(holdsMoreThan(actor) as never)
            .select('m.id'),
        )
        .$castTo<boolean>()
        .as('above'),
      eb
        .selectFrom(
          eb
            .selectFrom('membership as every')
            .whereRef('every.organization_id', '=', 'g.organization_id')
            .whereRef('every.group_id', '=', 'g.id')
            .select('every.id')
            .limit(mostAtOnce + 1)
            .as('all_inside'),
        )
        .select(sql<boolean>`count(*) > ${mostAtOnce}`.as('many'))
        .as('many'),
      permissionsOf(eb).select(sql<string[]>`coalesce(array_agg(p.permission), '{}')`.as('all')).as('given'),
      eb
        .selectFrom('group_permission as dp')
        .whereRef('dp.organization_id', '=', 'g.organization_id')
        .whereRef('dp.group_id', '=', 'd.id')
        .select(sql<string[]>`coalesce(array_agg(dp.permission), '{}')`.as('all'))
        .as('given_by_default'),
      eb
        .selectFrom('group_locked_field as l')
        .whereRef('l.organization_id', '=', 'g.organization_id')
        .whereRef('l.group_id', '=', 'g.id')
        .select(sql<string[]>`coalesce(array_agg(l.field), '{}')`.as('all'))
        .as('fields'),
    ])
    .executeTakeFirst()
  if (!row) return null
  if (row.access_version !== actor.organization.accessVersion) throw new TurnLost()
  const { given, given_by_default, fields, ...group } = row
  return {
    ...group,
    kind: 'group' as const,
    members: group.members ?? 0,
    manager_count: group.manager_count ?? 0,
    many: group.many === true,
    mine: group.id === actor.membership.groupId,
    permissions: known(given),
    byDefault: known(given_by_default),
    locked: (Object.keys(lockable) as LockableField[]).filter((field) => fields?.includes(field)),
  }
}
export type Group = NonNullable<Awaited<ReturnType<typeof groupToChange>>>
