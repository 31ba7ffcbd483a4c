import { sql } from 'kysely'
import { placesOf } from '../../accounts/held.ts'
import type { Db } from '../../platform/database/connect.ts'
import { crossing } from '../../platform/database/guard.ts'

const own = (db: Db, accountId: string, now: Date) =>
  crossing(db, 'one’s own account, with the copies of it in all its organizations')
    .selectFrom('account as a')
    .where('a.id', '=', accountId)
    .select((eb) => [
      'a.id',
      'a.email',
      'a.email_key',
      'a.username',
      'a.username_key',
      'a.time_zone',
      'a.version',
      'a.email_generation',
      'a.new_email_own',
      'a.new_email_expires_at',
      sql<string | null>`case when a.new_email_version = a.version and a.new_email_expires_at > ${now}::timestamptz
        then a.new_email end`.as('new_email'),
      sql<boolean>`is_locked_for_account_now(a.id, 'email')`.as('email_locked'),
      sql<boolean>`is_locked_for_account_now(a.id, 'username')`.as('username_locked'),
      eb
        .selectFrom('membership as m')
        .whereRef('m.account_id', '=', 'a.id')
        .where('m.removed_at', 'is', null)
        .select('m.organization_id')
        .limit(1)
        .as('organization_id'),
    ])

/**
 * One's own account, the change of email that waits, and what the group of its only place, in `organization_id`, locks. No actor: an
 * account belongs to no organization.
 */
export const ownAccount = (db: Db, accountId: string, now: Date) => own(db, accountId, now).executeTakeFirst()
export type OwnAccount = NonNullable<Awaited<ReturnType<typeof ownAccount>>>

/** The same with all the places that hold copies of it. */
export const ownAccountToChange = (db: Db, accountId: string, now: Date) =>
  own(db, accountId, now)
    .select((eb) => placesOf(eb).as('places'))
    .executeTakeFirst()
export type OwnAccountToChange = NonNullable<Awaited<ReturnType<typeof ownAccountToChange>>>
