import { createHmac } from 'node:crypto'
import { type Expression, sql } from 'kysely'
import type { Db } from '../database/connect.ts'
import { derive } from '../database/key.ts'

/**
 * How many tries are free within `minutes`, and what comes then: `grow` waits 1, 2, 4 … s, at most 15 min, and begins anew after
 * `minutes` without a counted try; `close` refuses until the window in which they were counted is over.
 */
export type Limit = { kind: string; free: number; minutes: number; beyond: 'grow' | 'close' }
export type Growing = Limit & { beyond: 'grow' }

/** Wrong passwords for one login, whether or not somebody has it (R-05). */
export const perLogin: Growing = { kind: 'login', free: 5, minutes: 15, beyond: 'grow' }
/** Wrong passwords from a browser that the account knows (R-05). */
export const perDevice: Growing = { kind: 'device', free: 10, minutes: 15, beyond: 'grow' }
/** Wrong passwords from one network address (R-06). */
export const perAddress: Limit = { kind: 'address', free: 20, minutes: 5, beyond: 'close' }

/** Codes of the second step, of whatever kind and on whatever page, for one account (R-08). */
export const perSecondStep: Limit = { kind: 'second step', free: 5, minutes: 15, beyond: 'close' }
/** Codes that are to show that a new authenticator works: they open nothing. */
export const perEnrollment: Limit = { kind: 'enrollment', free: 30, minutes: 15, beyond: 'close' }
/** Passwords by which somebody signed in shows that it is still they (R-15). */
export const perConfirmation: Growing = { kind: 'confirmation', free: 5, minutes: 15, beyond: 'grow' }

/** Links to choose a new password, for one address (R-06). */
export const perResetLink: Limit = { kind: 'reset link', free: 3, minutes: 60, beyond: 'close' }

/** Letters to one address that others can cause (R-06); beyond it they come later. */
export const perMailbox: Limit = { kind: 'mailbox', free: 10, minutes: 60, beyond: 'close' }

/** Links to choose a forgotten password, asked for from one network address, and for one account's address (R-06). */
export const perAsker: Limit = { kind: 'asker', free: 5, minutes: 60, beyond: 'close' }
export const perForgotten: Limit = { kind: 'forgotten', free: 3, minutes: 60, beyond: 'close' }

/** Links to confirm a new address, for one account (R-06). */
export const perEmailChange: Limit = { kind: 'email change', free: 5, minutes: 60, beyond: 'close' }

/** Addresses that one person tries to add: the answer says whether there is an account anywhere. */
export const perNewAddress: Limit = { kind: 'new address', free: 200, minutes: 60, beyond: 'close' }

/** Usernames that one person gives to others or takes, and that are refused: each answer says that somebody on the installation has it. */
export const perUsername: Limit = { kind: 'username', free: 20, minutes: 60, beyond: 'close' }

/** Pictures that one account sends: each is work for a processor, whatever becomes of it (R-35). */
export const perPicture: Limit = { kind: 'picture', free: 30, minutes: 60, beyond: 'close' }

/** Links to join that don't work, and new ones asked for, from one network address (R-06). */
export const perJoin: Limit = { kind: 'join', free: 20, minutes: 60, beyond: 'close' }

const longest = 15 * 60

/** The row of a counter. Keyed, so that the table tells nobody which logins were tried. */
export const limitKey = (key: Buffer, { kind }: Limit, whose: string): Buffer =>
  createHmac('sha256', derive(key, 'limits')).update(`${kind}\n${whose}`).digest()

export type Counted = { counted: true; waits: boolean } | { counted: false; seconds: number }

/** The rows of counters after one more try of each, as a part of a statement; none while its delay runs, nor unless `when`. */
export function counting(
  row: Buffer | readonly Buffer[] | Expression<Buffer>,
  limit: Pick<Limit, 'beyond'> & { free: number | Expression<number>; minutes: number | Expression<number> },
  now: Date,
  when = sql<boolean>`true`,
) {
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
  // In one order, so that two who count the same ones don't wait for each other.
  const keys = [row].flat().map((one) => sql`(${one}::bytea)`)
  return sql<{ key: Buffer; waits: boolean }>`insert into try_count as t (key, count, counted_from, last_at)
      select one.key, 1, ${at}, ${at} from (values ${sql.join(keys)}) as one(key) where ${when} order by one.key
      on conflict (key) do update set count = ${count}, counted_from = ${from}, last_at = ${at},
        waits_until = case when ${count} >= ${limit.free} then ${delay} else '-infinity' end
      where t.waits_until <= ${at}
      returning t.key, t.waits_until > ${at} as waits`
}

/** So many of something within `minutes` from the first of them on; who would go beyond it does none, and is told how many are left. */
export type Quota = { kind: string; free: number; minutes: number }

export const quotaKey = (key: Buffer, { kind, free, minutes }: Quota, whose: string): Buffer =>
  limitKey(key, { kind, free, minutes, beyond: 'close' }, whose)

/** How many were counted, and in how many seconds it begins anew. */
export const usedOf = (row: Buffer, now: Date) =>
  sql<{ count: number; seconds: number }>`(select json_build_object('count', coalesce(sum(count), 0), 'seconds',
    coalesce(max(extract(epoch from waits_until - ${now}::timestamptz)), 0)) from try_count
    where key = ${row}::bytea and waits_until > ${now}::timestamptz)`

/** Counts `many` at once of each, as a part of a statement. Until when they count stands where others have the end of a delay. */
export function countingMany(
  rows: readonly { key: Buffer; minutes: number }[],
  many: number,
  now: Date,
  when: ReturnType<typeof sql<boolean>>,
) {
  const at = sql<Date>`${now}::timestamptz`
  const over = sql<boolean>`t.waits_until <= ${at}`
  const keys = rows.map(({ key, minutes }) => sql`(${key}::bytea, ${minutes}::int)`)
  return sql<{ key: Buffer }>`insert into try_count as t (key, count, counted_from, last_at, waits_until)
      select one.key, ${many}::int, ${at}, ${at}, ${at} + make_interval(mins => one.minutes)
        from (values ${sql.join(keys)}) as one(key, minutes) where ${when} order by one.key
      on conflict (key) do update set count = case when ${over} then excluded.count else t.count + excluded.count end,
        counted_from = case when ${over} then ${at} else t.counted_from end, last_at = ${at},
        waits_until = case when ${over} then excluded.waits_until else t.waits_until end
      returning t.key`
}

/** Seconds that a delay has still to run, as it was when the statement began. */
export const secondsLeft = (row: Buffer | Expression<Buffer>, now: Date) =>
  sql<number | null>`(select extract(epoch from waits_until - ${now}::timestamptz)::float8 from try_count
    where key = ${row}::bytea and waits_until > '-infinity')`

/** A try beside this one may have started the delay just now: its length isn't seen yet. */
export const inSeconds = (left: number | null | undefined): number => Math.max(1, Math.ceil(left ?? 1))

/**
 * Counts a try before it is made, so that tries side by side are counted too, in one statement. While a delay runs the try isn't
 * counted, must not be made, and `seconds` says how long that lasts. `waits`: this try is the one that started a delay.
 */
export async function countTry(db: Db, row: Buffer, limit: Limit, now: Date): Promise<Counted> {
  const { rows } = await sql<{ waits: boolean | null; seconds: number | null }>`
    with counted as (${counting(row, limit, now)})
    select (select waits from counted) as waits, ${secondsLeft(row, now)} as seconds`.execute(db)
  const found = rows[0]
  if (typeof found?.waits === 'boolean') return { counted: true, waits: found.waits }
  return { counted: false, seconds: inSeconds(found?.seconds) }
}

/**
 * The same of several counters at once, each of them once in `rows`: in one statement, and the answers in the order of `rows`.
 */
export async function countTries(db: Db, rows: readonly Buffer[], limit: Limit, now: Date): Promise<Counted[]> {
  if (rows.length === 0) return []
  const found = await sql<{ n: number; waits: boolean | null; seconds: number | null }>`
    with counted as (${counting(rows, limit, now)})
    select asked.n, counted.waits, extract(epoch from t.waits_until - ${now}::timestamptz)::float8 as seconds
    from (values ${sql.join(rows.map((row, n) => sql`(${n}::int, ${row}::bytea)`))}) as asked(n, key)
    left join counted on counted.key = asked.key left join try_count t on t.key = asked.key and t.waits_until > '-infinity'
    order by asked.n`.execute(db)
  return found.rows.map(({ waits, seconds }) =>
    typeof waits === 'boolean' ? { counted: true, waits } : { counted: false, seconds: inSeconds(seconds) },
  )
}

/** Takes a counted try back: it succeeded, or it was never made. */
export async function giveBack(db: Db, row: Buffer, limit: Limit): Promise<void> {
  await givingBack(row, limit).execute(db)
}

/** The same as a part of a statement. */
export const givingBack = (row: Buffer | null, limit: Limit, when = sql<boolean>`true`) =>
  sql<{ key: Buffer }>`update try_count set count = count - 1,
      waits_until = case when count - 1 < ${limit.free} then '-infinity' else waits_until end
    where key = ${row}::bytea and count > 0 and ${when} returning key`

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
    .where('waits_until', '<=', now)
    .execute()
}
