import { jsonArrayFrom } from 'kysely/helpers/postgres'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'
import type { Link } from '../platform/links.ts'

const withNames = (db: Db) =>
  crossing(db, 'a password must not hold the name of any organization that its owner is in')
    .selectFrom('account as a')
    .select((eb) => [
      'a.id',
      'a.email',
      'a.email_key',
      'a.username_key',
      'a.password_hash',
      jsonArrayFrom(
        eb
          .selectFrom('membership as m')
          .innerJoin('organization as o', 'o.id', 'm.organization_id')
          .whereRef('m.account_id', '=', 'a.id')
          .where('m.removed_at', 'is', null)
          .select('o.name'),
      ).as('organizations'),
    ])

/** The account whose reset link this is, while it works. No actor: the link is what lets somebody in here. */
export const accountOfLink = (db: Db, link: Link, now: Date) =>
  withNames(db)
    .where('a.id', '=', link.id)
    .where('a.reset_generation', '=', link.generation)
    .where('a.reset_expires_at', '>', now)
    .executeTakeFirst()

/** The account that must change its first password, asked for by itself. */
export const accountToChange = (db: Db, accountId: string) =>
  withNames(db).where('a.id', '=', accountId).where('a.must_change_password', '=', true).executeTakeFirst()

export type PasswordOwner = NonNullable<Awaited<ReturnType<typeof accountOfLink>>>

export const whoseIs = (owner: PasswordOwner) => ({
  email: owner.email,
  organizations: owner.organizations.map((one) => one.name),
})
