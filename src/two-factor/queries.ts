import { sql } from 'kysely'
import type { Visitor } from '../platform/access/actor.ts'
import type { Db } from '../platform/database/connect.ts'
import { knownDevice } from '../sessions/queries.ts'

/** How long an enrollment may take, in ms: then its secret is nobody's. */
export const enrollFor = 60 * 60_000

const codesLeft = sql<number>`(select count(*)::int from backup_code as b where b.account_id = a.id and b.used_at is null)`

/**
 * An account's two-factor as its owner sees it, and the enrollment that isn't over. One that was begun before this session isn't
 * theirs to go on with: whoever began it knows its secret, and may have been somebody whom a new password has shut out since. No
 * actor: everybody asks for their own.
 */
export const twoFactorOf = (db: Db, { account, session }: Pick<Visitor, 'account' | 'session'>, now: Date) =>
  db
    .selectFrom('account as a')
    .leftJoin('enrollment as e', (on) =>
      on
        .onRef('e.account_id', '=', 'a.id')
        .on('e.created_at', '>', new Date(now.getTime() - enrollFor))
        .on('e.created_at', '>=', session.createdAt),
    )
    .where('a.id', '=', account.id)
    .select([
      'a.id',
      'a.email',
      'a.totp_secret',
      'a.two_factor_at',
      'a.backup_made_at',
      'a.time_zone',
      'e.id as enrollment',
      'e.kind',
      'e.secret',
      'e.confirmed_step',
      'e.code_seed',
      'e.created_at as begun_at',
      codesLeft.as('codes_left'),
    ])
    .executeTakeFirstOrThrow()
export type TwoFactor = Awaited<ReturnType<typeof twoFactorOf>>

/** What an account proves itself with. No actor: for whoever holds its reset link, or is signed in with it. */
export const accountToProve = (db: Db, accountId: string) =>
  db.selectFrom('account').select(['password_hash', 'two_factor_at']).where('id', '=', accountId).executeTakeFirst()

/** The password of somebody signed in, and which of these devices (hashes) their account knows. */
export const passwordToProve = (db: Db, accountId: string, devices: readonly Buffer[], now: Date) =>
  db
    .selectFrom('account as a')
    .select('a.password_hash')
    .select((eb) => knownDevice(eb, devices, now))
    .where('a.id', '=', accountId)
    .executeTakeFirst()
