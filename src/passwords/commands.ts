import type { ExpressionBuilder } from 'kysely'
import { lockOrganizationsOf, unblock } from '../accounts/commands.ts'
import { type Db, inTransaction } from '../platform/database/connect.ts'
import type { DB } from '../platform/database/schema.ts'
import { type Cause, record } from '../platform/events/record.ts'
import { type Channel, type Link, readLink, signLink } from '../platform/links.ts'
import { forgetTries, limitKey, perLogin } from '../platform/web/limits.ts'
import { endSessionsOf } from '../sessions/lucia.ts'
import { hashPassword, isPassword } from './hash.ts'
import { accountOfLink, accountToChange, whoseIs } from './queries.ts'
import { passwordErrors } from './rules.ts'

/** How long a reset link works, in ms. */
export const resetFor = 30 * 60_000

/** What an account becomes when a link is made: the one before ends. */
export const nextResetLink = (eb: ExpressionBuilder<DB, 'account'>, now: Date) => ({
  reset_generation: eb('reset_generation', '+', 1),
  reset_expires_at: new Date(now.getTime() + resetFor),
})

type Typed = { password: string; password_again: string }
type Errors = Record<string, string>

/** Makes the account's one working reset link, and ends the one before. Gives the token of /reset-password/:token. */
export async function makeResetLink(
  db: Db,
  cause: Cause,
  key: Buffer,
  { accountId, channel }: { accountId: string; channel: Channel },
): Promise<string | null> {
  return inTransaction(db, async (trx) => {
    const row = await trx
      .updateTable('account')
      .set((eb) => nextResetLink(eb, cause.now))
      .where('id', '=', accountId)
      .returning('reset_generation')
      .executeTakeFirst()
    if (!row) return null
    await record(trx, cause, { act: 'password.reset_link_made', subject: 'account', subjectId: accountId })
    return signLink({ kind: 'reset', id: accountId, generation: row.reset_generation, channel }, key)
  })
}

/** The link that a token is, while it works; null for every other one, whatever the reason. */
export async function workingResetLink(db: Db, key: Buffer, token: string, now: Date): Promise<Link | null> {
  const link = readLink('reset', token, key)
  return link && (await accountOfLink(db, link, now)) ? link : null
}

/**
 * Sets a new password by a reset link: once, ending every session and a block. It signs nobody in. A mailed link
 * proves the address, a copied one doesn't. `gone`: the link doesn't work, or stopped working meanwhile.
 */
export async function resetPassword(
  db: Db,
  cause: Cause,
  { key, secure }: { key: Buffer; secure: boolean },
  token: string,
  typed: Typed,
): Promise<{ gone: true } | { errors: Errors } | { done: true }> {
  const { now } = cause
  const link = readLink('reset', token, key)
  const account = link && (await accountOfLink(db, link, now))
  if (!link || !account) return { gone: true }
  const errors = passwordErrors(typed, whoseIs(account))
  if (errors) return { errors }
  const password_hash = await hashPassword(typed.password)

  return inTransaction(db, async (trx) => {
    // Locks in the order of a sign-in: organizations, counters, account.
    await lockOrganizationsOf(trx, link.id)
    await forgetTries(trx, triesOf(key, account))
    const used = await trx
      .updateTable('account')
      .set((eb) => ({
        ...ownPassword(eb, password_hash),
        ...(link.channel === 'mail' ? { email_verified_at: eb.fn.coalesce('email_verified_at', eb.val(now)) } : {}),
      }))
      .where('id', '=', link.id)
      .where('reset_generation', '=', link.generation)
      .where('reset_expires_at', '>', now)
      .returning('id')
      .executeTakeFirst()
    if (!used) return { gone: true }
    await endSessionsOf(trx, now, secure, link.id)
    const by = { ...cause, actorId: link.id }
    await record(trx, by, { act: 'password.reset', subject: 'account', subjectId: link.id })
    await unblock(trx, by, link.id)
    return { done: true }
  })
}

/** What an account becomes with a password that only its owner knows: no link made before works any more. */
const ownPassword = (eb: ExpressionBuilder<DB, 'account'>, password_hash: string) => ({
  password_hash,
  must_change_password: false,
  password_expires_at: null,
  reset_expires_at: null,
  reset_generation: eb('reset_generation', '+', 1),
  version: eb('version', '+', 1),
})

/** How long a password works that somebody else gave, in ms; it works for one sign-in, which must change it. */
export const givenFor = 72 * 3_600_000

/** What it becomes with a password that somebody else knows. */
export const givenPassword = (eb: ExpressionBuilder<DB, 'account'>, password_hash: string, now: Date) => ({
  ...ownPassword(eb, password_hash),
  must_change_password: true,
  password_expires_at: new Date(now.getTime() + givenFor),
})

/** What a new account is with a password that whoever adds it knows. */
export const firstPassword = (password_hash: string, now: Date) => ({
  password_hash,
  must_change_password: true,
  password_expires_at: new Date(now.getTime() + givenFor),
})

/** What a new account is without a password: its owner chooses one by a link, which works as long as a given password. */
export const firstLink = (now: Date) => ({
  reset_generation: 1,
  reset_expires_at: new Date(now.getTime() + givenFor),
})

/** The counters of wrong passwords for an account's own logins. */
export const triesOf = (key: Buffer, account: { email_key: string; username_key: string | null }): Buffer[] =>
  [account.email_key, account.username_key].flatMap((login) => (login ? [limitKey(key, perLogin, login)] : []))

/**
 * Replaces a first password, which somebody else knew, by one's own; every session of the account ends, this one too: the caller
 * starts a new one in `andThen`, inside the transaction. `gone`: there is nothing to change any more.
 */
export async function changeFirstPassword<T>(
  db: Db,
  cause: Cause,
  secure: boolean,
  accountId: string,
  typed: Typed,
  andThen: (trx: Db) => Promise<T>,
): Promise<{ gone: true } | { errors: Errors } | { done: T }> {
  const account = await accountToChange(db, accountId)
  if (!account) return { gone: true }
  const errors = passwordErrors(typed, whoseIs(account))
  if (errors) return { errors }
  if (await isPassword(account.password_hash, typed.password))
    return { errors: { password: 'Choose another password: this is the one that you were given' } }
  const password_hash = await hashPassword(typed.password)

  return inTransaction(db, async (trx) => {
    const changed = await trx
      .updateTable('account')
      .set((eb) => ownPassword(eb, password_hash))
      .where('id', '=', accountId)
      .where('must_change_password', '=', true)
      .where('blocked_at', 'is', null)
      .where('password_hash', 'is not distinct from', account.password_hash)
      .returning('id')
      .executeTakeFirst()
    if (!changed) return { gone: true }
    await endSessionsOf(trx, cause.now, secure, accountId)
    await record(trx, cause, { act: 'password.changed', subject: 'account', subjectId: accountId })
    return { done: await andThen(trx) }
  })
}
