import { blockAfterFailures, mostFailures } from '../accounts/commands.ts'
import { changeFirstPassword } from '../passwords/commands.ts'
import { hashPassword, isPassword, needsRehash } from '../passwords/hash.ts'
import type { Stage } from '../platform/access/actor.ts'
import { type Db, inTransaction } from '../platform/database/connect.ts'
import { type Cause, record } from '../platform/events/record.ts'
import { turns } from '../platform/turns.ts'
import { networkOf } from '../platform/web/address.ts'
import { countTry, forgetTries, giveBack, limitKey, perAddress, perDevice, perLogin } from '../platform/web/limits.ts'
import { endSession, startSession } from '../sessions/lucia.ts'
import { hashesOf, rememberDevice } from './devices.ts'
import { type AccountOfLogin, accountOfLogin, loginKey, mayTry } from './queries.ts'

/** The browser that somebody signs in with. `session`: the hash of the one that it has, which ends. */
export type Browser = { userAgent: string; devices: readonly string[]; session: Buffer | null }

/** `session` is a Set-Cookie; `device` the device cookie's new value, after a full sign-in alone. */
export type SignedIn = { stage: Stage; session: string; device: string | null }

type Typed = { login: string; password: string }
type Outcome = { wait: number } | { wrong: true } | { done: SignedIn }
type Keys = { key: Buffer; secure: boolean }

/** Thrown to undo what was counted of a try that isn't made. */
class Wait extends Error {
  readonly seconds: number
  constructor(seconds: number) {
    super('wait')
    this.seconds = seconds
  }
}

/** Nobody has this id: a statement about it does what it does for an account, and finds nothing. */
const nobody = '00000000-0000-0000-0000-000000000000'

/**
 * Signs in with email or username and password. Every failure is one value, after the same statements and one hash, whether the
 * account is unknown, blocked, without a password or the password wrong. A try is counted before it is
 * made: for the login, or for a device that the account knows; for the network address; for the account.
 * `wait`: seconds of a delay, in which nothing is checked and nothing counted. Throws Unavailable when too many sign in at once.
 */
export const signIn = (db: Db, cause: Cause, keys: Keys, typed: Typed, browser: Browser): Promise<Outcome> =>
  inTurn(() => signInNow(db, cause, keys, typed, browser))

/** As many as a queue for two hashes may hold; few enough to leave database connections to those who are in already. */
const inTurn = turns(4, 18)

async function signInNow(
  db: Db,
  cause: Cause,
  { key, secure }: Keys,
  typed: Typed,
  browser: Browser,
): Promise<Outcome> {
  const { now } = cause
  const account = await accountOfLogin(db, typed.login, hashesOf(browser.devices), now)
  const tries = await count(db, cause, key, typed.login, account)
  if ('wait' in tries) return tries

  let right: boolean
  try {
    right = await isPassword(mayTry(account, now) ? account.password_hash : null, typed.password)
  } catch (error) {
    await inTransaction(db, (trx) => tries.undo(trx))
    throw error
  }
  if (right && account?.password_hash) {
    const rehashed = needsRehash(account.password_hash) ? await hashPassword(typed.password).catch(() => null) : null
    const done = await admit(db, { ...cause, actorId: account.id }, secure, account, rehashed, browser, tries.forget)
    if (done) return { done }
  }

  const failed = { act: 'sign_in.failed' as const, subject: 'account' as const, subjectId: account?.id ?? null }
  await record(db, cause, failed, ...(tries.waits ? [{ ...failed, act: 'sign_in.delayed' as const }] : []))
  // Not at each try beyond: to somebody who can't be blocked it would be told by the time it takes.
  if (account && tries.failures >= mostFailures && tries.failures % 10 === 0)
    await inTransaction(db, (trx) => blockAfterFailures(trx, cause, account.id))
  return { wrong: true }
}

type Tries = {
  /** This one started a delay. */
  waits: boolean
  /** In a row on the account, with this one. */
  failures: number
  /** After a success: the counter of the login, or device, begins anew, and the address has one failure less. */
  forget: (trx: Db) => Promise<void>
  /** When it could not be made. */
  undo: (trx: Db) => Promise<void>
}

/** Counts one try everywhere, or nowhere. */
async function count(
  db: Db,
  { now, ip }: Cause,
  key: Buffer,
  login: string,
  account: AccountOfLogin | undefined,
): Promise<Tries | { wait: number }> {
  const own = account?.device
    ? { row: limitKey(key, perDevice, account.device.toString('hex')), limit: perDevice }
    : { row: limitKey(key, perLogin, loginKey(login)), limit: perLogin }
  const address = limitKey(key, perAddress, networkOf(ip))
  try {
    return await inTransaction(db, async (trx) => {
      const counted = await countTry(trx, own.row, own.limit, now)
      if (!counted.counted) return { wait: counted.seconds }
      // Those who sit behind the same address as an attacker still get in from a device that they used before.
      const fromAddress = account?.device
        ? { counted: true as const, waits: false }
        : await countTry(trx, address, perAddress, now)
      if (!fromAddress.counted) throw new Wait(fromAddress.seconds)
      const row = await trx
        .updateTable('account')
        .set((eb) => ({ failed_sign_ins: eb('failed_sign_ins', '+', 1) }))
        .where('id', '=', account?.id ?? nobody)
        .where('blocked_at', 'is', null)
        .returning('failed_sign_ins')
        .executeTakeFirst()
      const fromHere = async (then: Db) => {
        if (!account?.device) await giveBack(then, address, perAddress)
      }
      return {
        waits: counted.waits || fromAddress.waits,
        failures: row?.failed_sign_ins ?? 0,
        forget: async (then: Db) => {
          await forgetTries(then, [own.row])
          await fromHere(then)
        },
        undo: async (then: Db) => {
          await giveBack(then, own.row, own.limit)
          await fromHere(then)
          await then
            .updateTable('account')
            .set((eb) => ({ failed_sign_ins: eb('failed_sign_ins', '-', 1) }))
            .where('id', '=', account?.id ?? nobody)
            .where('failed_sign_ins', '>', 0)
            .execute()
        },
      }
    })
  } catch (error) {
    if (error instanceof Wait) return { wait: error.seconds }
    throw error
  }
}

/** The account changed between the check of its password and now. */
class Overtaken extends Error {}

/**
 * Starts the session of a right password, unless the account was blocked or its password changed since it was read: then null, and
 * it counts as wrong. A first password is used up by this: of two who sign in with it at once, one gets in.
 */
async function admit(
  db: Db,
  cause: Cause,
  secure: boolean,
  account: AccountOfLogin,
  rehashed: string | null,
  browser: Browser,
  forget: (trx: Db) => Promise<void>,
): Promise<SignedIn | null> {
  const { now } = cause
  const first = account.must_change_password
  try {
    return await inTransaction(db, async (trx) => {
      // Counters before the account, as count() takes them.
      await forget(trx)
      const row = await trx
        .updateTable('account')
        .set({
          failed_sign_ins: 0,
          ...(rehashed ? { password_hash: rehashed } : {}),
          ...(first ? { password_expires_at: now } : {}),
        })
        .where('id', '=', account.id)
        .where('blocked_at', 'is', null)
        .where('password_hash', '=', account.password_hash)
        .where('must_change_password', '=', first)
        .where((eb) =>
          eb.or([
            eb('must_change_password', '=', false),
            eb('password_expires_at', 'is', null),
            eb('password_expires_at', '>', now),
          ]),
        )
        .returning('id')
        .executeTakeFirst()
      if (!row) throw new Overtaken()
      const stage: Stage = account.two_factor_at ? 'password' : first ? 'new_password' : 'full'
      const act = {
        password: 'sign_in.second_step_needed',
        new_password: 'sign_in.new_password_needed',
        full: 'sign_in.succeeded',
      } as const
      await record(trx, cause, { act: act[stage], subject: 'account', subjectId: account.id })
      return start(trx, cause, secure, account.id, stage, browser)
    })
  } catch (error) {
    if (error instanceof Overtaken) return null
    throw error
  }
}

/** A new session under a new id; the one that the browser had ends, so that none which somebody planted goes on. */
export async function start(
  trx: Db,
  { now, ip }: Cause,
  secure: boolean,
  accountId: string,
  stage: 'password' | 'new_password' | 'full',
  browser: Browser,
): Promise<SignedIn> {
  if (browser.session) await endSession(trx, browser.session)
  const confirmed = stage === 'full'
  const session = await startSession(trx, now, secure, {
    accountId,
    stage,
    ip,
    userAgent: browser.userAgent,
    confirmed,
  })
  return { stage, session, device: confirmed ? await rememberDevice(trx, now, accountId, browser.devices) : null }
}

/** Replaces the first password of somebody who signed in with it, and signs them in fully. Values as changeFirstPassword's. */
export const chooseOwnPassword = (
  db: Db,
  cause: Cause,
  secure: boolean,
  accountId: string,
  typed: { password: string; password_again: string },
  browser: Browser,
) =>
  changeFirstPassword(db, cause, secure, accountId, typed, async (trx) => {
    await record(trx, cause, { act: 'sign_in.succeeded', subject: 'account', subjectId: accountId })
    return start(trx, cause, secure, accountId, 'full', browser)
  })
