import { sql } from 'kysely'
import { jsonArrayFrom, jsonObjectFrom } from 'kysely/helpers/postgres'
import { giverOf } from '../accounts/giver.ts'
import { dayOf } from '../platform/access/status.ts'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'

/** So many people are named in a letter. */
export const mostNamed = 20

/**
 * The letters with these ids that are still waiting, each with all that its text and its rules ask, as of one moment. No actor: the
 * worker sends for every organization.
 */
export const waitingLetters = (db: Db, ids: string[], now: Date) =>
  crossing(db, 'letters of every organization are sent')
    .selectFrom('mail as m')
    .leftJoin('organization as o', 'o.id', 'm.organization_id')
    .where('m.id', 'in', ids)
    .where('m.state', '=', 'waiting')
    .select((eb) => [
      'm.id',
      'm.organization_id',
      'm.template',
      'm.to_address',
      'm.to_key',
      'm.invitation_id',
      'm.generation',
      'm.attempts',
      'm.created_at',
      'm.data',
      'o.name as organization',
      'o.slug',
      eb
        .selectFrom('mail_answer as late')
        .whereRef('late.mail_id', '=', 'm.id')
        .where('late.kind', '=', 'delayed')
        .select((of) => of.fn.min('late.at').as('at'))
        .as('since'),
      jsonObjectFrom(
        eb
          .selectFrom('invitation as i')
          .leftJoin('membership as s', (on) =>
            on.onRef('s.organization_id', '=', 'i.organization_id').onRef('s.id', '=', 'i.invited_by'),
          )
          .leftJoin('membership as d', (on) =>
            on.onRef('d.organization_id', '=', 'i.organization_id').onRef('d.id', '=', 'i.decided_by'),
          )
          .whereRef('i.organization_id', '=', 'm.organization_id')
          .whereRef('i.id', '=', 'm.invitation_id')
          .select([
            'i.id',
            'i.status',
            'i.generation',
            'i.expires_at',
            'i.email',
            'i.first_name',
            'i.last_name',
            'i.organization_role',
            'i.message',
            'i.reason',
            'i.sender_name as sender',
            sql<string | null>`case when s.removed_at is null then s.email end`.as('sender_email'),
            sql<string>`concat_ws(' ', nullif(d.first_name, ''), nullif(d.last_name, ''))`.as('decider'),
          ]),
      ).as('invitation'),
      jsonObjectFrom(
        eb
          .selectFrom('account as a')
          .where('a.id', '=', sql<string>`(m.data ->> 'account_id')::uuid`)
          .select((of) => [
            'a.id',
            'a.email',
            'a.blocked_at',
            'a.reset_generation',
            'a.reset_expires_at',
            'a.email_generation',
            'a.new_email',
            'a.new_email_key',
            'a.time_zone',
            sql<boolean>`not a.is_support and (select count(*) from membership as of_account
              where of_account.account_id = a.id and of_account.removed_at is null) = 1`.as('managed'),
            'a.is_support',
            'a.new_email_asked_by',
            giverOf(sql<string>`a.new_email_asked_by`, dayOf(now)).as('given'),
            sql<Date | null>`case when a.new_email_version = a.version then a.new_email_expires_at end`.as(
              'new_email_expires_at',
            ),
            // Of another account, or of somebody else in one of its organizations: the change can't be confirmed.
            sql<boolean>`exists (select from account other where other.email_key = a.new_email_key and other.id <> a.id)
              or exists (select from membership mine join membership theirs on theirs.organization_id = mine.organization_id
                where mine.account_id = a.id and mine.removed_at is null and theirs.removed_at is null
                and theirs.id <> mine.id and theirs.email_key = a.new_email_key)`.as('new_email_taken'),
            of
              .selectFrom('former_email as f')
              .whereRef('f.account_id', '=', 'a.id')
              .whereRef('f.generation', '=', 'm.generation')
              .select('f.ends_at')
              .as('restorable_until'),
          ]),
      ).as('account'),
      jsonObjectFrom(
        eb
          .selectFrom('membership as p')
          .innerJoin('member_group as g', (on) =>
            on.onRef('g.organization_id', '=', 'p.organization_id').onRef('g.id', '=', 'p.group_id'),
          )
          .whereRef('p.organization_id', '=', 'm.organization_id')
          .where('p.id', '=', sql<string>`(m.data ->> 'membership_id')::uuid`)
          .select((of) => [
            'p.id',
            'p.status',
            'p.has_two_factor',
            sql<string | null>`(select greatest(po.two_factor_from, px.until + 1) from organization po
              left join two_factor_exemption px on px.organization_id = po.id and px.membership_id = p.id
              where po.id = p.organization_id and po.two_factor_from is not null)`.as('needed_from'),
            'p.email',
            'p.first_name',
            'p.last_name',
            'p.organization_role',
            'p.manages_group',
            'g.name as group',
            sql<string>`p.ends_on::text`.as('ends_on'),
            sql<boolean>`p.suspended_at is not null`.as('suspended'),
            sql<boolean>`p.removed_at is not null`.as('removed'),
            // Whom to ask is told in one letter alone.
            jsonArrayFrom(
              of
                .selectFrom('membership as admin')
                .whereRef('admin.organization_id', '=', 'm.organization_id')
                .whereRef('admin.id', '<>', 'p.id')
                .where('admin.organization_role', '=', 'admin')
                .where('admin.status', '=', 'active')
                .where('m.template', '=', 'membership_ending')
                .select(['admin.first_name', 'admin.last_name', 'admin.email'])
                .orderBy('admin.id')
                .limit(3),
            ).as('admins'),
          ]),
      ).as('membership'),
      jsonArrayFrom(
        eb
          .selectFrom('two_factor_exemption as x')
          .innerJoin('membership as e', (on) =>
            on.onRef('e.organization_id', '=', 'x.organization_id').onRef('e.id', '=', 'x.membership_id'),
          )
          .whereRef('x.organization_id', '=', 'm.organization_id')
          .where(
            sql<boolean>`x.membership_id = any(array(select jsonb_array_elements_text(m.data -> 'membership_ids')::uuid))`,
          )
          .where('e.has_two_factor', '=', false)
          .select(['e.first_name', 'e.last_name', 'e.email', 'x.until'])
          .orderBy('x.until')
          .orderBy('x.membership_id')
          .limit(mostNamed),
      ).as('exemptions'),
      jsonArrayFrom(
        eb
          .selectFrom('invitation as w')
          .whereRef('w.organization_id', '=', 'm.organization_id')
          .where(sql<boolean>`w.id = any(array(select jsonb_array_elements_text(m.data -> 'named')::uuid))`)
          .where('w.status', '=', 'pending_approval')
          .select(['w.first_name', 'w.last_name', 'w.email', 'w.sender_name', 'w.organization_role'])
          .orderBy('w.created_at')
          .orderBy('w.id'),
      ).as('waiting'),
    ])
    .orderBy('m.created_at')
    .orderBy('m.id')
    .execute()
export type WaitingLetter = Awaited<ReturnType<typeof waitingLetters>>[number]

/** What waits, has failed or came back, oldest first, at most so many, and how many there are of each. For the operator. */
export async function openLetters(db: Db, most: number) {
  const wide = crossing(db, 'the operator looks after letters of every organization')
  const open = wide.selectFrom('mail').where('state', 'in', ['waiting', 'failed', 'bounced'])
  const letters = await open
    .select(['id', 'template', 'to_address', 'state', 'attempts', 'answer', 'created_at', 'next_try_at'])
    .orderBy('state')
    .orderBy('created_at')
    .limit(most)
    .execute()
  const counts = await open
    .select((eb) => ['state', eb.fn.countAll<string>().as('count')])
    .groupBy('state')
    .orderBy('state')
    .execute()
  return { letters, counts: counts.map(({ state, count }) => ({ state, count: Number(count) })) }
}
