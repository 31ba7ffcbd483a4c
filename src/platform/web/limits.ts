import { createHmac } from 'node:crypto'
import { sql } from 'kysely'
import type { Db } from '../database/connect.ts'
import { derive } from '../database/key.ts'

/**
 * How many tries are free within `minutes`, and what comes then: `grow` waits 1, 2, 4 … s, at most 15 min, and begins anew after
 * `minutes` without a counted try; `close` refuses until the window in which they were counted is over.
 */
export type Limit = { kind: string; free: number; minutes: number; beyond: 'grow' | 'close' }

/** Wrong passwords for one login, whether or not somebody has it. */
export const perLogin: Limit = { kind: 'login', free: 5, minutes: 15, beyond: 'grow' }
/** Wrong passwords from a browser that the account knows. */
export const perDevice: Limit = { kind: 'device', free: 10, minutes: 15, beyond: 'grow' }
/** Wrong passwords from one network address. */
export const perAddress: Limit = { kind: 'address', free: 20, minutes: 5, beyond: 'close' }

/** Links to choose a new password, for one address. */
export const perResetLink: Limit = { kind: 'reset link', free: 3, minutes: 60, beyond: 'close' }

/** Links to confirm a new address, for one account. */
export const perEmailChange: Limit = { kind: 'email change', free: 5, minutes: 60, beyond: 'close' }

/** Addresses that one person tries to add: the answer says whether there is an account anywhere. */
export const perNewAddress: Limit = { kind: 'new address', free: 200, minutes: 60, beyond: 'close' }

const longest = 15 * 60

/** The row of a counter. Keyed, so that the table tells nobody which logins were tried. */
export const limitKey = (key: Buffer, { kind }: Limit, whose: string): Buffer =>
  createHmac('sha256', derive(key, 'limits')).update(`${kind}\n${whose}`).digest()

export type Counted = { counted: true; waits: boolean } | { counted: false; seconds: number }

/**
 * Counts a try before it is made, so that tries side by side are counted too, in one statement. While a delay runs the try isn't
 * counted, must not be made, and `seconds` says how long that lasts. `waits`: this try is the one that started a delay.
 */
export async function countTry(db: Db, row: Buffer, limit: Limit, now: Date): Promise<Counted> {
  const at = sql<Date>`${now}::timestamptz`
  const window = sql`make_interval(mins => ${limit.minutes}::int)`
  const over =
    limit.beyond === 'grow'
      ? sql<boolean>`(t.last_at <= ${at} - ${window} or (t.count < ${limit.free} and t.counted_from <= ${at} - ${window}))`
      : sql<boolean>`t.counted_from <= ${at} - ${window}`
  const count = sql<number>`case when ${over} then 1 else t.count + 1 end`
  const from = sql<Date>`case when ${over} then ${at} else t.counted_from end`
  const delay =
    limit.beyond === 'grow'
      ? sql`${at} + make_interval(secs => least(power(2, least(${count} - ${limit.free}, 20)), ${longest}))`
      : sql`${from} + ${window}`
  const { rows } = await sql<{ waits: boolean | null; seconds: number | null }>`
    with counted as (
      insert into try_count as t (key, count, counted_from, last_at)
      values (${row}::bytea, 1, ${at}, ${at})
      on conflict (key) do update set count = ${count}, counted_from = ${from}, last_at = ${at},
        waits_until = case when ${count} >= ${limit.free} then ${delay} else '-infinity' end
      where t.waits_until <= ${at}
      returning t.waits_until > ${at} as waits
    )
    select (select waits from counted) as waits,
      (select extract(epoch from waits_until - ${at})::float8 from try_count
        where key = ${row}::bytea and waits_until > '-infinity') as seconds`.execute(db)
  const found = rows[0]
  if (typeof found?.waits === 'boolean') return { counted: true, waits: found.waits }
  // A try beside this one may have started the delay just now: its length isn't seen yet.
  return { counted: false, seconds: Math.max(1, Math.ceil(found?.seconds ?? 1)) }
}

/** Takes a counted try back: it succeeded, or it was never made. */
export async function giveBack(db: Db, row: Buffer, limit: Limit): Promise<void> {
  await sql`update try_count set count = count - 1,
      waits_until = case when count - 1 < ${limit.free} then '-infinity' else waits_until end
    where key = ${row}::bytea and count > 0`.execute(db)
}

/** Begins these counters anew. */
export async function forgetTries(db: Db, rows: readonly Buffer[]): Promise<void> {
  // In one order, so that two who forget the same ones don't wait for each other.
  for (const row of [...rows].sort(Buffer.compare)) await db.deleteFrom('try_count').where('key', '=', row).execute()
}

/** Clears away counters that no longer mean anything; for an hourly run. */
export async function forgetOldTries(db: Db, now: Date): Promise<void> {
  await db
    .deleteFrom('try_count')
    .where('last_at', '<', new Date(now.getTime() - 4 * longest * 1000))
    .execute()
}
