import { sql } from 'kysely'
import { givenEnds } from '../../accounts/given.ts'
import { unconfirm } from '../../accounts/unconfirmed.ts'
import type { Actor } from '../../platform/access/actor.ts'
import { dayOf, statusOf } from '../../platform/access/status.ts'
import { eventsAfter, ifTurn, inTurn, TurnLost } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import type { Cause } from '../../platform/events/record.ts'
import { searchText } from '../../platform/fold.ts'
import { letterAfter } from '../../platform/mail/outbox.ts'
import { keepingAnAdmin, lastAdmin } from '../last-admin.ts'
import type { Person } from '../person.ts'
import { type ComingBack, inTheWay } from './coming-back.ts'
import type { PersonAndReturn } from './queries.ts'

type Errors = Record<string, string>
const ifChanged = sql<boolean>`exists (select from changed)`

/**
 * Closes the organization to somebody for good, in one statement. What they held stays in their rows, for taking them back, and opens
 * nothing. With the last membership their sessions end (migration 13); these are locked before the membership, as those lock who
 * note that somebody is here.
 */
export async function remove(
  db: Db,
  cause: Cause,
  actor: Actor,
  person: Person,
  reason: string,
): Promise<{ errors?: Errors }> {
  const organizationId = actor.organization.id
  const write = async () => {
    const [changed] = await inTurn(db, actor)
      .with('holder', (of) =>
        of.selectFrom('account').select('id').where('id', '=', person.account_id).where(ifTurn).forNoKeyUpdate(),
      )
      .with('held', (of) =>
        of
          .selectFrom('session')
          .select('id_hash')
          .where('account_id', 'in', (eb) => eb.selectFrom('holder').select('id'))
          .forUpdate(),
      )
      .with('changed', (of) =>
        of
          .updateTable('membership')
          .set((eb) => ({
            removed_at: cause.now,
            removed_by: actor.membership.id,
            removed_reason: reason,
            status: 'removed',
            manages_group: false,
            version: eb('version', '+', 1),
          }))
          .where('organization_id', '=', organizationId)
          .where('id', '=', person.id)
          .where('version', '=', person.version)
          .where('removed_at', 'is', null)
          .where(sql<boolean>`(select count(*) from held) >= 0`)
          .where(ifTurn)
          .returning('id'),
      )
      // Whoever takes them back decides anew.
      .with('exemption', (of) =>
        of
          .deleteFrom('two_factor_exemption')
          .where('organization_id', '=', organizationId)
          .where('membership_id', '=', person.id)
          .where(ifChanged),
      )
      .with('told', (of) =>
        eventsAfter(of, cause, {
          act: 'membership.removed',
          organizationId,
          subject: 'membership',
          subjectId: person.id,
          changes: { status: [person.status, 'removed'] },
        }),
      )
      .with('written', (of) =>
        letterAfter(of, cause.now, {
          organizationId,
          template: 'membership_removed',
          data: { membership_id: person.id },
          to: person.email,
        }),
      )
      .selectFrom('changed')
      .select('id')
      .execute()
    if (!changed) throw new TurnLost()
  }
  const kept = !person.lastAdmin && (await keepingAnAdmin(write))
  return kept ? {} : { errors: { '': lastAdmin } }
}

/** Somebody took the place, or the address, between the two statements of the act: the index knows. */
const isTaken = (error: unknown): boolean => {
  const { code, constraint_name } = (error ?? {}) as { code?: unknown; constraint_name?: unknown }
  return code === '23505' && /^membership_one_per_/.test(String(constraint_name))
}

/** Old and new value of what doesn't come back as it was, and of the status. */
const changesOf = (person: PersonAndReturn, back: ComingBack, status: string) => {
  const all: Record<string, [unknown, unknown]> = {
    status: ['removed', status],
    role: [person.organization_role, back.organizationRole],
    custom_role: [person.customRoles.map(({ id }) => id), back.customRoles.map(({ id }) => id)],
    group: [person.group_id, back.group.id],
    permission: [person.grants.flatMap(([name, kind]) => (kind === 'direct' ? [name] : [])), back.direct],
  }
  return Object.fromEntries(Object.entries(all).filter(([, [old, now]]) => JSON.stringify(old) !== JSON.stringify(now)))
}

/**
 * Takes somebody back with what the actor can give of what they held, and with their account as it is now, in one statement.
 * `ended`: what somebody else may know to sign in as them did (accounts/given.ts).
 */
export async function takeBack(
  db: Db,
  cause: Cause,
  actor: Actor,
  person: PersonAndReturn,
  back: ComingBack,
): Promise<{ errors?: Errors; ended?: boolean }> {
  const stopped = inTheWay(person, back)
  if (stopped) return { errors: { '': stopped } }
  const organizationId = actor.organization.id
  const email = person.account_email ?? person.email
  const status = statusOf({ ...person, removed_at: null }, dayOf(cause.now))
  const roleIds = back.customRoles.map(({ id }) => id)
  try {
    const [changed] = await inTurn(db, actor)
      // As it was read, and until the end: a block that comes now waits, and then sees this place too.
      .with('held', (of) =>
        of
          .selectFrom('account')
          .select('id')
          .where('id', '=', person.account_id)
          .where('version', '=', person.account_version)
          .where(sql<boolean>`blocked_at is not distinct from ${person.blocked_at}::timestamptz`)
          .where(ifTurn)
          .forNoKeyUpdate(),
      )
      .with('changed', (of) =>
        of
          .updateTable('membership')
          .set((eb) => ({
            removed_at: null,
            removed_by: null,
            removed_reason: '',
            status,
            email,
            email_key: person.account_email_key ?? person.email_key,
            username_key: person.account_username_key ?? '',
            has_two_factor: person.two_factor_at !== null,
            search: searchText(person.first_name, person.last_name, email, person.username ?? ''),
            organization_role: back.organizationRole,
            group_id: back.group.id,
            role_ids: roleIds,
            version: eb('version', '+', 1),
          }))
          .where('organization_id', '=', organizationId)
          .where('id', '=', person.id)
          .where('version', '=', person.version)
          .where('removed_at', 'is not', null)
          .where(sql<boolean>`exists (select from held)`)
          .returning('id'),
      )
      .with('roles', (of) =>
        of
          .deleteFrom('membership_role')
          .where('organization_id', '=', organizationId)
          .where('membership_id', '=', person.id)
          .where(sql<boolean>`role_id <> all(${roleIds}::uuid[])`)
          .where(ifChanged),
      )
      .with('direct', (of) =>
        of
          .deleteFrom('membership_permission')
          .where('organization_id', '=', organizationId)
          .where('membership_id', '=', person.id)
          .where(sql<boolean>`permission <> all(${back.direct}::text[])`)
          .where(ifChanged),
      )
      .with('ended', (of) => givenEnds(of, organizationId, cause.now, (eb) => eb('m.id', '=', person.id)))
      .with('unconfirmed', (of) => unconfirm(of, organizationId, (eb) => eb('m.id', '=', person.id)))
      .with('told', (of) =>
        eventsAfter(of, cause, {
          act: 'membership.taken_back',
          organizationId,
          subject: 'membership',
          subjectId: person.id,
          changes: changesOf(person, back, status),
        }),
      )
      .with('written', (of) =>
        letterAfter(of, cause.now, {
          organizationId,
          template: 'membership_taken_back',
          data: { membership_id: person.id },
          to: email,
        }),
      )
      .selectFrom('changed')
      .select(['id', sql<boolean>`exists (select from ended)`.as('ended')])
      .execute()
    if (!changed) throw new TurnLost()
    return { ended: changed.ended }
  } catch (error) {
    if (isTaken(error)) throw new TurnLost()
    throw error
  }
}
