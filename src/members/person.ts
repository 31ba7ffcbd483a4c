import { type SqlBool, sql } from 'kysely'
import type { Actor } from '../platform/access/actor.ts'
import { grantsOf } from '../platform/access/grants.ts'
import { type Grants, type OrganizationRole, rightsOf } from '../platform/access/permissions.ts'
import { TurnLost } from '../platform/access/turn.ts'
import type { Db } from '../platform/database/connect.ts'
import { membersWithNames } from './queries.ts'
import type { Subject } from './rules.ts'
import { visibleTo } from './visible.ts'

/** The row of the person whom an act is about, for an act that asks for more in the same statement; `asPerson` reads it. */
export function personRow(db: Db, actor: Actor, id: string, now: Date) {
  const organization = actor.organization.id
  return membersWithNames(db)
    .innerJoin('organization as o', (on) => on.onRef('o.id', '=', 'm.organization_id'))
    .where('m.organization_id', '=', organization)
    .where(id === actor.membership.id ? sql<SqlBool>`true` : (visibleTo(actor) as never))
    .where('m.id', '=', id)
    .select((eb) => [
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
      'm.version',
      'ac.username',
      'ac.blocked_at',
      'o.access_version',
      sql<boolean>`places_of_account(m.account_id) = 1`.as('managed'),
      grantsOf(eb, 'm.organization_id', 'm.id', 'm.group_id').$castTo<Grants['grants']>().as('grants'),
      eb
        .and([
          eb('m.organization_role', '=', 'admin'),
          eb('m.status', '=', 'active'),
          eb.not(
            eb.exists(
              eb
                .selectFrom('membership as other')
                .innerJoin('account as oa', 'oa.id', 'other.account_id')
                .whereRef('other.organization_id', '=', 'm.organization_id')
                .whereRef('other.id', '<>', 'm.id')
                .where('other.organization_role', '=', 'admin')
                .where('other.status', '=', 'active')
                .where('other.ends_on', '=', 'infinity')
                .where('oa.password_hash', 'is not', null)
                .where((of) =>
                  of.or([
                    of('oa.must_change_password', '=', false),
                    of('oa.password_expires_at', 'is', null),
                    of('oa.password_expires_at', '>', now),
                  ]),
                )
                .select('other.id'),
            ),
          ),
        ])
        .as('lastAdmin'),
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
    lastAdmin: row.lastAdmin === true,
    organization_role: grants.organizationRole,
    rights: rightsOf(grants),
  }
  return person satisfies Subject
}

/**
 * The person whom an act of the actor is about, with all that the rules ask and the forms show; null for everybody whom the
 * actor can't see. One statement. `lastAdmin`: without them the organization would have no Admin who can sign in.
 */
export async function personToChange(db: Db, actor: Actor, id: string, now: Date) {
  const row = await personRow(db, actor, id, now).executeTakeFirst()
  return row ? asPerson(actor, row) : null
}
export type Person = NonNullable<Awaited<ReturnType<typeof personToChange>>>
