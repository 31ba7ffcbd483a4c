import { type SqlBool, sql } from 'kysely'
import { nextResetLink } from '../../accounts/reset-link.ts'
import { givenPassword, triesOf } from '../../passwords/commands.ts'
import type { Actor } from '../../platform/access/actor.ts'
import { currentStatus, dayOf } from '../../platform/access/status.ts'
import { eventsAfter, ifTurn, inTurn, TurnLost } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import type { Cause } from '../../platform/events/record.ts'
import { signLink } from '../../platform/links.ts'
import { type Letter, letterAfter } from '../../platform/mail/outbox.ts'
import { noTwoFactor } from '../../two-factor/commands.ts'
import { accountHeld, accountOf, onlyHere } from '../account-held.ts'
import type { PersonAndSignIn } from './queries.ts'

/** Sessions of the account that was changed, also one that began while the act waited for the account. */
const endSessions = sql<number>`end_sessions_of_account(changed.id)`

/** Ends the block, and with it the waiting time that wrong passwords led to. */
export async function unblock(db: Db, cause: Cause, key: Buffer, actor: Actor, person: PersonAndSignIn): Promise<void> {
  const organizationId = actor.organization.id
  const [changed] = await inTurn(db, actor)
    .with('forgotten', (of) =>
      of
        .deleteFrom('try_count')
        .where('key', 'in', triesOf(key, { ...person, id: accountOf(person) }))
        .where(ifTurn)
        .returning('key'),
    )
    .with('held', (of) => accountHeld(of, person).where(sql<SqlBool>`(select count(*) from forgotten) >= 0`))
    .with('changed', (of) =>
      of
        .updateTable('account')
        .set({ blocked_at: null, failed_sign_ins: 0, failed_second_steps: 0 })
        .where('id', '=', accountOf(person))
        .where('blocked_at', 'is not', null)
        .where(onlyHere)
        .returning('id'),
    )
    .with('copied', (of) =>
      of
        .updateTable('membership')
        .set({ status: currentStatus(dayOf(cause.now), false) })
        .where('organization_id', '=', organizationId)
        .where('id', '=', person.id)
        .where(sql<SqlBool>`exists (select from changed)`),
    )
    .with('told', (of) =>
      eventsAfter(of, cause, {
        act: 'account.unblocked',
        organizationId,
        subject: 'account',
        subjectId: accountOf(person),
      }),
    )
    .selectFrom('changed')
    .select('id')
    .execute()
  if (!changed) throw new TurnLost()
}

/** Ends every session of the account, in whatever organization: one statement. Where there is none, nothing has happened. */
export async function signOutEverywhere(db: Db, cause: Cause, actor: Actor, person: PersonAndSignIn): Promise<void> {
  const [turn] = await inTurn(db, actor)
    .with('changed', (of) =>
      of.deleteFrom('session').where('account_id', '=', accountOf(person)).where(ifTurn).returning('account_id'),
    )
    .with('told', (of) =>
      eventsAfter(of, cause, {
        act: 'sessions.ended',
        organizationId: actor.organization.id,
        subject: 'account',
        subjectId: accountOf(person),
      }),
    )
    .selectFrom('turn')
    .select('id')
    .execute()
  if (!turn) throw new TurnLost()
}

/** Gives the account a password that its owner must change at the next sign-in, within 72 hours; sessions and reset links end. */
export async function givePassword(
  db: Db,
  cause: Cause,
  actor: Actor,
  person: PersonAndSignIn,
  password_hash: string,
): Promise<void> {
  const organizationId = actor.organization.id
  const [changed] = await inTurn(db, actor)
    .with('held', (of) => accountHeld(of, person))
    .with('changed', (of) =>
      of
        .updateTable('account')
        .set((eb) => givenPassword(eb, password_hash, actor.membership.id, cause.now))
        .where('id', '=', accountOf(person))
        .where('version', '=', person.account_version)
        .where(onlyHere)
        .returning('id'),
    )
    .with('told', (of) =>
      eventsAfter(of, cause, {
        act: 'password.given',
        organizationId,
        subject: 'account',
        subjectId: accountOf(person),
      }),
    )
    .with('written', (of) =>
      letterAfter(of, cause.now, {
        organizationId,
        template: 'password_changed',
        data: { account_id: accountOf(person) },
        to: person.email,
      }),
    )
    .selectFrom('changed')
    .select(endSessions.as('ended'))
    .execute()
  if (!changed) throw new TurnLost()
}

/**
 * Takes the authenticator and the backup codes away from somebody who lost them: their sessions and reset links end, and at the next
 * sign-in nothing opens before they have enrolled anew.
 */
export async function resetTwoFactor(db: Db, cause: Cause, actor: Actor, person: PersonAndSignIn): Promise<void> {
  const organizationId = actor.organization.id
  const account = accountOf(person)
  const ifChanged = sql<SqlBool>`exists (select from changed)`
  const [changed] = await inTurn(db, actor)
    .with('held', (of) => accountHeld(of, person))
    .with('changed', (of) =>
      of
        .updateTable('account')
        .set((eb) => ({ ...noTwoFactor(eb), must_enroll: true }))
        .where('id', '=', account)
        .where('two_factor_at', 'is not', null)
        .where(onlyHere)
        .returning('id'),
    )
    .with('codes', (of) => of.deleteFrom('backup_code').where('account_id', '=', account).where(ifChanged))
    .with('begun', (of) => of.deleteFrom('enrollment').where('account_id', '=', account).where(ifChanged))
    .with('copied', (of) =>
      of
        .updateTable('membership')
        .set({ has_two_factor: false })
        .where('organization_id', '=', organizationId)
        .where('id', '=', person.id)
        .where(ifChanged),
    )
    .with('told', (of) =>
      eventsAfter(of, cause, { act: 'two_factor.reset', organizationId, subject: 'account', subjectId: account }),
    )
    .with('written', (of) =>
      letterAfter(of, cause.now, {
        organizationId,
        template: 'two_factor_reset',
        data: { account_id: account },
        to: person.email,
      }),
    )
    .selectFrom('changed')
    .select(endSessions.as('ended'))
    .execute()
  if (!changed) throw new TurnLost()
}

/**
 * Makes a link to choose a new password; older ones end. With `block` the old password works no longer, and sessions end;
 * otherwise it works until the link is used. It goes out by letter, where letters do. Else its token is given, of a link that is
 * copied and so doesn't prove the address: only by whoever manages the account, for it would open it to them everywhere.
 */
export async function makeLink(
  db: Db,
  cause: Cause,
  key: Buffer,
  actor: Actor,
  person: PersonAndSignIn,
  { block, mailing }: { block: boolean; mailing: boolean },
): Promise<string | null> {
  const generation = (person.reset_generation ?? 0) + 1
  const letter = { organizationId: actor.organization.id, data: { account_id: accountOf(person) }, to: person.email }
  const letters: Letter[] = [
    ...(mailing
      ? [
          {
            ...letter,
            template: 'reset_link' as const,
            data: { ...letter.data, ...(block && { stopped: true }) },
            generation,
          },
        ]
      : []),
    // Who gets the link from somebody's hand hears that the password is gone, and since when.
    ...(block && !mailing ? [{ ...letter, template: 'password_stopped' as const }] : []),
  ]
  const [changed] = await inTurn(db, actor)
    .with('held', (of) => accountHeld(of, person))
    .with('changed', (of) =>
      of
        .updateTable('account')
        .set((eb) => ({
          ...nextResetLink(eb, cause.now),
          ...(block ? { password_hash: null, version: eb('version', '+', 1) } : {}),
        }))
        .where('id', '=', accountOf(person))
        .where('reset_generation', '=', person.reset_generation)
        .where(block || !mailing ? onlyHere : ifTurn)
        .returning('id'),
    )
    .with('told', (of) =>
      eventsAfter(of, cause, {
        act: block ? 'password.stopped' : 'password.reset_link_made',
        organizationId: actor.organization.id,
        subject: 'account',
        subjectId: accountOf(person),
      }),
    )
    .with('written', (of) => letterAfter(of, cause.now, ...letters))
    .selectFrom('changed')
    .select((block ? endSessions : sql<number>`0`).as('ended'))
    .execute()
  if (!changed) throw new TurnLost()
  const link = { kind: 'reset', id: accountOf(person), generation, channel: 'copy', by: actor.membership.id } as const
  return mailing ? null : signLink(link, key)
}
