import { type Expression, sql } from 'kysely'
import { compiledOnce } from '../platform/database/compiled-once.ts'
import { type Db, inTransaction } from '../platform/database/connect.ts'
import { type Cause, record } from '../platform/events/record.ts'
import {
  counting,
  type Growing,
  giveBack,
  inSeconds,
  limitKey,
  perAddress,
  perConfirmation,
  perDevice,
  secondsLeft,
} from '../platform/web/limits.ts'
import { blockAfterFailures, mostFailures } from './commands.ts'

/*
 * Tries of a password, wherever one is typed: at the door, where somebody signed in shows that it is they, and where they choose
 * another. All of them count to the hundred in a row that block an account.
 */

/** Nobody has this id: a statement about it does what it does for an account, and finds nothing. */
const nobody = '00000000-0000-0000-0000-000000000000'

type Counter = { row: Buffer; limit: Growing }
/** Where a try is counted: `own` begins anew with a right one, of the network `address` it takes one back. */
export type Counters = { own: Counter; address: Buffer | null }

/** Of a browser that the account knows: the same at the door and behind it. */
export const ofDevice = (key: Buffer, device: Buffer): Counter => ({
  row: limitKey(key, perDevice, device.toString('hex')),
  limit: perDevice,
})

/**
 * Of somebody signed in. Where the browser isn't known it is a counter that strangers at the door don't reach, so that they can't
 * keep anybody from what they are about to do.
 */
export const ofSignedIn = (key: Buffer, accountId: string, device: Buffer | null): Counters & { address: null } => ({
  own: device ? ofDevice(key, device) : { row: limitKey(key, perConfirmation, accountId), limit: perConfirmation },
  address: null,
})

export type Tries = {
  /** This one started a delay. */
  waits: boolean
  /** In a row on the account, with this one. */
  failures: number
  /** After a success: this counter, of the login or device, begins anew, and the address has one failure less. */
  own: Buffer
  address: Buffer | null
  /** When it could not be made. */
  undo: () => Promise<void>
}

type Found = {
  waits: boolean | null
  address_waits: boolean | null
  failures: number | null
  seconds: number | null
  address_seconds: number | null
}

type Own = { row: Expression<Buffer>; free: Expression<number>; minutes: Expression<number> }

/**
 * Counts one try everywhere, or nowhere, as parts of a statement, and the columns of it that `triesOf` reads. What `address` has for the
 * network: `open`, whether it was when the statement began; `parts`, of which `from_address` has a row with `waits` once `counted` has
 * one, unless it was closed meanwhile; `seconds`, how long it is.
 */
export const countingTry = (
  now: Date,
  account: Expression<string>,
  own: Own,
  address: { open: Expression<boolean>; parts: Expression<unknown>; seconds: Expression<unknown> },
) => ({
  parts: sql`counted as (${counting(own.row, { ...own, beyond: 'grow' }, now, sql<boolean>`${address.open}`)}),
    ${address.parts},
    tried as (update account set failed_sign_ins = failed_sign_ins + 1
      where id = ${account} and blocked_at is null and exists (select from from_address)
      returning failed_sign_ins)`,
  columns: sql<Found>`(select waits from counted) as waits, (select waits from from_address) as address_waits,
    (select failed_sign_ins from tried) as failures, ${secondsLeft(own.row, now)} as seconds,
    ${address.seconds} as address_seconds`,
})

/** What came of counting: `wait` are seconds of a delay, in which nothing is checked and nothing was counted. */
export async function triesOf(
  db: Db,
  found: Found | undefined,
  accountId: string | null,
  { own, address }: Counters,
): Promise<Tries | { wait: number }> {
  const [left, leftThere] = [found?.seconds ?? 0, found?.address_seconds ?? 0]
  if (typeof found?.waits !== 'boolean') return { wait: inSeconds(left > 0 ? left : leftThere > 0 ? leftThere : null) }
  if (typeof found.address_waits !== 'boolean') {
    // A try beside this one has just closed the address.
    await giveBack(db, own.row, own.limit)
    return { wait: inSeconds(null) }
  }
  return {
    waits: found.waits || found.address_waits,
    failures: found.failures ?? 0,
    own: own.row,
    address,
    undo: () =>
      inTransaction(db, async (trx) => {
        await giveBack(trx, own.row, own.limit)
        if (address) await giveBack(trx, address, perAddress)
        await trx
          .updateTable('account')
          .set((eb) => ({ failed_sign_ins: eb('failed_sign_ins', '-', 1) }))
          .where('id', '=', accountId ?? nobody)
          .where('failed_sign_ins', '>', 0)
          .execute()
      }),
  }
}

const countHere = compiledOnce(
  (db, asked: { accountId: string; row: Buffer; free: number; minutes: number; now: Date }) => {
    const own = {
      row: sql<Buffer>`${asked.row}::bytea`,
      free: sql<number>`${asked.free}::int`,
      minutes: sql<number>`${asked.minutes}::int`,
    }
    const { parts, columns } = countingTry(asked.now, sql<string>`${asked.accountId}::uuid`, own, {
      open: sql<boolean>`true`,
      parts: sql`from_address as (select false as waits where exists (select from counted))`,
      seconds: sql`null::float8`,
    })
    const statement = sql<Found>`with ${parts} select ${columns}`
    return { compile: () => statement.compile(db) }
  },
)

/** Counts a try of somebody signed in before it is made, in one statement. */
export async function countPassword(db: Db, now: Date, accountId: string, counters: Counters & { address: null }) {
  const { row, limit } = counters.own
  const [found] = await countHere(db, { accountId, row, free: limit.free, minutes: limit.minutes, now })
  return triesOf(db, found, accountId, counters)
}

/** After a wrong password. Gives whether it was one too many, and the account is blocked. */
export async function wrongPassword(db: Db, cause: Cause, accountId: string | null, tries: Tries): Promise<boolean> {
  const failed = { act: 'sign_in.failed' as const, subject: 'account' as const, subjectId: accountId }
  await record(db, cause, failed, ...(tries.waits ? [{ ...failed, act: 'sign_in.delayed' as const }] : []))
  // Not at each try beyond: to somebody who can't be blocked it would be told by the time it takes.
  if (!accountId || tries.failures < mostFailures || tries.failures % 10 !== 0) return false
  return inTransaction(db, (trx) => blockAfterFailures(trx, cause, accountId))
}
