import { sql } from 'kysely'
import { type Tries, wrongPassword } from '../accounts/tries.ts'
import { changeFirstPassword } from '../passwords/commands.ts'
import { hashPassword, isPassword, needsRehash } from '../passwords/hash.ts'
import type { Stage } from '../platform/access/actor.ts'
import { dayOf } from '../platform/access/status.ts'
import { compiledOnce } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import type { Cause } from '../platform/events/record.ts'
import { turns } from '../platform/turns.ts'
import { givingBack, perAddress } from '../platform/web/limits.ts'
import {
  type Admitting,
  admit,
  admitBy,
  admitting,
  type Browser,
  eventOfStage,
  ownOrFresh,
  type SignedIn,
  stageOf,
  type UpTo,
  usedUp,
} from '../sessions/admission.ts'
import { lacksTwoFactor } from '../two-factor/needed.ts'
import { type AccountOfLogin, beginTry, mayTry } from './try.ts'

type Typed = { login: string; password: string }
type Outcome = { wait: number } | { wrong: true } | { done: SignedIn }
type Keys = { key: Buffer; secure: boolean }

/**
 * Signs in with email or username and password. Every failure is one value, after the same statements and one hash, whether the
 * account is unknown, blocked, without a password or the password wrong (R-03, R-04). A try is counted before it is
 * made: for the login, or for a device that the account knows (R-05); for the network address (R-06); for the account.
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
  const { account, tries } = await beginTry(db, cause, key, typed.login, browser.devices)
  if ('wait' in tries) return tries

  let right: boolean
  try {
    right = await isPassword(mayTry(account, now) ? account.password_hash : null, typed.password)
  } catch (error) {
    await tries.undo()
    throw error
  }
  if (right && account?.password_hash) {
    const rehashed = needsRehash(account.password_hash) ? await hashPassword(typed.password).catch(() => null) : null
    const done = await letIn(db, { ...cause, actorId: account.id }, secure, account, rehashed, browser, tries)
    if (done) return { done }
  }

  await wrongPassword(db, cause, account?.id ?? null, tries)
  return { wrong: true }
}

/**
 * Starts the session of a right password, unless the account was blocked or its password changed since it was read: then null, and
 * it counts as wrong. A first password is used up by this (R-22), or by the second step: of two who sign in with it at once, one
 * gets in.
 */
async function letIn(
  db: Db,
  cause: Cause,
  secure: boolean,
  account: AccountOfLogin,
  rehashed: string | null,
  browser: Browser,
  { own, address }: Tries,
): Promise<SignedIn | null> {
  const stage: Stage = account.two_factor_at ? 'password' : stageOf(account)
  const next = goingOn(stage, account)
  const admission = {
    accountId: account.id,
    stage,
    browser,
    happenings: [{ act: eventOfStage[next], subject: 'account' as const, subjectId: account.id }],
  }
  const enter = lettingIn[browser.devices.length > 0 ? 'showing' : 'fresh'][browser.session ? 'again' : 'first']
  const done = await admitBy(db, cause, secure, admission, (asked) =>
    enter(db, {
      ...asked,
      own,
      address,
      passwordHash: account.password_hash,
      rehashed,
      spentAt: stage === 'new_password' ? usedUp(cause.now) : null,
      mustChange: account.must_change_password,
      mustEnroll: account.must_enroll,
      twoFactorAt: account.two_factor_at,
    }),
  )
  return done && { ...done, stage: next }
}

type LettingIn = Admitting & {
  own: Buffer
  address: Buffer | null
  passwordHash: string | null
  rehashed: string | null
  spentAt: Date | null
  mustChange: boolean
  mustEnroll: boolean
  twoFactorAt: Date | null
}

/** Its planning would take longer than the rest of a sign-in beside the hash; so would the parts that most browsers don't need. */
const lettingInWith = (more: { replaces: boolean; shows: boolean }) =>
  compiledOnce((db, asked: LettingIn) => {
    const still = sql<boolean>`exists (select from account where id = ${asked.accountId}::uuid and blocked_at is null
    and password_hash = ${asked.passwordHash})`
    // Counters before the account, as beginTry takes them.
    const statement = db
      .with('forgotten', (of) => of.deleteFrom('try_count').where('key', '=', asked.own).where(still).returning('key'))
      .with(
        'given_back',
        () =>
          sql<{ key: Buffer }>`(${givingBack(
            asked.address,
            perAddress,
            sql<boolean>`${still} and (select count(*) from forgotten) >= 0`,
          )})`,
      )
      .with('changed', (of) =>
        of
          .updateTable('account')
          .set({
            failed_sign_ins: 0,
            password_hash: sql<string>`coalesce(${asked.rehashed}, password_hash)`,
            password_expires_at: sql<Date>`coalesce(${asked.spentAt}, password_expires_at)`,
          })
          .where('id', '=', asked.accountId)
          .where('blocked_at', 'is', null)
          .where('password_hash', '=', asked.passwordHash)
          .where('must_change_password', '=', asked.mustChange)
          .where('two_factor_at', 'is not distinct from', asked.twoFactorAt)
          .where('must_enroll', '=', asked.mustEnroll)
          .where((eb) => ownOrFresh(eb, asked.now))
          // Of each: without an address given_back asks for nothing, and the account would be held before the counter.
          .where(sql<boolean>`(select count(*) from forgotten) >= 0 and (select count(*) from given_back) >= 0`)
          .returning('id'),
      )
    return admitting(statement as unknown as UpTo<{ id: string }>, asked, { ...more, letters: false })
  })
const plain = { replaces: false, shows: false }
const lettingIn = {
  fresh: { first: lettingInWith(plain), again: lettingInWith({ ...plain, replaces: true }) },
  showing: { first: lettingInWith({ ...plain, shows: true }), again: lettingInWith({ replaces: true, shows: true }) },
}

/** Where somebody goes on with a full session, which opens nothing while an organization requires two-factor (sessions/current.ts). */
const goingOn = (stage: Stage, { lacks_two_factor }: { lacks_two_factor: boolean }): Stage =>
  stage === 'full' && lacks_two_factor ? 'enroll' : stage

/** Starts a session in the caller's transaction for somebody who has just shown that they may. */
export async function start(
  trx: Db,
  cause: Cause,
  secure: boolean,
  accountId: string,
  stage: 'enroll' | 'full',
  browser: Browser,
): Promise<SignedIn> {
  const account = await trx
    .selectFrom('account as a')
    .where('a.id', '=', accountId)
    .select(lacksTwoFactor(dayOf(cause.now)).as('lacks_two_factor'))
    .executeTakeFirstOrThrow()
  const next = goingOn(stage, account)
  const statement = trx.with('changed', (of) => of.selectFrom('account').select('id').where('id', '=', accountId))
  const done = await admit(trx, statement as unknown as UpTo<{ id: string }>, cause, secure, {
    accountId,
    stage,
    browser,
    happenings: [{ act: eventOfStage[next], subject: 'account', subjectId: accountId }],
  })
  if (!done) throw new Error('the account is gone')
  return { ...done, stage: next }
}

/** Replaces the first password of somebody who signed in with it, and signs them in. Values as changeFirstPassword's. */
export const chooseOwnPassword = (
  db: Db,
  cause: Cause,
  secure: boolean,
  accountId: string,
  typed: { password: string; password_again: string },
  browser: Browser,
) =>
  changeFirstPassword(db, cause, secure, accountId, typed, (trx, { must_enroll }) =>
    start(trx, cause, secure, accountId, must_enroll ? 'enroll' : 'full', browser),
  )
