import { lockOrganizationsOf, unblock } from '../accounts/commands.ts'
import { nextResetLink } from '../accounts/reset-link.ts'
import { type Db, inTransaction } from '../platform/database/connect.ts'
import { keepAccess } from '../platform/database/locks.ts'
import { accountRow } from '../platform/database/part.ts'
import { type Cause, record } from '../platform/events/record.ts'
import { type Channel, type Link, readLink, signLink } from '../platform/links.ts'
import { post } from '../platform/mail/outbox.ts'
import { forgetTries, limitKey, perLogin, perSecondStep } from '../platform/web/limits.ts'
import { endSessionsOf } from '../sessions/lucia.ts'
import { hashPassword, isPassword } from './hash.ts'
import { accountOfLink, accountToChange, whoseIs } from './queries.ts'
import { passwordErrors } from './rules.ts'
import { isProven } from './second-step.ts'

/** Makes the link with which somebody chooses the password of an account that has none; it works as long as a given password. */
export async function makeFirstLink(db: Db, cause: Cause, key: Buffer, accountId: string): Promise<string> {
  return inTransaction(db, async (trx) => {
    const { reset_generation } = await trx
      .updateTable('account')
      .set((eb) => ({ ...nextResetLink(eb, cause.now), reset_expires_at: new Date(cause.now.getTime() + givenFor) }))
      .where('id', '=', accountId)
      .returning('reset_generation')
      .executeTakeFirstOrThrow()
    await record(trx, cause, { act: 'password.reset_link_made', subject: 'account', subjectId: accountId })
    return signLink({ kind: 'reset', id: accountId, generation: reset_generation, channel: 'copy' }, key)
  })
}

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

/** The link that a token is, while it works, and whether its account has a second step; null for every other one. */
export async function workingResetLink(
  db: Db,
  key: Buffer,
  token: string,
  now: Date,
): Promise<(Link & { twoFactor: boolean; first: boolean }) | null> {
  const link = readLink('reset', token, key)
  const account = link && (await accountOfLink(db, link, now))
  return link && account
    ? { ...link, twoFactor: account.two_factor_at !== null, first: account.password_hash === null }
    : null
}

/**
 * Sets a new password by a reset link: once, ending every session and a block. It signs nobody in. A mailed link
 * proves the address, a copied one doesn't. With a second step it takes the proof of that (second-step.ts). `gone`: the link doesn't work, or stopped working meanwhile.
 */
export async function resetPassword(
  db: Db,
  cause: Cause,
  { key, secure }: { key: Buffer; secure: boolean },
  token: string,
  typed: Typed,
  proof: string | undefined,
): Promise<{ gone: true } | { unproven: true } | { errors: Errors } | { done: true }> {
  const { now } = cause
  const link = readLink('reset', token, key)
  const account = link && (await accountOfLink(db, link, now))
  if (!link || !account) return { gone: true }
  const second = account.two_factor_at !== null
  if (second && !isProven(key, link, proof, now)) return { unproven: true }
  const errors = passwordErrors(typed, whoseIs(account))
  if (errors) return { errors }
  const password_hash = await hashPassword(typed.password)

  return inTransaction(db, async (trx) => {
    // Locks in the order of a sign-in: organizations, counters, account.
    await lockOrganizationsOf(trx, link.id)
    await forgetTries(trx, triesOf(key, account))
    // From here on nobody's access changes: whoever was shown the link may still give it, or it is dead.
    if (link.by && !(await accountOfLink(trx, link, now))) return { gone: true }
    const used = await trx
      .updateTable('account')
      .set((eb) => ({
        ...ownPassword(eb, password_hash),
        ...(link.channel === 'mail' ? { email_verified_at: eb.fn.coalesce('email_verified_at', eb.val(now)) } : {}),
      }))
      .where('id', '=', link.id)
      .where('reset_generation', '=', link.generation)
      .where('reset_expires_at', '>', now)
      .where('two_factor_at', second ? 'is not' : 'is', null)
      .returning('id')
      .executeTakeFirst()
    if (!used) return { gone: true }
    await endSessionsOf(trx, now, secure, link.id)
    const by = { ...cause, actorId: link.id }
    await record(trx, by, { act: 'password.reset', subject: 'account', subjectId: link.id })
    await tellOwner(trx, now, account)
    await unblock(trx, by, link.id)
    return { done: true }
  })
}

/** Whoever chose the password, its owner hears of it: it may have been somebody who read their mail, or stood at their screen. */
const tellOwner = (trx: Db, now: Date, { id, email }: { id: string; email: string }) =>
  post(trx, now, { organizationId: null, template: 'password_changed', data: { account_id: id }, to: email })

/** What an account becomes with a password that only its owner knows: no link made before works anymore. */
export const ownPassword = (eb: unknown, password_hash: string) => ({
  password_hash,
  must_change_password: false,
  password_expires_at: null,
  reset_expires_at: null,
  reset_generation: accountRow(eb)('reset_generation', '+', 1),
  password_given_by: null as string | null,
  added_by: null,
  version: accountRow(eb)('version', '+', 1),
})

/** How long a password works that somebody else gave, in ms; it works for one sign-in, which must change it. */
export const givenFor = 72 * 3_600_000

/** What it becomes with a password that the member `by` knows too. */
export const givenPassword = (eb: unknown, password_hash: string, by: string, now: Date) => ({
  ...ownPassword(eb, password_hash),
  password_given_by: by,
  must_change_password: true,
  password_expires_at: new Date(now.getTime() + givenFor),
})

/** What a new account is with a password that whoever adds it knows. */
export const firstPassword = (password_hash: string, by: string, now: Date) => ({
  password_hash,
  password_given_by: by,
  must_change_password: true,
  password_expires_at: new Date(now.getTime() + givenFor),
})

/** What a new account is without a password: its owner chooses one by a link, which works as long as a given password. */
export const firstLink = (now: Date) => ({
  reset_generation: 1,
  reset_expires_at: new Date(now.getTime() + givenFor),
})

/** The counters of wrong passwords for an account's own logins, and of its wrong codes. */
export const triesOf = (
  key: Buffer,
  account: { id: string; email_key: string; username_key: string | null },
): Buffer[] => [
  ...[account.email_key, account.username_key].flatMap((login) => (login ? [limitKey(key, perLogin, login)] : [])),
  limitKey(key, perSecondStep, account.id),
]

/**
 * Replaces a first password, which somebody else knew, by one's own; every session of the account ends, this one too: the caller
 * starts a new one in `andThen`, inside the transaction. `gone`: there is nothing to change anymore.
 */
export async function changeFirstPassword<T>(
  db: Db,
  cause: Cause,
  secure: boolean,
  accountId: string,
  typed: Typed,
  andThen: (trx: Db, account: { must_enroll: boolean }) => Promise<T>,
): Promise<{ gone: true } | { errors: Errors } | { done: T }> {
  const account = await accountToChange(db, accountId, cause.now)
  if (!account) return { gone: true }
  const errors = passwordErrors(typed, whoseIs(account))
  if (errors) return { errors }
  if (await isPassword(account.password_hash, typed.password))
    return { errors: { password: 'Choose another password: this is the one that you were given' } }
  const password_hash = await hashPassword(typed.password)

  return inTransaction(db, async (trx) => {
    if (account.given) {
      await keepAccess(trx, account.given.organization_id)
      if (!(await accountToChange(trx, accountId, cause.now))) return { gone: true }
    }
    const changed = await trx
      .updateTable('account')
      .set((eb) => ownPassword(eb, password_hash))
      .where('id', '=', accountId)
      .where('must_change_password', '=', true)
      .where('blocked_at', 'is', null)
      .where('password_hash', '=', account.password_hash)
      .returning(['id', 'must_enroll'])
      .executeTakeFirst()
    if (!changed) return { gone: true }
    await endSessionsOf(trx, cause.now, secure, accountId)
    await record(trx, cause, { act: 'password.changed', subject: 'account', subjectId: accountId })
    await tellOwner(trx, cause.now, account)
    return { done: await andThen(trx, changed) }
  })
}
