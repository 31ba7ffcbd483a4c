import { sql } from 'kysely'
import { noNewEmail } from '../../accounts/email-change.ts'
import type { Actor } from '../../platform/access/actor.ts'
import { eventsAfter, ifTurn, inTurn, TurnLost } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import type { Cause } from '../../platform/events/record.ts'
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
 * Gives somebody what was decided, all of it in one statement. Another role or group ends their confirmed sessions. Who may
 * get more by it keeps no link, first password or change of email that was given before: whoever gave it might sign in with it and
 * hold what they don't. `ended` says that there was one.
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
      .with('unconfirmed', (of) =>
        of
          .updateTable('session')
          .set({ confirmed_at: null })
          .where('account_id', '=', unconfirms ? person.account_id : null)
          .where('confirmed_at', 'is not', null)
          .where(ifChanged),
      )
      .with('ended', (of) =>
        of
          .updateTable('account')
          .set((eb) => ({
            ...noNewEmail,
            reset_expires_at: null,
            reset_generation: eb('reset_generation', '+', 1),
            password_expires_at: sql`case when must_change_password then ${cause.now}::timestamptz else password_expires_at end`,
          }))
          .where('id', '=', mayRise ? person.account_id : null)
          .where((eb) =>
            eb.or([
              eb('reset_expires_at', '>', cause.now),
              eb('new_email', 'is not', null),
              // Used to sign in, it is spent, and whoever did so is about to choose the next one.
              eb('must_change_password', '=', true),
            ]),
          )
          .where(ifChanged)
          .returning(sql<number>`case when must_change_password then end_sessions_of_account(id) end`.as('sessions')),
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
