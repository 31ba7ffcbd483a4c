import { sql } from 'kysely'
import { blockAfterFailures, mostWrongCodes } from '../accounts/commands.ts'
import { eventsAfter } from '../platform/access/turn.ts'
import { type Db, inTransaction } from '../platform/database/connect.ts'
import { unseal } from '../platform/database/sealed.ts'
import { type Cause, type Happening, record } from '../platform/events/record.ts'
import { type Letter, letterAfter, post } from '../platform/mail/outbox.ts'
import { counting, inSeconds, limitKey, perSecondStep, secondsLeft } from '../platform/web/limits.ts'
import { ownOrFresh, type UpTo, usedUp } from '../sessions/admission.ts'
import { hashOfCode, readBackupCode } from './backup-codes.ts'
import { readCode, stepOfCode } from './totp.ts'

/** A challenge ends after so many wrong codes. */
const mostGuesses = 5
/** In ms: what an organization's last Admin waits in the place of a block, from the tenth wrong code in a row on. */
const longDelay = 60 * 60_000

/** What the secret of an account's authenticator is sealed for. */
export const secretOf = (accountId: string) => `totp ${accountId}`

/** Whose code it is; `challenge`: the session that waits for it. `typed` is a code of the app or a backup code, `kind` says which. */
export type Guess = {
  accountId: string
  challenge: Buffer | null
  kind: 'code' | 'backup_code'
  typed: string
}

type Counted = {
  waits: boolean | null
  seconds: number | null
  failures: number
  guesses: number | null
  email: string
  totp_secret: string | null
  totp_last_step: string
  two_factor_at: Date | null
  backup_salt: Buffer | null
  must_change_password: boolean
  must_enroll: boolean
  codes_left: number
}

/**
 * A right code, not used up yet: `spend` begins the statement of what it opens. `changed` is the account, if the code is still right
 * and the challenge still there. With `signsIn` a password that somebody gave is used up too.
 */
export type Right = {
  account: Pick<Counted, 'email' | 'must_change_password' | 'must_enroll' | 'codes_left'>
  spend: (db: Db, how?: { signsIn: boolean }) => UpTo<{ id: string }>
}

/**
 * Whether a code of the second step is right: counted before it is looked at, for the account, whatever the page, the browser and the
 * kind of code. Two statements, and one more when it was wrong. `over`: the challenge, or the account's open door, has ended.
 */
export async function guess(
  db: Db,
  cause: Cause,
  key: Buffer,
  asked: Guess,
): Promise<{ wait: number } | { wrong: true; over: boolean } | { right: Right }> {
  const { now } = cause
  const row = limitKey(key, perSecondStep, asked.accountId)
  const counted = await countGuess(db, row, asked, now)
  if (counted?.waits == null) return { wait: inSeconds(counted?.seconds) }
  const right = await rightOf(key, row, asked, counted, now)
  if (right) return { right }
  return { wrong: true, over: await wrongCode(db, cause, key, asked, counted) }
}

async function countGuess(db: Db, row: Buffer, { accountId, challenge }: Guess, now: Date) {
  const { rows } = await sql<Counted>`
    with counted as (${counting(row, perSecondStep, now)}),
      tried as (update account set failed_second_steps = failed_second_steps + 1
        where id = ${accountId}::uuid and exists (select from counted) returning failed_second_steps),
      challenged as (update session set guesses = guesses + 1
        where id_hash = ${challenge}::bytea and exists (select from tried) returning guesses)
    select (select waits from counted) as waits, ${secondsLeft(row, now)} as seconds,
      coalesce((select failed_second_steps from tried), 0) as failures, (select guesses from challenged) as guesses,
      email, totp_secret, totp_last_step::text, two_factor_at, backup_salt, must_change_password, must_enroll,
      (select count(*)::int from backup_code as b where b.account_id = account.id and b.used_at is null) as codes_left
    from account where id = ${accountId}::uuid`.execute(db)
  return rows[0]
}

async function rightOf(key: Buffer, row: Buffer, asked: Guess, account: Counted, now: Date): Promise<Right | null> {
  const { accountId, kind, typed } = asked
  if (!account.two_factor_at) return null
  if (kind === 'code') {
    const code = readCode(typed)
    const sealed = account.totp_secret
    if (!code || !sealed) return null
    const last = Number(account.totp_last_step)
    const step = stepOfCode(unseal(key, secretOf(accountId), sealed), code, now, last)
    if (step === null) return null
    // Two browsers with one code: the row says which came first.
    const unused = sql<boolean>`(totp_last_step < ${step} and totp_secret = ${sealed})`
    return rightCode(row, asked, account, now, unused, { totp_last_step: String(step) })
  }
  const code = readBackupCode(typed)
  if (!code || !account.backup_salt) return null
  const hash = await hashOfCode(code, account.backup_salt)
  const unused = sql<boolean>`exists (select from backup_code as b
    where b.account_id = account.id and b.code_hash = ${hash}::bytea and b.used_at is null)`
  return rightCode(row, asked, account, now, unused, {}, hash)
}

/** Counters, then the account, then what hangs on it, as everybody takes them; a code is spent by whoever is first. */
function rightCode(
  row: Buffer,
  { accountId, challenge }: Guess,
  account: Counted,
  now: Date,
  unused: ReturnType<typeof sql<boolean>>,
  set: { totp_last_step?: string },
  hash?: Buffer,
): Right {
  const spend = (db: Db, { signsIn = false } = {}) =>
    db
      .with('forgotten', (of) =>
        of
          .deleteFrom('try_count')
          .where('key', '=', row)
          .where(sql<boolean>`exists (select from account where id = ${accountId}::uuid and ${unused})`)
          .returning('key'),
      )
      .with('passed', (of) =>
        of
          .updateTable('account')
          .set({
            ...set,
            failed_second_steps: 0,
            ...(signsIn && account.must_change_password ? { password_expires_at: usedUp(now) } : {}),
          })
          .where('id', '=', accountId)
          .where('two_factor_at', 'is not', null)
          .where(unused)
          .where(signsIn ? sql<boolean>`blocked_at is null` : sql<boolean>`true`)
          .where((eb) => (signsIn ? ownOrFresh(eb, now) : sql<boolean>`true`))
          .where(sql<boolean>`(select count(*) from forgotten) >= 0`)
          .returning('id'),
      )
      .with('spent', (of) =>
        of
          .updateTable('backup_code')
          .set({ used_at: now })
          .where('account_id', '=', accountId)
          .where('code_hash', '=', hash ?? Buffer.alloc(0))
          .where('used_at', 'is', null)
          .where(sql<boolean>`exists (select from passed)`)
          .returning('account_id'),
      )
      // Who ended this sign-in while the statement waited for the account has ended it.
      .with('left', (of) =>
        of
          .deleteFrom('session')
          .where('id_hash', '=', challenge ?? Buffer.alloc(0))
          .where(sql<boolean>`${challenge !== null} and exists (select from passed)`)
          .returning('account_id'),
      )
      .with('changed', (of) =>
        of
          .selectFrom('passed')
          .select('id')
          .where(hash ? sql<boolean>`exists (select from spent)` : sql<boolean>`true`)
          .where(challenge ? sql<boolean>`exists (select from "left")` : sql<boolean>`true`),
      ) as unknown as UpTo<{ id: string }>
  return { account, spend }
}

/** So many backup codes left are few. */
export const few = 3

/** What the log and the owner are told of a right code: of a backup code, which somebody else may have found. */
export function toldOf({ accountId, kind }: Guess, { account }: Right): { happenings: Happening[]; letters: Letter[] } {
  if (kind === 'code') return { happenings: [], letters: [] }
  const left = account.codes_left - 1
  const letter = (template: Letter['template']): Letter => ({
    organizationId: null,
    template,
    data: { account_id: accountId, left },
    to: account.email,
  })
  return {
    happenings: [{ act: 'backup_code.used', subject: 'account', subjectId: accountId }],
    letters: [letter('backup_code_used'), ...(left === few ? [letter('backup_codes_low')] : [])],
  }
}

/** Uses a right code up for something that isn't a session. Gives whether it was still right. */
export async function passWith(db: Db, cause: Cause, asked: Guess, right: Right): Promise<boolean> {
  const { happenings, letters } = toldOf(asked, right)
  const [row] = await right
    .spend(db)
    .with('told', (of) => eventsAfter(of, cause, ...happenings))
    .with('written', (of) => letterAfter(of, cause.now, ...letters))
    .selectFrom('changed')
    .select('id')
    .execute()
  return row !== undefined
}

/** After a wrong code, or one that somebody else was quicker with. Gives whether the challenge has ended. */
export async function wrongCode(
  db: Db,
  cause: Cause,
  key: Buffer,
  { accountId, challenge, kind }: Guess,
  { failures, guesses }: { failures: number; guesses: number | null },
): Promise<boolean> {
  const over = guesses !== null && guesses >= mostGuesses
  await record(db, cause, { act: 'two_factor.failed', subject: 'account', subjectId: accountId, changes: { kind } })
  if (over && challenge) await db.deleteFrom('session').where('id_hash', '=', challenge).execute()
  if (failures < mostWrongCodes) return over
  return inTransaction(db, async (trx) => {
    if (await blockAfterFailures(trx, cause, accountId, { codes: true })) return true
    // Without them nobody could let anybody in: they wait instead, and hear of it, once of those who try at the same time.
    const until = new Date(cause.now.getTime() + longDelay)
    const delayed = await trx
      .updateTable('try_count')
      .set({ waits_until: until })
      .where('key', '=', limitKey(key, perSecondStep, accountId))
      .where('waits_until', '<', new Date(until.getTime() - longDelay / 2))
      .returning('key')
      .executeTakeFirst()
    const owner = await trx
      .selectFrom('account')
      .select(['email', 'blocked_at'])
      .where('id', '=', accountId)
      .executeTakeFirst()
    if (delayed && owner && !owner.blocked_at)
      await post(trx, cause.now, {
        organizationId: null,
        template: 'second_step_delayed',
        data: { account_id: accountId },
        to: owner.email,
      })
    return over
  })
}
