import { type ExpressionBuilder, type QueryCreator, sql } from 'kysely'
import type { Stage } from '../platform/access/actor.ts'
import { rowsAfter } from '../platform/access/turn.ts'
import type { Db } from '../platform/database/connect.ts'
import { asPart, nothing, partOf } from '../platform/database/part.ts'
import type { DB } from '../platform/database/schema.ts'
import { type Cause, eventRow, type Happening } from '../platform/events/record.ts'
import { type Letter, lettersAfter, mailRow } from '../platform/mail/outbox.ts'
import { type DevicePlaces, deviceSeconds, hashesOf, inPlaces, newDevice, placesOf, withDevice } from './devices.ts'
import { newSessionId, perAccount } from './lucia.ts'
import { type NewDevice, newDeviceOf, tellOfDevice } from './new-device.ts'

/** The browser that somebody signs in with. `session`: the hash of the one that it has, which ends. */
export type Browser = { userAgent: string; devices: readonly string[]; session: Buffer | null }

/** `session` is a Set-Cookie; `device` the device cookie's new value, after a full sign-in alone. */
export type SignedIn = { stage: Stage; session: string; device: string | null }

/** A statement so far, whose part `changed` gives the account's row when it may be let in. */
export type UpTo<T> = QueryCreator<DB & { changed: T }>

/** What is left to do for somebody whose password, and second step where they have one, are right. */
export const stageOf = (account: { must_change_password: boolean; must_enroll: boolean }) =>
  account.must_change_password ? 'new_password' : account.must_enroll ? 'enroll' : 'full'

export const eventOfStage = {
  password: 'sign_in.second_step_needed',
  new_password: 'sign_in.new_password_needed',
  enroll: 'sign_in.enrollment_needed',
  full: 'sign_in.succeeded',
} as const

type Admission = {
  accountId: string
  stage: Stage
  browser: Browser
  happenings: Happening[]
  letters?: Letter[]
}

/** The values of `admitting`. None of them changes its text, so that it can be compiled once. */
export type Admitting = DevicePlaces & {
  accountId: string
  stage: Stage
  /** Whether it is a whole sign-in, and since when it counts as confirmed. */
  full: boolean
  confirmedAt: Date | null
  now: Date
  ip: string
  userAgent: string
  /** Hashes: of the session that starts, the one that ends, and a device that may become known. */
  id: Buffer
  replaced: Buffer
  device: Buffer
  deviceEnds: Date
  events: ReturnType<typeof eventRow>[]
  letters: ReturnType<typeof mailRow>[]
} & NewDevice

/**
 * Ends a statement with the session of whoever it lets in, under a new id; the one that the browser had ends, so that none which
 * somebody planted goes on. A browser that gets in fully becomes known to the account,
 * and its owner hears of one that wasn't. No row when `changed` gave none. Parts that have nothing to do
 * can be left out: the browser `replaces` a session, or `shows` devices; there are other `letters`.
 */
export function admitting(
  statement: UpTo<{ id: string }>,
  asked: Admitting,
  { replaces = true, shows = true, letters = true } = {},
) {
  const { accountId, now } = asked
  const changed = sql<boolean>`exists (select from changed)`
  const ofDevice = sql<boolean>`${asked.full} and exists (select from changed)`
  return statement
    .with('ended', (of) =>
      replaces
        ? asPart(
            partOf(of)
              .deleteFrom('session')
              .where('id_hash', '=', asked.replaced)
              .where(changed)
              .returning('account_id'),
          )
        : nothing(of),
    )
    .with('started', (of) =>
      of
        .insertInto('session')
        .columns(['id_hash', 'account_id', 'stage', 'created_at', 'last_used_at', 'ip', 'user_agent', 'confirmed_at'])
        .expression(
          sql<never>`select ${asked.id}::bytea, ${accountId}::uuid, ${asked.stage}, ${now}::timestamptz, ${now}::timestamptz,
            ${asked.ip}, ${asked.userAgent}, ${asked.confirmedAt}::timestamptz where ${changed}`,
        )
        .returning('account_id'),
    )
    .with('known', (of) =>
      shows
        ? asPart<{ id_hash: Buffer }>(
            partOf(of)
              .updateTable('known_device')
              .set({ expires_at: asked.deviceEnds })
              .where('account_id', '=', accountId)
              .where('id_hash', 'in', inPlaces(asked))
              .where('expires_at', '>', now)
              .where(ofDevice)
              .returning('id_hash'),
          )
        : asPart<{ id_hash: Buffer }>(
            partOf(of).selectFrom('known_device').where(sql<boolean>`false`).select('id_hash'),
          ),
    )
    .with('made', (of) =>
      of
        .insertInto('known_device')
        .columns(['id_hash', 'account_id', 'created_at', 'expires_at'])
        .expression(
          sql<never>`select ${asked.device}::bytea, ${accountId}::uuid, ${now}::timestamptz, ${asked.deviceEnds}::timestamptz
            where ${ofDevice} and not exists (select from known)`,
        )
        .returning('id_hash'),
    )
    .with('told', (of) => rowsAfter(of, asked.events))
    .with('written', (of) => (letters ? lettersAfter(of, asked.letters) : nothing(of)))
    .selectFrom('changed')
    .select([
      sql<Buffer | null>`(select id_hash from known limit 1)`.as('known'),
      tellOfDevice(asked).as('told'),
      sql<number>`end_surplus_sessions(${accountId}::uuid, ${asked.id}::bytea, ${perAccount}::int)`.as('surplus'),
    ])
}

/** Lets in by a statement that ends with `admitting`, whose row `run` gives. Null when there was none. */
export async function admitBy(
  db: Db,
  cause: Cause,
  secure: boolean,
  { accountId, stage, browser, happenings, letters = [] }: Admission,
  run: (asked: Admitting) => Promise<{ known: Buffer | null }[]>,
): Promise<SignedIn | null> {
  const { now, ip } = cause
  const full = stage === 'full'
  const id = newSessionId(db, now, secure)
  const device = newDevice()
  const [row] = await run({
    ...placesOf(hashesOf(browser.devices)),
    ...newDeviceOf(cause, accountId, browser.userAgent),
    accountId,
    stage,
    full,
    confirmedAt: full ? now : null,
    now,
    ip,
    userAgent: browser.userAgent.slice(0, 300),
    id: id.hash,
    replaced: browser.session ?? Buffer.alloc(0),
    device: device.hash,
    deviceEnds: new Date(now.getTime() + deviceSeconds * 1000),
    events: happenings.map((one) => eventRow(cause, one)),
    letters: letters.map((one) => mailRow(now, one)),
  })
  if (!row) return null
  return {
    stage,
    session: id.cookie,
    device: full ? withDevice(browser.devices, row.known, device.id) : null,
  }
}

/** Ends a statement that is built for this time alone with `admitting`, and runs it. Null when `changed` gave no row. */
export const admit = (
  db: Db,
  statement: UpTo<{ id: string }>,
  cause: Cause,
  secure: boolean,
  admission: Admission,
): Promise<SignedIn | null> => admitBy(db, cause, secure, admission, (asked) => admitting(statement, asked).execute())

/**
 * When a first password ended that is used up now: a day ago, so that a request which began before, or by the clock of another
 * machine, finds it over too.
 */
export const usedUp = (now: Date): Date => new Date(now.getTime() - 86_400_000)

/** Somebody's own password, or one that they were given and that is neither used nor too old. */
export const ownOrFresh = (eb: ExpressionBuilder<DB, 'account'>, now: Date) =>
  eb.or([
    eb('must_change_password', '=', false),
    eb('password_expires_at', 'is', null),
    eb('password_expires_at', '>', now),
  ])
