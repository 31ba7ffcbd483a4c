import { sql } from 'kysely'
import { givenEnds } from '../../accounts/given.ts'
import { unconfirm } from '../../accounts/unconfirmed.ts'
import type { Actor } from '../../platform/access/actor.ts'
import { eventsAfter, ifTurn, inTurn, TurnLost } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import type { Cause } from '../../platform/events/record.ts'
import { letterAfter } from '../../platform/mail/outbox.ts'
import { keepingAnAdmin, lastAdmin } from '../last-admin.ts'
import type { Person } from '../person.ts'
import type { Access, AccessErrors } from './rules.ts'

const ifChanged = sql<boolean>`exists (select from changed)`
const without = <T>(list: readonly T[], other: readonly T[]) => list.filter((one) => !other.includes(one))
const differs = (a: unknown, b: unknown) => JSON.stringify(a) !== JSON.stringify(b)

/** Old and new value of whatever is another one. */
function changesOf(before: Access, after: Access): Record<string, [unknown, unknown]> {
  const all: Record<string, [unknown, unknown]> = {
    role: [before.role, after.role],
    custom_role: [before.customRoles.toSorted(), after.customRoles.toSorted()],
    group: [before.group, after.group],
    group_manager: [before.manages, after.manages],
    permission: [before.permissions.toSorted(), after.permissions.toSorted()],
  }
  return Object.fromEntries(Object.entries(all).filter(([, [old, now]]) => differs(old, now)))
}

/** A group or role of the choice was deleted between the two statements of an act: it is read again. */
const isGone = (error: unknown) => (error as { code?: unknown } | null)?.code === '23503'

/**
 * Gives somebody what was decided, all of it in one statement. Another role or group ends their confirmed sessions. `ended`:
 * so did what somebody else may know to sign in as them, as they may get more by it (accounts/given.ts).
 */
export async function changeAccess(
  db: Db,
  cause: Cause,
  actor: Actor,
  person: Person,
  before: Access,
  after: Access,
): Promise<{ errors?: AccessErrors; ended?: boolean }> {
  const organization = actor.organization.id
  const gone = {
    roles: without(before.customRoles, after.customRoles),
    permissions: without(before.permissions, after.permissions),
  }
  const anew = {
    roles: without(after.customRoles, before.customRoles),
    permissions: without(after.permissions, before.permissions),
  }
  const unconfirms =
    before.role !== after.role ||
    before.group !== after.group ||
    before.manages !== after.manages ||
    gone.roles.length + anew.roles.length > 0

  const mayRise =
    anew.roles.length + anew.permissions.length > 0 ||
    before.role !== after.role ||
    before.group !== after.group ||
    (after.manages && !before.manages)

  let ended = false
  const write = async () => {
    const [changed] = await inTurn(db, actor)
      .with('changed', (of) =>
        of
          .updateTable('membership')
          .set((eb) => ({
            organization_role: after.role,
            group_id: after.group,
            manages_group: after.manages,
            role_ids: after.customRoles,
            version: eb('version', '+', 1),
          }))
          .where('organization_id', '=', organization)
          .where('id', '=', person.id)
          .where('version', '=', person.version)
          .where(ifTurn)
          .returning('id'),
      )
      .with('roles_gone', (of) =>
        of
          .deleteFrom('membership_role')
          .where('organization_id', '=', organization)
          .where('membership_id', '=', person.id)
          .where(sql<boolean>`role_id = any(${gone.roles}::uuid[])`)
          .where(ifChanged),
      )
      .with('roles_anew', (of) =>
        of
          .insertInto('membership_role')
          .columns(['organization_id', 'membership_id', 'role_id'])
          .expression(
            sql<never>`select ${organization}::uuid, ${person.id}::uuid, one from unnest(${anew.roles}::uuid[]) as one where ${ifChanged}`,
          ),
      )
      .with('permissions_gone', (of) =>
        of
          .deleteFrom('membership_permission')
          .where('organization_id', '=', organization)
          .where('membership_id', '=', person.id)
          .where(sql<boolean>`permission = any(${gone.permissions}::text[])`)
          .where(ifChanged),
      )
      .with('permissions_anew', (of) =>
        of
          .insertInto('membership_permission')
          .columns(['organization_id', 'membership_id', 'permission'])
          .expression(
            sql<never>`select ${organization}::uuid, ${person.id}::uuid, one from unnest(${anew.permissions}::text[]) as one where ${ifChanged}`,
          ),
      )
      .with('unconfirmed', (of) => unconfirm(of, organization, (eb) => eb('m.id', '=', unconfirms ? person.id : null)))
      .with('ended', (of) =>
        givenEnds(of, organization, cause.now, (eb) => eb('m.id', '=', mayRise ? person.id : null)),
      )
      .with('told', (of) =>
        eventsAfter(of, cause, {
          act: 'membership.access_changed',
          organizationId: organization,
          subject: 'membership',
          subjectId: person.id,
          changes: changesOf(before, after),
        }),
      )
      .with('written', (of) =>
        letterAfter(
          of,
          cause.now,
          // Whoever has only been invited hears of it by the invitation.
          ...(person.account_id
            ? [
                {
                  organizationId: organization,
                  template: 'access_changed' as const,
                  data: { membership_id: person.id },
                  to: person.email,
                },
              ]
            : []),
        ),
      )
      .selectFrom('changed')
      .select(['id', sql<boolean>`exists (select from ended)`.as('ended')])
      .execute()
    if (!changed) throw new TurnLost()
    ended = changed.ended
  }
  try {
    return (await keepingAnAdmin(write)) ? { ended } : { errors: { role: lastAdmin } }
  } catch (error) {
    throw isGone(error) ? new TurnLost() : error
  }
}
