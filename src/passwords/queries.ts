import { sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import { giverOf, isStillGiven, mayStillGive, ofFirstPassword } from '../accounts/giver.ts'
import { dayOf } from '../platform/access/status.ts'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'
import { emailKey } from '../platform/fold.ts'
import type { Link } from '../platform/links.ts'
import { knownDevice } from '../sessions/queries.ts'

const withNames = (db: Db) =>
  crossing(db, 'a password must not hold the name of any organization that its owner is in')
    .selectFrom('account as a')
    .select((eb) => [
      'a.id',
      'a.email',
      'a.email_key',
      'a.username_key',
      'a.password_hash',
      'a.two_factor_at',
      jsonArrayFrom(
        eb
          .selectFrom('membership as m')
          .innerJoin('organization as o', 'o.id', 'm.organization_id')
          .whereRef('m.account_id', '=', 'a.id')
          .where('m.removed_at', 'is', null)
          .select('o.name'),
      ).as('organizations'),
    ])

/**
 * The account whose reset link this is, while it works, and while whoever was shown it may still give it. No actor: the link is what
 * lets somebody in here.
 */
export async function accountOfLink(db: Db, link: Link, now: Date) {
  const { by } = link
  const row = await withNames(db)
    .where('a.id', '=', link.id)
    .where('a.reset_generation', '=', link.generation)
    .where('a.reset_expires_at', '>', now)
    .select(['a.added_by', 'a.is_support'])
    .$if(by !== undefined, (of) => of.select(giverOf(sql<string>`${by}::uuid`, dayOf(now)).as('given')))
    .executeTakeFirst()
  return row && (by === undefined || mayStillGive(row.given ?? null, row)) ? row : undefined
}

/** The account of somebody signed in, and which of these devices (hashes) it knows. */
export const ownAccount = (db: Db, accountId: string, devices: readonly Buffer[], now: Date) =>
  withNames(db)
    .select((eb) => knownDevice(eb, devices, now))
    .where('a.id', '=', accountId)
    .where('a.password_hash', 'is not', null)
    .executeTakeFirst()

/** The account that must change its first password, asked for by itself; not one whose first password has ended meanwhile. */
export async function accountToChange(db: Db, accountId: string, now: Date) {
  const row = await withNames(db)
    .where('a.id', '=', accountId)
    .where('a.must_change_password', '=', true)
    .where('a.password_hash', 'is not', null)
    .select(ofFirstPassword(dayOf(now)))
    .executeTakeFirst()
  return row && isStillGiven(row) ? row : undefined
}

/** The account that somebody names who has forgotten its password. No actor: nobody is signed in. */
export const accountOfAddress = (db: Db, email: string) =>
  db
    .selectFrom('account')
    .select(['id', 'email', 'reset_generation', 'reset_expires_at'])
    .where('email_key', '=', emailKey(email))
    .executeTakeFirst()

type PasswordOwner = NonNullable<Awaited<ReturnType<typeof ownAccount>>>

export const whoseIs = (owner: Pick<PasswordOwner, 'email' | 'organizations'>) => ({
  email: owner.email,
  organizations: owner.organizations.map((one) => one.name),
})
