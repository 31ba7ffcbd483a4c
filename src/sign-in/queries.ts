import { isStillGiven, ofFirstPassword } from '../accounts/giver.ts'
import { dayOf } from '../platform/access/status.ts'
import { compiledOnce } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'
import { emailKey, usernameKey } from '../platform/fold.ts'
import { type DevicePlaces, inPlaces, placesOf } from '../sessions/devices.ts'
import { knownDevice } from '../sessions/queries.ts'
import { lacksTwoFactor } from '../two-factor/needed.ts'

/** One spelling for every way to write a login. A username has no @, so the two never meet. */
export const loginKey = (login: string): string => (login.includes('@') ? emailKey(login) : usernameKey(login))

type Asked = { login: string; now: Date; today: string } & DevicePlaces

const accountBy = (column: 'a.email_key' | 'a.username_key') =>
  compiledOnce((db, asked: Asked) =>
    crossing(db, 'whoever gave a first password is in the organization that manages the account')
      .selectFrom('account as a')
      .select([
        'a.id',
        'a.password_hash',
        'a.password_expires_at',
        'a.two_factor_at',
        'a.must_enroll',
        'a.blocked_at',
        lacksTwoFactor(asked.today).as('lacks_two_factor'),
      ])
      .select((eb) => ofFirstPassword(eb, asked.today))
      .select((eb) => knownDevice(eb, inPlaces(asked), asked.now))
      .where(column, '=', asked.login),
  )
const byEmail = accountBy('a.email_key')
const byUsername = accountBy('a.username_key')

/**
 * The account that a login names, and which of these devices (hashes; one to five) it knows. No actor: nobody is signed in yet.
 * One statement, the same whether or not there is such an account; planning it takes longer than running it, so it is prepared.
 */
export async function accountOfLogin(db: Db, login: string, devices: readonly Buffer[], now: Date) {
  const ask = login.includes('@') ? byEmail : byUsername
  const [account] = await ask(db, { login: loginKey(login), now, today: dayOf(now), ...placesOf(devices) })
  return account
}

export type AccountOfLogin = NonNullable<Awaited<ReturnType<typeof accountOfLogin>>>

/**
 * Whether a password of this account may open anything now: not blocked, and a first one neither used nor too old, nor given by
 * somebody who may do so no longer.
 */
export const mayTry = (account: AccountOfLogin | undefined, now: Date): account is AccountOfLogin =>
  account !== undefined &&
  account.password_hash !== null &&
  !account.blocked_at &&
  !(account.must_change_password && account.password_expires_at && account.password_expires_at <= now) &&
  isStillGiven(account)
