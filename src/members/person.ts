import { type SqlBool, sql } from 'kysely'
import type { Actor } from '../platform/access/actor.ts'
import { grantsOf } from '../platform/access/grants.ts'
import { type Grants, type OrganizationRole, rightsOf } from '../platform/access/permissions.ts'
import type { Subject } from '../platform/access/subject.ts'
import { TurnLost } from '../platform/access/turn.ts'
import type { Db } from '../platform/database/connect.ts'
import { aboutPerson } from './about-person.ts'
import { membersWithNames, withExemption } from './queries.ts'
import { visibleTo } from './visible.ts'

/** The row of the person whom an act is about, for an act that asks for more in the same statement; `asPerson` reads it. */
export function personRow(db: Db, actor: Actor, id: string, now: Date) {
  const organization = actor.organization.id
  return withExemption(membersWithNames(db))
    .where('m.organization_id', '=', organization)
    .where(id === actor.membership.id ? sql<SqlBool>`true` : (visibleTo(actor) as never))
    .where('m.id', '=', id)
    .select([
      'm.id',
      'm.account_id',
      'm.email',
      'm.email_key',
      'm.username_key',
      'm.first_name',
      'm.last_name',
      'm.title',
      'm.cell_phone',
      'm.office_phone',
      'm.extension',
      'm.avatar',
      'm.status',
      'm.organization_role',
      'm.group_id',
      'g.name as group_name',
      'g.is_default as in_default_group',
      'm.manages_group',
      'm.region_id',
      'm.area_id',
      'm.role_ids',
      'm.starts_on',
      'm.ends_on',
      'm.suspended_at',
      'm.removed_at',
      'm.has_two_factor',
      'o.two_factor_from',
      'x.until as exempt_until',
      'x.reason as exempt_reason',
      'm.version',
      'ac.username',
      'ac.blocked_at',
      'o.access_version',
      sql<boolean>`places_of_account(m.account_id) = 1 and not ac.is_support`.as('managed'),
      'ac.is_support',
      grantsOf('m.organization_id', 'm.id', 'm.group_id').$castTo<Grants['grants']>().as('grants'),
      sql<boolean>`m.organization_role = 'admin' and m.status = 'active'
        and not other_admin_signs_in(m.organization_id, m.id, ${now}::timestamptz)`.as('lastAdmin'),
    ])
}
type PersonRow = NonNullable<Awaited<ReturnType<ReturnType<typeof personRow>['executeTakeFirst']>>>

/** Throws TurnLost when somebody's access changed after the actor was read. */
export function asPerson<R extends PersonRow>(actor: Actor, row: R) {
  if (row.access_version !== actor.organization.accessVersion) throw new TurnLost()
  const grants: Grants = {
    organizationRole: row.organization_role as OrganizationRole,
    groupName: row.group_name,
    managesGroup: row.manages_group,
    grants: row.grants,
  }
  const person = {
    ...row,
    organization_role: grants.organizationRole,
    rights: rightsOf(grants),
  }
  return person satisfies Subject
}

const person = aboutPerson((db, actor, id, { now }: { now: Date }) => personRow(db, actor, id, now))

/**
 * The person whom an act of the actor is about, with all that the rules ask and the forms show; null for everybody whom the
 * actor can't see. One statement. `lastAdmin`: without them the organization would have no Admin who can sign in.
 */
export async function personToChange(db: Db, actor: Actor, id: string, now: Date) {
  const row = await person(db, actor, id, { now })
  return row ? asPerson(actor, row) : null
}
export type Person = NonNullable<Awaited<ReturnType<typeof personToChange>>>
