import { sql } from 'kysely'
import { jsonArrayFrom, jsonObjectFrom } from 'kysely/helpers/postgres'
import { isStillGiven, ofFirstPassword } from '../accounts/giver.ts'
import { dayOf, type Status } from '../platform/access/status.ts'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'
import { emailKey } from '../platform/fold.ts'
import { type Facts, invitationFacts } from './rules.ts'

const mostPlaces = 20
const mostLetters = 20
const mostTries = 10

/**
 * All that support staff may know of an address: its account, with the memberships and invitations of the organizations that allow
 * support access, its letters and its tries to sign in; of all others only how many places there are. Nothing of an account whose
 * every place is in these. One statement. No actor: support staff have a place nowhere; the route asks who they are.
 */
export async function personWithAddress(db: Db, email: string, now: Date) {
  const key = emailKey(email)
  const row = await crossing(db, 'support staff see the organizations that allow it')
    .with('a', (of) => of.selectFrom('account').selectAll().where('email_key', '=', key))
    .selectNoFrom((eb) => [
      jsonObjectFrom(
        eb
          .selectFrom('a')
          .select(ofFirstPassword(dayOf(now)))
          .select([
            'a.id',
            'a.email',
            'a.username',
            'a.created_at',
            'a.email_verified_at',
            'a.blocked_at',
            'a.two_factor_at',
            'a.must_enroll',
            'a.password_expires_at',
            'a.failed_sign_ins',
            sql<boolean>`a.password_hash is not null`.as('has_password'),
            sql<string | null>`case when a.reset_expires_at > ${now}::timestamptz then a.reset_expires_at end`.as(
              'link_until',
            ),
          ]),
      ).as('account'),
      jsonArrayFrom(
        eb
          .selectFrom('membership as m')
          .innerJoin('a', 'a.id', 'm.account_id')
          .innerJoin('organization as o', 'o.id', 'm.organization_id')
          .leftJoin('two_factor_exemption as x', (on) =>
            on.onRef('x.organization_id', '=', 'm.organization_id').onRef('x.membership_id', '=', 'm.id'),
          )
          .where('o.support_access', '=', true)
          .select([
            sql<boolean>`coalesce(greatest(o.two_factor_from, x.until + 1) <= ${dayOf(now)}::date, false)
              and o.two_factor_from is not null`.as('needs_two_factor'),
            'm.id',
            'm.organization_id',
            'o.name as organization_name',
            'm.status',
            'm.organization_role',
            sql<string | null>`nullif(m.last_active_at, '-infinity')`.as('last_active_at'),
          ])
          .orderBy(sql`m.removed_at is not null`)
          .orderBy('o.name')
          .limit(mostPlaces),
      ).as('members'),
      eb
        .selectFrom('membership as m')
        .innerJoin('a', 'a.id', 'm.account_id')
        .innerJoin('organization as o', 'o.id', 'm.organization_id')
        .where('o.support_access', '=', false)
        .where('m.removed_at', 'is', null)
        .select(sql<number>`count(*)::int`.as('count'))
        .as('elsewhere'),
      jsonArrayFrom(
        eb
          .selectFrom('invitation as i')
          .innerJoin('organization as o', 'o.id', 'i.organization_id')
          .innerJoin('membership as im', (on) =>
            on.onRef('im.organization_id', '=', 'i.organization_id').onRef('im.id', '=', 'i.membership_id'),
          )
          .where('i.email_key', '=', key)
          .where('o.support_access', '=', true)
          .select((of) => [
            'i.id',
            'i.organization_id',
            'o.name as organization_name',
            'i.status',
            'i.created_at',
            'i.expires_at',
            'i.resends',
            sql<string | null>`nullif(i.resend_day, '-infinity')::text`.as('resend_day'),
            sql<boolean>`im.status = 'invited' and ${of.not(
              of.exists(
                of
                  .selectFrom('invitation as later')
                  .whereRef('later.organization_id', '=', 'i.organization_id')
                  .whereRef('later.membership_id', '=', 'i.membership_id')
                  .whereRef('later.created_at', '>', 'i.created_at')
                  .select('later.id'),
              ),
            )}`.as('last'),
          ])
          .orderBy('i.created_at', 'desc')
          .limit(mostPlaces),
      ).as('invitations'),
      jsonArrayFrom(
        eb
          .selectFrom('mail as l')
          .leftJoin('organization as o', 'o.id', 'l.organization_id')
          .where(sql<boolean>`l.to_key = ${key}`)
          .where((of) => of.or([of('l.organization_id', 'is', null), of('o.support_access', '=', true)]))
          .select([
            'l.template',
            'l.state',
            'l.answer',
            'l.created_at',
            'l.sent_at',
            'l.organization_id',
            'o.name as organization_name',
          ])
          .orderBy('l.created_at', 'desc')
          .limit(mostLetters),
      ).as('letters'),
      jsonArrayFrom(
        eb
          .selectFrom('event as e')
          .innerJoin('a', 'a.id', 'e.subject_id')
          .where('e.act', 'in', ['sign_in.failed', 'sign_in.delayed', 'sign_in.succeeded', 'account.blocked'])
          .select(['e.act', 'e.at'])
          .orderBy('e.at', 'desc')
          .orderBy('e.id', 'desc')
          .limit(mostTries),
      ).as('tries'),
    ])
    .executeTakeFirstOrThrow()
  const { account, members, letters, tries, invitations } = row
  const elsewhere = row.elsewhere ?? 0
  // Whose every place is in organizations that don't allow it is nobody to support staff.
  const isClosed = elsewhere > 0 && !members.some(({ status }) => status !== 'removed')
  return {
    email: account && !isClosed ? account.email : email,
    account: isClosed ? null : account,
    members: isClosed ? [] : members,
    elsewhere,
    invitations,
    letters: letters.filter(({ organization_id }) => organization_id !== null || !isClosed),
    tries: isClosed ? [] : tries,
  }
}
export type Found = Awaited<ReturnType<typeof personWithAddress>>

/** What the next step depends on. */
export function factsOf({ account, members, elsewhere, invitations }: Found, now: Date): Facts {
  const expired =
    account?.must_change_password && account.password_expires_at && new Date(account.password_expires_at) <= now
  return {
    account: account && {
      blocked: account.blocked_at !== null,
      usable: account.has_password && !expired && isStillGiven(account),
      failures: account.failed_sign_ins,
      enrolls:
        account.two_factor_at === null &&
        (account.must_enroll || members.some((one) => one.status === 'active' && one.needs_two_factor)),
    },
    members: members.map((one) => ({ organization: one.organization_name, status: one.status as Status })),
    elsewhere,
    invitations: invitations.map((one) => invitationFacts(one, now)),
  }
}

/** The account that support staff may help to sign in; null for one whose every place is in organizations that don't allow it. */
export const accountToHelp = (db: Db, id: string) =>
  crossing(db, 'support staff see the organizations that allow it')
    .selectFrom('account as a')
    .where('a.id', '=', id)
    .where((eb) => {
      const places = eb
        .selectFrom('membership as m')
        .innerJoin('organization as o', 'o.id', 'm.organization_id')
        .whereRef('m.account_id', '=', 'a.id')
        .where('m.removed_at', 'is', null)
        .select('m.id')
      return eb.or([eb.exists(places.where('o.support_access', '=', true)), eb.not(eb.exists(places))])
    })
    .select((eb) => [
      'a.id',
      'a.email',
      'a.email_key',
      'a.username_key',
      'a.blocked_at',
      'a.reset_generation',
      jsonArrayFrom(
        eb
          .selectFrom('membership as m')
          .innerJoin('organization as o', 'o.id', 'm.organization_id')
          .whereRef('m.account_id', '=', 'a.id')
          .where('o.support_access', '=', true)
          .select(['m.id', 'm.organization_id'])
          .limit(mostPlaces),
      ).as('members'),
    ])
    .executeTakeFirst()
export type AccountToHelp = NonNullable<Awaited<ReturnType<typeof accountToHelp>>>
