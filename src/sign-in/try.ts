import { sql } from 'kysely'
import { isStillGiven, ofFirstPassword } from '../accounts/giver.ts'
import { countingTry, ofDevice, triesOf } from '../accounts/tries.ts'
import { dayOf } from '../platform/access/status.ts'
import { compiledOnce } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'
import type { Cause } from '../platform/events/record.ts'
import { emailKey, usernameKey } from '../platform/fold.ts'
import { networkOf } from '../platform/web/address.ts'
import { counting, limitKey, perAddress, perDevice, perLogin, secondsLeft } from '../platform/web/limits.ts'
import { type DevicePlaces, hashesOf, inPlaces, placesOf } from '../sessions/devices.ts'
import { knownDevice } from '../sessions/queries.ts'
import { lacksTwoFactor } from '../two-factor/needed.ts'

/** `row0` to `row4`: the counters of the devices in their places. */
type Asked = DevicePlaces &
  Record<`row${0 | 1 | 2 | 3 | 4}` | 'loginRow' | 'addressRow', Buffer> & { login: string; now: Date; today: string }

type Column = 'a.email_key' | 'a.username_key'

const rowsOf = ([one, ...more]: readonly Buffer[]) => ({
  row0: one as Buffer,
  row1: more[0] ?? (one as Buffer),
  row2: more[1] ?? (one as Buffer),
  row3: more[2] ?? (one as Buffer),
  row4: more[3] ?? (one as Buffer),
})

const accounts = (db: Db) => db.selectFrom('account as a')

/** One row, empty where there is no such account: all that is asked of one is asked of none too, or the time it takes would tell (R-04). */
const accountBy = (db: Db, column: Column, asked: Asked) =>
  (
    db
      .selectFrom(sql`(select)`.as('one'))
      .leftJoin('account as a', (on) => on.on(column, '=', asked.login)) as unknown as ReturnType<typeof accounts>
  )
    .select([
      'a.id',
      'a.password_hash',
      'a.password_expires_at',
      'a.two_factor_at',
      'a.must_enroll',
      'a.blocked_at',
      lacksTwoFactor(asked.today).as('lacks_two_factor'),
    ])
    .select(ofFirstPassword(asked.today))
    .select((eb) => knownDevice(eb, inPlaces(asked), asked.now))

export type AccountOfLogin = Awaited<ReturnType<ReturnType<typeof accountBy>['executeTakeFirstOrThrow']>>

const tryingBy = (column: Column) =>
  compiledOnce((db, asked: Asked) => {
    const across = crossing(db, 'whoever gave a first password is in the organization that manages the account')
    const { now } = asked
    const address = sql<Buffer>`${asked.addressRow}::bytea`
    const own = {
      row: sql<Buffer>`(select key from own)`,
      free: sql<number>`(select free from own)`,
      minutes: sql<number>`(select minutes from own)`,
    }
    const isKnown = sql<boolean>`(select known from own)`
    const { parts, columns } = countingTry(now, sql<string>`(select id from who)`, own, {
      // Those who sit behind the same address as an attacker still get in from a device that they used before.
      open: sql<boolean>`(${isKnown}
        or not exists (select from try_count where key = ${address} and waits_until > ${now}::timestamptz))`,
      parts: sql`
        there as (${counting(address, perAddress, now, sql<boolean>`not ${isKnown} and exists (select from counted)`)}),
        from_address as (select waits from there union all select false where ${isKnown} and exists (select from counted))`,
      seconds: sql`case when not ${isKnown} then ${secondsLeft(address, now)} end`,
    })
    const statement = sql<AccountOfLogin & Parameters<typeof triesOf>[1]>`
      with who as materialized ${accountBy(across, column, asked)},
      own as materialized (select coalesce(case device when ${asked.device0} then ${asked.row0}::bytea
          when ${asked.device1} then ${asked.row1} when ${asked.device2} then ${asked.row2}
          when ${asked.device3} then ${asked.row3} when ${asked.device4} then ${asked.row4} end, ${asked.loginRow}) as key,
        device is not null as known,
        case when device is null then ${perLogin.free}::int else ${perDevice.free}::int end as free,
        case when device is null then ${perLogin.minutes}::int else ${perDevice.minutes}::int end as minutes
        from who),
      ${parts}
      select who.*, ${columns} from who`
    return { compile: () => statement.compile(across) }
  })
const byEmail = tryingBy('a.email_key')
const byUsername = tryingBy('a.username_key')

/** One spelling for every way to write a login. A username has no @, so the two never meet. */
export const loginKey = (login: string): string => (login.includes('@') ? emailKey(login) : usernameKey(login))

/**
 * The account that what is typed names, and a try of its password, counted in the same statement: by the device of the browser, of five at
 * most, that the account knows, or else by the login (R-05) and the network address (R-06). No actor: nobody is
 * signed in yet. The same whether or not there is such an account; planning it takes longer than running it, so it is prepared.
 */
export async function beginTry(
  db: Db,
  { now, ip }: Cause,
  key: Buffer,
  typed: string,
  devices: readonly string[],
): Promise<{ account: AccountOfLogin | undefined; tries: Awaited<ReturnType<typeof triesOf>> }> {
  const login = loginKey(typed)
  const ofLogin = { row: limitKey(key, perLogin, login), limit: perLogin }
  const hashes = hashesOf(devices)
  const counters = devices.length > 0 ? hashes.map((one) => ofDevice(key, one).row) : [ofLogin.row]
  const address = limitKey(key, perAddress, networkOf(ip))
  const [found] = await (typed.includes('@') ? byEmail : byUsername)(db, {
    ...placesOf(hashes),
    ...rowsOf(counters),
    login,
    now,
    today: dayOf(now),
    loginRow: ofLogin.row,
    addressRow: address,
  })
  const account = found?.id ? found : undefined
  const known = account?.device
  const tries = await triesOf(
    db,
    found,
    account?.id ?? null,
    known ? { own: ofDevice(key, known), address: null } : { own: ofLogin, address },
  )
  return { account, tries }
}

/**
 * Whether a password of this account may open anything now: not blocked, and a first one neither used nor too old (R-22), nor given by
 * somebody who may do so no longer.
 */
export const mayTry = (account: AccountOfLogin | undefined, now: Date): account is AccountOfLogin =>
  account !== undefined &&
  account.password_hash !== null &&
  !account.blocked_at &&
  !(account.must_change_password && account.password_expires_at && account.password_expires_at <= now) &&
  isStillGiven(account)
