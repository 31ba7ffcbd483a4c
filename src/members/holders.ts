import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Actor } from '../platform/access/actor.ts'
import {
  givenBy,
  hasCeiling,
  managed,
  type OrganizationRole,
  organizationRoles,
  type Permission,
} from '../platform/access/permissions.ts'
import type { Db } from '../platform/database/connect.ts'

/*
 * "Who can do this?": the same as rightsOf() says of each, asked of the tables. A Group manager counts for what the mark gives in
 * their group, so the answer has everybody who can do it to anybody.
 */

const roles = Object.keys(organizationRoles) as OrganizationRole[]
/** Organization roles that give it by themselves, and those in which a grant of it counts. */
const giving = (permission: Permission) => roles.filter((role) => givenBy(role).includes(permission))
const open = (permission: Permission) =>
  roles.filter((role) => !hasCeiling(role) && !givenBy(role).includes(permission))

/** The organization roles whose holders may have it in effect. */
export const mayHold = (permission: Permission): OrganizationRole[] => [...giving(permission), ...open(permission)]

export const comesWithTheMark = (permission: Permission): boolean => managed.includes(permission)

type Where = Pick<Actor, 'organization'>

function sources(db: Db, actor: Where, permission: Permission) {
  const organization = actor.organization.id
  return {
    groups: db
      .selectFrom('group_permission as gp')
      .where('gp.organization_id', '=', organization)
      .where('gp.permission', '=', permission)
      .select('gp.group_id'),
    customRoles: db
      .selectFrom('custom_role_permission as cp')
      .where('cp.organization_id', '=', organization)
      .where('cp.permission', '=', permission)
      .select('cp.role_id'),
    direct: db
      .selectFrom('membership_permission as mp')
      .where('mp.organization_id', '=', organization)
      .where('mp.permission', '=', permission),
  }
}

/** Whether a row of memberships has the permission in effect. */
export function mayDo(db: Db, actor: Where, permission: Permission, t: 'm' | 'w'): RawBuilder<SqlBool> {
  const column = (name: string) => sql.ref(`${t}.${name}`)
  const { groups, customRoles, direct } = sources(db, actor, permission)
  const own = direct.where(sql<SqlBool>`mp.membership_id = ${column('id')}`).select('mp.membership_id')
  const mark = comesWithTheMark(permission) ? sql`${column('manages_group')}` : sql`false`
  return sql<SqlBool>`(${column('organization_role')} = any(${giving(permission)}::text[])
    or (${column('organization_role')} = any(${open(permission)}::text[]) and (${column('group_id')} = any(array(${groups}))
      or (${column('role_ids')} <> '{}' and ${column('role_ids')} && array(${customRoles})) or ${mark} or exists (${own}))))`
}

/** More holders than this are many: whoever looks for them walks, or begins with another filter. */
export const few = 20_000

/**
 * The ids of those present who could have it by any source, each by its own index, and one more than few at most: few are
 * looked at one by one (`mayDo` decides about ceilings); of more it is enough to know that they are many.
 */
export function candidates(db: Db, actor: Where, permission: Permission) {
  const { groups, customRoles, direct } = sources(db, actor, permission)
  const most = few + 1
  const present = () =>
    db
      .selectFrom('membership as c')
      .where('c.organization_id', '=', actor.organization.id)
      .where(sql<SqlBool>`c.status <> 'removed'`)
      .select('c.id')
      .limit(most)
  const arms = [
    present().where(sql<SqlBool>`c.organization_role = any(${giving(permission)}::text[])`),
    present().where(sql<SqlBool>`c.group_id = any(array(${groups}))`),
    db
      .selectFrom('membership_role as mr')
      .where('mr.organization_id', '=', actor.organization.id)
      .where(sql<SqlBool>`mr.role_id = any(array(${customRoles}))`)
      .select('mr.membership_id as id')
      .limit(most),
    direct.select('mp.membership_id as id').limit(most),
    ...(comesWithTheMark(permission) ? [present().where(sql<SqlBool>`c.manages_group`)] : []),
  ]
  const all = sql.join(
    arms.map((one) => sql`(${one})`),
    sql` union all `,
  )
  return sql<{ id: string }>`(select x.id from (${all}) as x limit ${most})`
}
