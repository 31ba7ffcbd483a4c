import { type RawBuilder, sql } from 'kysely'
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
export const ofSignedIn = (key: Buffer, accountId: string, device: Buffer | null): Counters => ({
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

type Asked = { accountId: string; row: Buffer; free: number; minutes: number; now: Date }
type Answer = {
  waits: boolean | null
  address_waits: boolean | null
  failures: number | null
  seconds: number | null
  address_seconds: number | null
}

/** The counters of every try grow alike beyond what is free, which their statements are told. */
const growing = ({ free, minutes }: Asked): Growing => ({ kind: '', free, minutes, beyond: 'grow' })

const countThere = compiledOnce((db, asked: Asked & { address: Buffer }) => {
  const { address, now } = asked
  const open = sql<boolean>`not exists (select from try_count where key = ${address}::bytea and waits_until > ${now}::timestamptz)`
  return countingTry(db, asked, counting(asked.row, growing(asked), now, open), {
    counted: counting(address, perAddress, now, sql<boolean>`exists (select from counted)`),
    seconds: secondsLeft(address, now),
  })
})
const countHere = compiledOnce((db, asked: Asked) =>
  countingTry(db, asked, counting(asked.row, growing(asked), asked.now), {
    counted: sql`select false as waits where exists (select from counted)`,
    seconds: sql`null::float8`,
  }),
)

const countingTry = (
  db: Db,
  { accountId, row, now }: Asked,
  counted: RawBuilder<unknown>,
  address: { counted: RawBuilder<unknown>; seconds: RawBuilder<unknown> },
) => {
  const statement = sql<Answer>`
    with counted as (${counted}), from_address as (${address.counted}),
      tried as (update account set failed_sign_ins = failed_sign_ins + 1
        where id = ${accountId}::uuid and blocked_at is null and exists (select from from_address)
        returning failed_sign_ins)
    select (select waits from counted) as waits, (select waits from from_address) as address_waits,
      (select failed_sign_ins from tried) as failures, ${secondsLeft(row, now)} as seconds,
      ${address.seconds} as address_seconds`
  return { compile: () => statement.compile(db) }
}

/**
 * Counts one try everywhere, or nowhere, in one statement, before it is made. `wait`: seconds of a delay, in which nothing is checked
 * and nothing counted.
 */
export async function countPassword(
  db: Db,
  now: Date,
  accountId: string | null,
  { own, address }: Counters,
): Promise<Tries | { wait: number }> {
  const values = { accountId: accountId ?? nobody, row: own.row, free: own.limit.free, minutes: own.limit.minutes, now }
  const rows = await (address ? countThere(db, { ...values, address }) : countHere(db, values))
  const found = rows[0]
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

/** After a wrong password. Gives whether it was one too many, and the account is blocked. */
export async function wrongPassword(db: Db, cause: Cause, accountId: string | null, tries: Tries): Promise<boolean> {
  const failed = { act: 'sign_in.failed' as const, subject: 'account' as const, subjectId: accountId }
  await record(db, cause, failed, ...(tries.waits ? [{ ...failed, act: 'sign_in.delayed' as const }] : []))
  // Not at each try beyond: to somebody who can't be blocked it would be told by the time it takes.
  if (!accountId || tries.failures < mostFailures || tries.failures % 10 !== 0) return false
  return inTransaction(db, (trx) => blockAfterFailures(trx, cause, accountId))
}
