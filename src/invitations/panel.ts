import { type ExpressionBuilder, type Selectable, sql } from 'kysely'
import { jsonArrayFrom, jsonObjectFrom } from 'kysely/helpers/postgres'
import type { Actor } from '../platform/access/actor.ts'
import type { Giver } from '../platform/access/giver.ts'
import { atMost } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import type { DB, InvitationTable } from '../platform/database/schema.ts'
import { giversOf } from './givers.ts'
import { type Letter, lettersOf } from './letters.ts'
import type { ApprovalRule } from './rules.ts'
import { visibleTo } from './visible.ts'

/** Of its timeline at most so many events are read, the latest ones. */
const mostEvents = 100

type Of = ExpressionBuilder<DB & { i: DB['invitation'] }, 'i'>
type Named = { id: string; first_name: string; last_name: string; email: string }

/** What the log has of it, with who did it: a member of the organization, or null for strangers, support staff and the system. */
export type Told = { at: string; act: string; how: string; changes: Record<string, unknown>; by: Named | null }

/** One invitation with all that the panel tells and the rules ask. Moments of what stands beside the row are ISO texts. */
export type Invitation = Omit<Selectable<InvitationTable>, 'resend_day' | 'offer'> & {
  resend_day: string | null
  offer: unknown
  group_name: string | null
  region_name: string | null
  area_name: string | null
  custom_roles: { name: string }[]
  sender: Named | null
  decider: Named | null
  sole_admin: boolean
  /** Of the organization: what anybody's access was read at, and what it decided about invitations. */
  access_version: number
  invitation_approval: ApprovalRule
  invitation_days: number
  givers: Giver[]
  told: Told[]
  letters: Letter[]
}

/** Somebody by a column of the invitation, as they are now; the membership may be of somebody removed. */
const named = (eb: Of, id: 'invited_by' | 'decided_by') =>
  jsonObjectFrom(
    eb
      .selectFrom('membership as n')
      .whereRef('n.organization_id', '=', 'i.organization_id')
      .whereRef('n.id', '=', `i.${id}`)
      .select(['n.id', 'n.first_name', 'n.last_name', 'n.email']),
  ).$castTo<Named | null>()

const toldOf = (eb: Of) =>
  jsonArrayFrom(
    eb
      .selectFrom('event as e')
      .whereRef('e.organization_id', '=', 'i.organization_id')
      .whereRef('e.subject_id', '=', 'i.id')
      .select((of) => [
        'e.at',
        'e.act',
        'e.how',
        'e.changes',
        jsonObjectFrom(
          of
            .selectFrom('membership as n')
            .whereRef('n.organization_id', '=', 'e.organization_id')
            .whereRef('n.account_id', '=', 'e.actor_id')
            .orderBy('n.removed_at', (order) => order.desc().nullsFirst())
            .limit(atMost(1))
            .select(['n.id', 'n.first_name', 'n.last_name', 'n.email']),
        ).as('by'),
      ])
      .orderBy('e.at', 'desc')
      .orderBy('e.id', 'desc')
      .limit(atMost(mostEvents)),
  ).$castTo<Told[]>()

/** Nobody else could approve what its sender sent: no other Admin is Active. */
export const soleAdmin = (eb: Of) =>
  sql<boolean>`not exists (${eb
    .selectFrom('membership as n')
    .whereRef('n.organization_id', '=', 'i.organization_id')
    .where(sql<boolean>`n.id is distinct from i.invited_by`)
    .where('n.organization_role', '=', 'admin')
    .where('n.status', '=', 'active')
    .select('n.id')
    .limit(atMost(1))})`

/** The invitations (i) with their organization (o) and the names of group, region and area. Whose is for the caller to say. */
const invitationsWithNames = (db: Db) =>
  db
    .selectFrom('invitation as i')
    .innerJoin('organization as o', 'o.id', 'i.organization_id')
    .leftJoin('member_group as g', (on) =>
      on.onRef('g.organization_id', '=', 'i.organization_id').onRef('g.id', '=', 'i.group_id'),
    )
    .leftJoin('region as r', (on) =>
      on.onRef('r.organization_id', '=', 'i.organization_id').on(sql<boolean>`r.id = (i.offer ->> 'region_id')::uuid`),
    )
    .leftJoin('area as a', (on) =>
      on.onRef('a.organization_id', '=', 'i.organization_id').on(sql<boolean>`a.id = (i.offer ->> 'area_id')::uuid`),
    )

/** Invitations with all that a panel tells and the rules ask, for a query that says whose. */
export const panelRows = (db: Db) =>
  invitationsWithNames(db)
    .selectAll('i')
    .select((eb) => [
      sql<string | null>`nullif(i.resend_day, '-infinity')::text`.as('resend_day'),
      'g.name as group_name',
      'r.name as region_name',
      'a.name as area_name',
      'o.access_version',
      'o.invitation_approval',
      'o.invitation_days',
      jsonArrayFrom(
        eb
          .selectFrom('custom_role as cr')
          .whereRef('cr.organization_id', '=', 'i.organization_id')
          .where(sql<boolean>`cr.id = any(i.role_ids)`)
          .select(['cr.name'])
          .orderBy('cr.sort_name')
          .limit(atMost(50)),
      )
        .$castTo<{ name: string }[]>()
        .as('custom_roles'),
      named(eb as unknown as Of, 'invited_by').as('sender'),
      named(eb as unknown as Of, 'decided_by').as('decider'),
      soleAdmin(eb as unknown as Of).as('sole_admin'),
      toldOf(eb as unknown as Of).as('told'),
      lettersOf(eb).as('letters'),
      giversOf(eb),
    ])

/** The invitation with all that its panel tells: only one that the actor may see. */
export const panelQuery = (db: Db, actor: Actor) =>
  panelRows(db)
    .where('i.organization_id', '=', actor.organization.id)
    .where(visibleTo(actor) as never)

/**
 * The invitation of the panel with its timeline, or null: unknown, of another organization, or not the actor's to see. One
 * statement.
 */
export async function invitationPanel(db: Db, actor: Actor, id: string, _now: Date): Promise<Invitation | null> {
  const row = await panelQuery(db, actor).where('i.id', '=', id).executeTakeFirst()
  return (row as unknown as Invitation | undefined) ?? null
}

/** The newest invitation of somebody who hasn't joined, or null. */
export async function invitationOfMember(db: Db, actor: Actor, member: string): Promise<Invitation | null> {
  const row = await panelQuery(db, actor)
    .where('i.membership_id', '=', member)
    .orderBy('i.created_at', 'desc')
    .limit(atMost(1))
    .executeTakeFirst()
  return (row as unknown as Invitation | undefined) ?? null
}
