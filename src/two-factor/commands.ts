import { randomBytes } from 'node:crypto'
import { type QueryCreator, sql } from 'kysely'
import { isHeld, onAccount } from '../accounts/held.ts'
import type { Visitor } from '../platform/access/actor.ts'
import { dayOf } from '../platform/access/status.ts'
import { eventsAfter } from '../platform/access/turn.ts'
import type { Db } from '../platform/database/connect.ts'
import { accountRow, asPart, partOf } from '../platform/database/part.ts'
import type { DB } from '../platform/database/schema.ts'
import { seal, unseal } from '../platform/database/sealed.ts'
import type { Cause, Happening } from '../platform/events/record.ts'
import { newId } from '../platform/ids.ts'
import { type Letter, letterAfter } from '../platform/mail/outbox.ts'
import { countTry, limitKey, perEnrollment } from '../platform/web/limits.ts'
import { admit, type Browser, eventOfStage, type UpTo } from '../sessions/admission.ts'
import { newSessionId } from '../sessions/lucia.ts'
import { stillThere } from '../sessions/queries.ts'
import { codesOf, hashOfCode } from './backup-codes.ts'
import { secretOf } from './guess.ts'
import { neededBy } from './needed.ts'
import { type TwoFactor, twoFactorOf } from './queries.ts'
import { driftOf, newSecret, readCode, stepOfCode } from './totp.ts'

export type Keys = { key: Buffer; secure: boolean }

/** What the seed of an account's codes is sealed for, while they aren't saved yet. */
export const seedOf = (accountId: string) => `backup codes ${accountId}`
const newSeed = (key: Buffer, accountId: string) => seal(key, seedOf(accountId), randomBytes(16).toString('base64url'))

/** The secret that somebody is about to put into their app. */
export const secretToShow = (key: Buffer, { id, secret }: TwoFactor): string => unseal(key, secretOf(id), secret ?? '')

/** The codes that somebody is about to save. */
export const codesToSave = (key: Buffer, { id, code_seed }: TwoFactor): string[] =>
  codesOf(unseal(key, seedOf(id), code_seed ?? ''))

/** Begins, or begins again with a new secret; what is in force stays so until the new one has shown that it works. */
export async function begin(db: Db, { now }: Cause, key: Buffer, accountId: string, what: 'app' | 'codes') {
  const row = {
    id: newId(),
    secret: what === 'app' ? seal(key, secretOf(accountId), newSecret()) : null,
    code_seed: what === 'codes' ? newSeed(key, accountId) : null,
    confirmed_step: null,
    created_at: now,
  }
  const kind =
    what === 'codes' ? sql<string>`'codes'` : sql<string>`case when two_factor_at is null then 'on' else 'replace' end`
  await db
    .insertInto('enrollment')
    .columns(['account_id', 'id', 'kind', 'secret', 'code_seed', 'confirmed_step', 'created_at'])
    .expression((eb) =>
      eb
        .selectFrom('account')
        .where('id', '=', accountId)
        .where((of) => (what === 'codes' ? of('two_factor_at', 'is not', null) : of.val(true)))
        .select([
          'id',
          sql<string>`${row.id}::uuid`.as('enrollment'),
          kind.as('kind'),
          sql<string>`${row.secret}::text`.as('secret'),
          sql<string>`${row.code_seed}::text`.as('code_seed'),
          sql<string>`null::bigint`.as('confirmed_step'),
          sql<Date>`${now}::timestamptz`.as('created_at'),
        ]),
    )
    .onConflict((of) => of.column('account_id').doUpdateSet((eb) => ({ ...row, kind: eb.ref('excluded.kind') })))
    .execute()
}

/** Enrollments that nobody ended; for an hourly run. */
export async function forgetOldEnrollments(db: Db, now: Date): Promise<void> {
  await db
    .deleteFrom('enrollment')
    .where('created_at', '<', new Date(now.getTime() - 24 * 3_600_000))
    .execute()
}

/** What an act on one's own two-factor needs: who, by which session, which goes on under a new id. */
type Own = { visitor: Visitor; keys: Keys }
type Refused = { gone: true } | { stale: true } | { wait: number } | { errors: Record<string, string> }

/** `minutes` of drift, as somebody is told of it. */
const offBy = (minutes: number) =>
  `The clock of your phone seems to be about ${Math.abs(minutes)} ${Math.abs(minutes) === 1 ? 'minute' : 'minutes'} ${minutes > 0 ? 'ahead' : 'behind'}, so its codes don’t fit. Set its time to automatic, then enter the next code`
const notRight =
  'This code isn’t right. Wait until the app shows the next one and enter that. If it goes on, set the time of your phone to automatic: codes only fit when its clock is right'

/**
 * Shows that the new authenticator works. A first one then waits for its backup codes to be saved; one that takes another's place does
 * so at once. `stale`: the page was opened before the last beginning, and shows another secret; `gone`: nothing was begun.
 */
export async function confirmApp(
  db: Db,
  cause: Cause,
  { visitor, keys }: Own,
  typed: { code: string; enrollment: string },
): Promise<Refused | { next: 'codes' } | { cookie: string }> {
  const { now } = cause
  const accountId = visitor.account.id
  const own = await twoFactorOf(db, visitor, now)
  if (!own.enrollment || !own.secret) return { gone: true }
  if (own.enrollment !== typed.enrollment) return { stale: true }
  if (own.confirmed_step !== null) return { next: 'codes' }
  const tried = await countTry(db, limitKey(keys.key, perEnrollment, accountId), perEnrollment, now)
  if (!tried.counted) return { wait: tried.seconds }
  const code = readCode(typed.code)
  if (!code) return { errors: { code: 'Enter the six digits that the app shows' } }
  const secret = secretToShow(keys.key, own)
  const step = stepOfCode(secret, code, now, 0)
  if (step === null) {
    const minutes = driftOf(secret, code, now)
    return { errors: { code: minutes === null ? notRight : offBy(minutes) } }
  }
  if (own.kind === 'replace') return replaceApp(db, cause, { visitor, keys }, own, step)
  const row = await db
    .updateTable('enrollment')
    .set({ confirmed_step: String(step), code_seed: newSeed(keys.key, accountId) })
    .where('account_id', '=', accountId)
    .where('id', '=', own.enrollment)
    .where('confirmed_step', 'is', null)
    .returning('id')
    .executeTakeFirst()
  return row ? { next: 'codes' } : { stale: true }
}

const isTurned = sql<boolean>`exists (select from turned)`

/** Links to choose a password, and forms of others that show how the account was, work no longer. */
const newVersion = (eb: unknown) => ({
  reset_expires_at: null,
  reset_generation: accountRow(eb)('reset_generation', '+', 1),
  version: accountRow(eb)('version', '+', 1),
})

/** An account without a second step. */
export const noTwoFactor = (eb: unknown) => ({
  totp_secret: null,
  totp_last_step: '0',
  two_factor_at: null,
  backup_salt: null,
  backup_made_at: null,
  failed_second_steps: 0,
  ...newVersion(eb),
})

const letterOf = (template: Letter['template'], { id, email }: { id: string; email: string }, data = {}): Letter => ({
  organizationId: null,
  template,
  data: { account_id: id, ...data },
  to: email,
})

const event = (act: Happening['act'], id: string): Happening => ({ act, subject: 'account', subjectId: id })

type Turned = QueryCreator<DB & { turned: { id: string } }>

/** Ends an act on one's own two-factor: copies, other sessions and what is told. Gives the Set-Cookie of the session that goes on. */
async function carriedOut(
  db: Db,
  statement: Turned,
  cause: Cause,
  { visitor, keys }: Own,
  told: { twoFactor: boolean; happening: Happening; letter: Letter },
): Promise<{ gone: true } | { cookie: string }> {
  const next = newSessionId(db, cause.now, keys.secure)
  const [row] = await statement
    .with('changed', (of) =>
      of
        .selectFrom('turned')
        .select([
          'id',
          sql<number>`copy_two_factor(id, ${told.twoFactor})`.as('copied'),
          sql<number>`keep_one_session(id, ${visitor.session.idHash}::bytea, ${next.hash}::bytea)`.as('ended'),
        ]),
    )
    .with('told', (of) => eventsAfter(of, cause, told.happening))
    .with('written', (of) => letterAfter(of, cause.now, told.letter))
    .selectFrom('changed')
    .selectAll()
    .execute()
  return row ? { cookie: next.cookie } : { gone: true }
}

const over = (accountId: string, enrollment: string) => (of: unknown) =>
  asPart(
    partOf(of)
      .deleteFrom('enrollment')
      .where('account_id', '=', accountId)
      .where('id', '=', enrollment)
      .where(isHeld)
      .returning(['secret', 'confirmed_step']),
  )
const isOver = sql<boolean>`exists (select from over)`

async function replaceApp(db: Db, cause: Cause, own: Own, account: TwoFactor, step: number) {
  const statement = onAccount(db, account.id)
    .with('over', over(account.id, account.enrollment ?? ''))
    .with('turned', (of) =>
      of
        .updateTable('account')
        .set((eb) => ({ totp_secret: account.secret, totp_last_step: String(step), ...newVersion(eb) }))
        .where('id', '=', account.id)
        .where('two_factor_at', 'is not', null)
        .where(isOver)
        .where(stillThere(own.visitor))
        .returning('id'),
    )
  return carriedOut(db, statement as unknown as Turned, cause, own, {
    twoFactor: true,
    happening: event('two_factor.replaced', account.id),
    letter: letterOf('two_factor_on', account, { replaced: true }),
  })
}

type NewCodes = { salt: Buffer; hashes: string[] }

async function hashed(codes: string[]): Promise<NewCodes> {
  const salt = randomBytes(16)
  const hashes: string[] = []
  for (const code of codes) hashes.push((await hashOfCode(code, salt)).toString('hex'))
  return { salt, hashes }
}

/** The new set in the place of the old one, which is void. */
const codesPut = (accountId: string, { hashes }: NewCodes) => ({
  old: (of: unknown) =>
    asPart(
      partOf(of).deleteFrom('backup_code').where('account_id', '=', accountId).where(isTurned).returning('account_id'),
    ),
  new: (of: unknown) =>
    asPart(
      partOf(of)
        .insertInto('backup_code')
        .columns(['account_id', 'code_hash'])
        .expression(
          sql<never>`select ${accountId}::uuid, decode(h, 'hex') from unnest(${hashes}::text[]) as h where ${isTurned}`,
        )
        .returning('account_id'),
    ),
})

/**
 * The codes are saved: with a first set two-factor is on from now, everything at once; a later one takes the place of the one before.
 * At the stage of enrolling it is the end of signing in.
 */
export async function finish(
  db: Db,
  cause: Cause,
  { visitor, keys }: Own,
  enrollment: string,
  browser: Browser,
): Promise<
  { gone: true } | { stale: true } | { done: 'codes' } | { done: 'on'; cookie: string; device: string | null }
> {
  const { now } = cause
  const account = await twoFactorOf(db, visitor, now)
  if (!account.enrollment || !account.code_seed) return { gone: true }
  if (account.enrollment !== enrollment) return { stale: true }
  const codes = await hashed(codesToSave(keys.key, account))
  const set = { backup_salt: codes.salt, backup_made_at: now }
  const put = codesPut(account.id, codes)
  const first = account.kind === 'on'
  const statement = onAccount(db, account.id, { turns: first })
    .with('over', over(account.id, enrollment))
    .with('turned', (of) =>
      of
        .updateTable('account')
        .set((eb) => ({
          ...set,
          ...(first
            ? {
                totp_secret: account.secret,
                totp_last_step: account.confirmed_step ?? '0',
                two_factor_at: now,
                must_enroll: false,
                failed_second_steps: 0,
                ...newVersion(eb),
              }
            : {}),
        }))
        .where('id', '=', account.id)
        .where('two_factor_at', first ? 'is' : 'is not', null)
        .where(isOver)
        .where(stillThere(visitor))
        .returning('id'),
    )
    .with('old', put.old)
    .with('new', put.new) as unknown as Turned
  if (!first) {
    const [row] = await statement
      .with('changed', (of) => of.selectFrom('turned').select('id'))
      .with('told', (of) => eventsAfter(of, cause, event('backup_codes.made', account.id)))
      .with('written', (of) => letterAfter(of, now, letterOf('backup_codes_made', account)))
      .selectFrom('changed')
      .select('id')
      .execute()
    return row ? { done: 'codes' } : { gone: true }
  }
  const told = {
    twoFactor: true,
    happening: event('two_factor.on', account.id),
    letter: letterOf('two_factor_on', account),
  }
  if (visitor.session.stage === 'enroll') {
    const entered = statement
      .with('others', (of) =>
        of.deleteFrom('session').where('account_id', '=', account.id).where(isTurned).returning('account_id'),
      )
      .with('changed', (of) =>
        of.selectFrom('turned').select(['id', sql<number>`copy_two_factor(id, true)`.as('copied')]),
      ) as unknown as UpTo<{ id: string }>
    const done = await admit(db, entered, cause, keys.secure, {
      accountId: account.id,
      stage: 'full',
      browser: { ...browser, session: null },
      happenings: [told.happening, event(eventOfStage.full, account.id)],
      letters: [told.letter],
    })
    return done ? { done: 'on', cookie: done.session, device: done.device } : { gone: true }
  }
  const result = await carriedOut(db, statement, cause, { visitor, keys }, told)
  return 'gone' in result ? result : { done: 'on', cookie: result.cookie, device: null }
}

/**
 * Turns two-factor off: the app, the codes and what is begun; signing in asks for the password alone from now on. Not where an
 * organization requires it by now.
 */
export async function turnOff(db: Db, cause: Cause, own: Own): Promise<{ gone: true } | { cookie: string }> {
  const { id, email } = own.visitor.account
  const statement = cleared(
    onAccount(db, id).with('turned', (of) =>
      of
        .updateTable('account')
        .set((eb) => noTwoFactor(eb))
        .where('id', '=', id)
        .where('two_factor_at', 'is not', null)
        .where(sql<boolean>`not ${neededBy(sql`account.id`, dayOf(cause.now))}`)
        .where(isHeld)
        .where(stillThere(own.visitor))
        .returning('id'),
    ) as unknown as Turned,
    id,
  )
  return carriedOut(db, statement, cause, own, {
    twoFactor: false,
    happening: event('two_factor.off', id),
    letter: letterOf('two_factor_off', { id, email }),
  })
}

/** With an authenticator go its codes, and an enrollment that isn't over. */
const cleared = (statement: Turned, accountId: string): Turned =>
  statement
    .with('codes', (of) => of.deleteFrom('backup_code').where('account_id', '=', accountId).where(isTurned))
    .with('begun', (of) =>
      of.deleteFrom('enrollment').where('account_id', '=', accountId).where(isTurned),
    ) as unknown as Turned

/** The operator's reset: every session ends, and whoever signs in next must enroll anew. Gives whether there was anything to reset. */
export async function resetTwoFactor(db: Db, cause: Cause, account: { id: string; email: string }): Promise<boolean> {
  const { id } = account
  const [row] = await cleared(
    onAccount(db, id).with('turned', (of) =>
      of
        .updateTable('account')
        .set((eb) => ({ ...noTwoFactor(eb), must_enroll: true }))
        .where('id', '=', id)
        .where('two_factor_at', 'is not', null)
        .where(isHeld)
        .returning('id'),
    ) as unknown as Turned,
    id,
  )
    .with('changed', (of) =>
      of
        .selectFrom('turned')
        .select([
          'id',
          sql<number>`copy_two_factor(id, false)`.as('copied'),
          sql<number>`end_sessions_of_account(id)`.as('ended'),
        ]),
    )
    .with('told', (of) => eventsAfter(of, cause, event('two_factor.reset', id)))
    .with('written', (of) => letterAfter(of, cause.now, letterOf('two_factor_reset', account)))
    .selectFrom('changed')
    .selectAll()
    .execute()
  return row !== undefined
}
