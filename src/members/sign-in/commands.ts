import { sql } from 'kysely'
import { unblock as endBlock, lockOrganizationsOf } from '../../accounts/commands.ts'
import { givenPassword, nextResetLink, triesOf } from '../../passwords/commands.ts'
import type { Actor } from '../../platform/access/actor.ts'
import { eventsAfter, ifTurn, inTurn, TurnLost } from '../../platform/access/turn.ts'
import { type Db, inTransaction } from '../../platform/database/connect.ts'
import type { Cause } from '../../platform/events/record.ts'
import { signLink } from '../../platform/links.ts'
import { letterAfter } from '../../platform/mail/outbox.ts'
import { forgetTries } from '../../platform/web/limits.ts'
import { endSessionsOf } from '../../sessions/lucia.ts'
import type { PersonAndSignIn } from './queries.ts'

type Keys = { key: Buffer; secure: boolean }

/** The account of somebody whom the rules let the actor help: they have one. */
const accountOf = (person: PersonAndSignIn): string => person.account_id as string

/**
 * Ends the block, and with it the waiting time that wrong passwords led to. A transaction, because a block stands in all
 * organizations of an account and is ended under the locks of all of them; one of those is this organization's turn.
 */
export const unblock = (db: Db, cause: Cause, { key }: Keys, actor: Actor, person: PersonAndSignIn): Promise<void> =>
  inTransaction(db, async (trx) => {
    const versions = await lockOrganizationsOf(trx, accountOf(person))
    const { id, accessVersion } = actor.organization
    if (versions.size !== 1 || versions.get(id) !== accessVersion + 1) throw new TurnLost()
    await forgetTries(trx, triesOf(key, person))
    await endBlock(trx, cause, accountOf(person), id)
  })

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

/** Nobody but this organization has the account, as when the rules were asked. */
const stillManaged = sql<boolean>`places_of_account(account.id) = 1`

/**
 * Gives the account a password that its owner must change at the next sign-in, within 72 hours; sessions and reset links end. A
 * transaction, because a sign-in that was on its way with the old password is seen only by a second statement.
 */
export const givePassword = (
  db: Db,
  cause: Cause,
  { secure }: Keys,
  actor: Actor,
  person: PersonAndSignIn,
  password_hash: string,
): Promise<void> =>
  inTransaction(db, async (trx) => {
    const organizationId = actor.organization.id
    const [changed] = await inTurn(trx, actor)
      .with('changed', (of) =>
        of
          .updateTable('account')
          .set((eb) => givenPassword(eb, password_hash, cause.now))
          .where('id', '=', accountOf(person))
          .where('version', '=', person.account_version)
          .where(stillManaged)
          .where(ifTurn)
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
      .select('id')
      .execute()
    if (!changed) throw new TurnLost()
    await endSessionsOf(trx, cause.now, secure, accountOf(person))
  })

/**
 * Makes a link to choose a new password; older ones end. With `block` the old password works no longer, and sessions end, in a
 * transaction for the same reason as above; otherwise it works until the link is used. Gives the token, of a
 * link that is copied and so doesn't prove the address.
 */
export function makeLink(
  db: Db,
  cause: Cause,
  { key, secure }: Keys,
  actor: Actor,
  person: PersonAndSignIn,
  block: boolean,
): Promise<string> {
  const write = async (to: Db) => {
    const [changed] = await inTurn(to, actor)
      .with('changed', (of) =>
        of
          .updateTable('account')
          .set((eb) => ({
            ...nextResetLink(eb, cause.now),
            ...(block ? { password_hash: null, version: eb('version', '+', 1) } : {}),
          }))
          .where('id', '=', accountOf(person))
          .where('reset_generation', '=', person.reset_generation)
          .where(block ? stillManaged : sql<boolean>`true`)
          .where(ifTurn)
          .returning('reset_generation'),
      )
      .with('told', (of) =>
        eventsAfter(of, cause, {
          act: block ? 'password.stopped' : 'password.reset_link_made',
          organizationId: actor.organization.id,
          subject: 'account',
          subjectId: accountOf(person),
        }),
      )
      .selectFrom('changed')
      .select('reset_generation')
      .execute()
    if (!changed) throw new TurnLost()
    return signLink(
      { kind: 'reset', id: accountOf(person), generation: changed.reset_generation, channel: 'copy' },
      key,
    )
  }
  if (!block) return write(db)
  return inTransaction(db, async (trx) => {
    const token = await write(trx)
    await endSessionsOf(trx, cause.now, secure, accountOf(person))
    return token
  })
}
