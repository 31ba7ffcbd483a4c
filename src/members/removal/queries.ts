import { type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import { jsonArrayFrom, jsonObjectFrom } from 'kysely/helpers/postgres'
import type { Actor } from '../../platform/access/actor.ts'
import type { Db } from '../../platform/database/connect.ts'
import type { DB } from '../../platform/database/schema.ts'
import { mayDo } from '../holders.ts'
import { asPerson, personRow } from '../person.ts'
import { visibleTo } from '../visible.ts'

/** How many invitations that the membership `m` of the query around it has sent are open. */
const openInvitationsOf = (outer: unknown, now: Date) =>
  (outer as ExpressionBuilder<DB & { m: DB['membership'] }, 'm'>)
    .selectFrom('invitation as i')
    .whereRef('i.organization_id', '=', 'm.organization_id')
    .whereRef('i.invited_by', '=', 'm.id')
    .where((of) =>
      of.or([
        of('i.status', '=', 'pending_approval'),
        of.and([
          of('i.status', '=', 'pending_activation'),
          of.or([of('i.expires_at', 'is', null), of('i.expires_at', '>', now)]),
        ]),
      ]),
    )
    .select(sql<number>`count(*)::int`.as('count'))

/** The person with what their removal would change, in numbers. Null for everybody whom the actor can't see. */
export async function personAndRemoval(db: Db, actor: Actor, id: string, now: Date) {
  const row = await personRow(db, actor, id, now)
    .select((eb) => [
      // With the last membership alone.
      sql<number>`case when places_of_account(m.account_id) = 1
        then open_sessions_of_account(m.account_id, ${now}::timestamptz) else 0 end`.as('sessions'),
      eb
        .and([
          sql<SqlBool>`m.manages_group`,
          eb.not(
            eb.exists(
              eb
                .selectFrom('membership as other')
                .whereRef('other.organization_id', '=', 'm.organization_id')
                .whereRef('other.group_id', '=', 'm.group_id')
                .whereRef('other.id', '<>', 'm.id')
                .where('other.manages_group', '=', true)
                .where('other.status', '=', 'active')
                .select('other.id'),
            ),
          ),
        ])
        .as('leavesGroup'),
      openInvitationsOf(eb, now).as('invitations'),
      // What somebody else approved, who still may, stays as it is.
      sql<number>`${openInvitationsOf(eb, now)
        .where('i.status', '=', 'pending_activation')
        .where((of) =>
          of.or([
            of('i.approval', '<>', 'approved'),
            of.not(
              of.exists(
                of
                  .selectFrom('membership as w')
                  .whereRef('w.organization_id', '=', 'i.organization_id')
                  .whereRef('w.id', '=', 'i.decided_by')
                  .whereRef('w.id', '<>', 'm.id')
                  .where('w.status', '=', 'active')
                  .where(mayDo(db, actor, 'invitations.approve', 'w'))
                  .select('w.id'),
              ),
            ),
          ]),
        )}`.as('returning'),
    ])
    .executeTakeFirst()
  return row ? asPerson(actor, row) : null
}
export type PersonAndRemoval = NonNullable<Awaited<ReturnType<typeof personAndRemoval>>>

/**
 * The person with what they held, what their account is now, and who is in the way of taking them back: their own other place here,
 * or somebody else with the same address. Null for everybody whom the actor can't see.
 */
export async function personAndReturn(db: Db, actor: Actor, id: string, now: Date) {
  const row = await personRow(db, actor, id, now)
    .select((eb) => [
      'ac.email as account_email',
      'ac.email_key as account_email_key',
      'ac.username_key as account_username_key',
      'ac.two_factor_at',
      'ac.version as account_version',
      'm.removed_reason',
      jsonArrayFrom(
        eb
          .selectFrom('membership_role as mr')
          .innerJoin('custom_role as cr', (on) =>
            on.onRef('cr.organization_id', '=', 'mr.organization_id').onRef('cr.id', '=', 'mr.role_id'),
          )
          .whereRef('mr.organization_id', '=', 'm.organization_id')
          .whereRef('mr.membership_id', '=', 'm.id')
          .select((of) => [
            'cr.id',
            'cr.name',
            of
              .selectFrom('custom_role_permission as cp')
              .whereRef('cp.organization_id', '=', 'cr.organization_id')
              .whereRef('cp.role_id', '=', 'cr.id')
              .select(sql<string[]>`coalesce(json_agg(cp.permission order by cp.permission), '[]')`.as('all'))
              .as('permissions'),
          ])
          .orderBy('cr.sort_name'),
      ).as('customRoles'),
      jsonObjectFrom(
        eb
          .selectFrom('member_group as dg')
          .whereRef('dg.organization_id', '=', 'm.organization_id')
          .where('dg.is_default', '=', true)
          .select((of) => [
            'dg.id',
            'dg.name',
            of
              .selectFrom('group_permission as gp')
              .whereRef('gp.organization_id', '=', 'dg.organization_id')
              .whereRef('gp.group_id', '=', 'dg.id')
              .select(sql<string[]>`coalesce(json_agg(gp.permission order by gp.permission), '[]')`.as('all'))
              .as('permissions'),
          ]),
      )
        .$notNull()
        .as('defaultGroup'),
      eb
        .exists(
          eb
            .selectFrom('membership as again')
            .whereRef('again.organization_id', '=', 'm.organization_id')
            .whereRef('again.account_id', '=', 'm.account_id')
            .where('again.removed_at', 'is', null)
            .select('again.id'),
        )
        .as('isBack'),
      eb
        .exists(
          eb
            .selectFrom('membership as same')
            .whereRef('same.organization_id', '=', 'm.organization_id')
            .whereRef('same.email_key', '=', 'ac.email_key')
            .where('same.removed_at', 'is', null)
            .select('same.id'),
        )
        .as('addressIsTaken'),
      eb
        .exists(
          eb
            .selectFrom('membership as invited')
            .whereRef('invited.organization_id', '=', 'm.organization_id')
            .whereRef('invited.email_key', '=', 'ac.email_key')
            .where('invited.removed_at', 'is', null)
            .where('invited.account_id', 'is', null)
            .select('invited.id'),
        )
        .as('invitedAgain'),
    ])
    .executeTakeFirst()
  return row ? asPerson(actor, row) : null
}
export type PersonAndReturn = NonNullable<Awaited<ReturnType<typeof personAndReturn>>>

/** Somebody removed who was an Admin, of those whom the actor sees. */
export const removedAdmin = (db: Db, actor: Actor, id: string) =>
  db
    .selectFrom('membership as m')
    .where('m.organization_id', '=', actor.organization.id)
    .where('m.id', '=', id)
    .where('m.removed_at', 'is not', null)
    .where('m.organization_role', '=', 'admin')
    .where((eb) => visibleTo(actor)(eb))
    .select('m.id')
    .executeTakeFirst()
