import { type ExpressionBuilder, sql } from 'kysely'
import { jsonArrayFrom, jsonObjectFrom } from 'kysely/helpers/postgres'
import { choices } from '../../members/access/choices.ts'
import type { Choices } from '../../members/access/rules.ts'
import { regionsOf } from '../../members/edit/places.ts'
import type { Regions } from '../../members/edit/rules.ts'
import { roomOf, usedRoom } from '../../members/new/room.ts'
import { visibleTo as memberVisibleTo } from '../../members/visible.ts'
import type { Actor } from '../../platform/access/actor.ts'
import { TurnLost } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import { crossing } from '../../platform/database/guard.ts'
import type { DB } from '../../platform/database/schema.ts'
import { type ApprovalRule, needsApproval } from '../rules.ts'
import { visibleTo } from '../visible.ts'
import type { Known, Open, Present } from './rules.ts'

/** So many members are looked at to tell which domain is theirs. */
const sample = 1000

/** The domain that most members' addresses have. */
export const commonDomain = (eb: ExpressionBuilder<DB, never>, organization: string) =>
  eb
    .selectFrom(
      eb
        .selectFrom('membership as cm')
        .where('cm.organization_id', '=', organization)
        .where('cm.status', '=', 'active')
        .select(sql<string>`split_part(cm.email_key, '@', 2)`.as('domain'))
        .limit(sample)
        .as('some'),
    )
    .select('some.domain')
    .groupBy('some.domain')
    .orderBy(sql`count(*)`, 'desc')
    .orderBy('some.domain')
    .limit(1)

/**
 * All that inviting these addresses is decided by, as of one moment: what there is to choose, what the organization asks for, how many
 * the actor may still invite, who has the addresses here, and what the form with this key made before. Throws TurnLost when somebody's access changed after the
 * actor was read.
 */
export async function inviting(
  db: Db,
  actor: Actor,
  { key, now }: { key: Buffer; now: Date },
  keys: string[],
  made: string | null = null,
) {
  const organization = actor.organization.id
  const row = await db
    .selectFrom('organization as o')
    .where('o.id', '=', organization)
    .select((eb) => [
      'o.access_version',
      'o.invitation_approval',
      'o.invitation_days',
      'o.allowed_domains',
      ...choices(eb, organization),
      regionsOf(eb, organization),
      commonDomain(eb as never, organization).as('common'),
      presentWith(eb, actor, keys),
      openFor(eb, actor, keys),
      usedRoom(key, actor, now),
      jsonObjectFrom(
        eb
          .selectFrom('invitation as mi')
          .where('mi.organization_id', '=', organization)
          .where('mi.id', '=', made)
          .select(['mi.id', 'mi.email_key', 'mi.group_id']),
      ).as('made'),
    ])
    .executeTakeFirstOrThrow()
  if (row.access_version !== actor.organization.accessVersion) throw new TurnLost()
  const rule = row.invitation_approval as ApprovalRule
  return {
    days: row.invitation_days,
    approval: needsApproval(rule, actor.membership.organizationRole),
    choices: { groups: row.groups, roles: row.roles } satisfies Choices,
    regions: row.regions satisfies Regions,
    known: {
      present: row.present as Present[],
      open: row.open as Open[],
      allowed: row.allowed_domains,
      trusted: row.common ? [row.common] : [],
    } satisfies Known,
    made: row.made,
    room: roomOf(key, actor, row.used_room),
  }
}
export type Inviting = Awaited<ReturnType<typeof inviting>>

export const presentWith = (outer: unknown, actor: Actor, keys: string[]) =>
  jsonArrayFrom(
    (outer as ExpressionBuilder<DB, never>)
      .selectFrom('membership as m')
      .where('m.organization_id', '=', actor.organization.id)
      .where('m.removed_at', 'is', null)
      .where(sql<boolean>`m.email_key = any(${keys}::text[])`)
      .select((of) => [
        'm.id',
        'm.first_name',
        'm.last_name',
        'm.email',
        'm.email_key',
        'm.status',
        'm.invite',
        'm.invite_expires_at',
        memberVisibleTo(actor)(of).as('seen'),
      ])
      .limit(200),
  ).as('present')

export const openFor = (outer: unknown, actor: Actor, keys: string[]) =>
  jsonArrayFrom(
    (outer as ExpressionBuilder<DB, never>)
      .selectFrom('invitation as i')
      .where('i.organization_id', '=', actor.organization.id)
      .where('i.status', 'in', ['pending_approval', 'pending_activation'])
      .where(sql<boolean>`i.email_key = any(${keys}::text[])`)
      .select((of) => ['i.id', 'i.email_key', 'i.status', 'i.expires_at', visibleTo(actor)(of).as('seen')])
      .limit(200),
  ).as('open')

/** The actor's own list of people to invite; null for anybody else's. */
export const severalDraft = (db: Db, actor: Actor, id: string) =>
  db
    .selectFrom('draft as d')
    .where('d.organization_id', '=', actor.organization.id)
    .where('d.id', '=', id)
    .where('d.account_id', '=', actor.accountId)
    .where('d.kind', '=', 'several')
    .select(['d.id', 'd.data', 'd.version', 'd.created_at', 'd.result'])
    .executeTakeFirst()
export type SeveralDraft = NonNullable<Awaited<ReturnType<typeof severalDraft>>>

/** An invitation for whoever may invite, for telling them what became of it: what its acts show them too. */
export const sentBy = (db: Db, actor: Actor, id: string) =>
  db
    .selectFrom('invitation as i')
    .where('i.organization_id', '=', actor.organization.id)
    .where('i.id', '=', id)
    .where(visibleTo(actor, 'members.invite'))
    .select(['i.email', 'i.status', 'i.expires_at'])
    .executeTakeFirst()
export type Sent = NonNullable<Awaited<ReturnType<typeof sentBy>>>

/** The organizations in which an account may invite somebody, by name: those of its Active memberships alone. */
export const placesToInvite = async (db: Db, actor: Actor): Promise<{ slug: string; name: string }[]> =>
  crossing(db, 'somebody chooses among the organizations that they may invite into')
    .selectFrom('membership as m')
    .innerJoin('organization as o', 'o.id', 'm.organization_id')
    .where('m.account_id', '=', actor.accountId)
    .where('m.status', '=', 'active')
    .where((eb) =>
      eb.or([
        eb('m.organization_role', '=', 'admin'),
        eb.and([
          eb('m.organization_role', '=', 'member'),
          eb.or([
            eb('m.manages_group', '=', true),
            eb.exists(
              eb
                .selectFrom('group_permission as gp')
                .whereRef('gp.organization_id', '=', 'm.organization_id')
                .whereRef('gp.group_id', '=', 'm.group_id')
                .where('gp.permission', '=', 'members.invite')
                .select('gp.permission'),
            ),
            eb.exists(
              eb
                .selectFrom('membership_permission as mp')
                .whereRef('mp.organization_id', '=', 'm.organization_id')
                .whereRef('mp.membership_id', '=', 'm.id')
                .where('mp.permission', '=', 'members.invite')
                .select('mp.permission'),
            ),
            eb.exists(
              eb
                .selectFrom('membership_role as mr')
                .innerJoin('custom_role_permission as cp', (on) =>
                  on.onRef('cp.organization_id', '=', 'mr.organization_id').onRef('cp.role_id', '=', 'mr.role_id'),
                )
                .whereRef('mr.organization_id', '=', 'm.organization_id')
                .whereRef('mr.membership_id', '=', 'm.id')
                .where('cp.permission', '=', 'members.invite')
                .select('cp.permission'),
            ),
          ]),
        ]),
      ]),
    )
    .select(['o.slug', 'o.name'])
    .orderBy('o.name')
    .limit(100)
    .execute()
