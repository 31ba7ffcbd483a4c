import type { Db } from '../platform/database/connect.ts'
import { emailKey, usernameKey } from '../platform/fold.ts'

/** One spelling for every way to write a login. A username has no @, so the two never meet. */
export const loginKey = (login: string): string => (login.includes('@') ? emailKey(login) : usernameKey(login))

/**
 * The account that a login names, and which of these devices (hashes; at least one) it knows. No actor: nobody is signed in yet.
 * One statement, the same whether or not there is such an account.
 */
export const accountOfLogin = (db: Db, login: string, devices: readonly Buffer[], now: Date) =>
  db
    .selectFrom('account as a')
    .select([
      'a.id',
      'a.password_hash',
      'a.password_expires_at',
      'a.must_change_password',
      'a.two_factor_at',
      'a.blocked_at',
    ])
    .select((eb) =>
      eb
        .selectFrom('known_device as d')
        .select('d.id_hash')
        .whereRef('d.account_id', '=', 'a.id')
        .where('d.id_hash', 'in', devices)
        .where('d.expires_at', '>', now)
        .limit(1)
        .as('device'),
    )
    .where(login.includes('@') ? 'a.email_key' : 'a.username_key', '=', loginKey(login))
    .executeTakeFirst()

export type AccountOfLogin = NonNullable<Awaited<ReturnType<typeof accountOfLogin>>>

/** Whether a password of this account may open anything now: not blocked, and a first one neither used nor too old. */
export const mayTry = (account: AccountOfLogin | undefined, now: Date): account is AccountOfLogin =>
  account !== undefined &&
  account.password_hash !== null &&
  !account.blocked_at &&
  !(account.must_change_password && account.password_expires_at && account.password_expires_at <= now)
