import { type AliasedExpression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import { jsonArrayFrom, jsonObjectFrom } from 'kysely/helpers/postgres'
import { type Actor, reach } from '../platform/access/actor.ts'
import { grantsOf } from '../platform/access/grants.ts'
import type { Grants } from '../platform/access/permissions.ts'
import { atMost, compiledOnce } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import type { DB } from '../platform/database/schema.ts'
import { withinReach } from './conditions.ts'
import { countOf } from './count.ts'
import type { MemberList } from './list-state.ts'
import { isWhole } from './page.ts'
import { visibleTo } from './visible.ts'

type Of = ExpressionBuilder<DB, never>
const optionLimit = 200

/**
 * What the filters offer by name: groups (to a Group manager the own one), custom roles, regions, and the areas of the
 * regions chosen.
 */
function options(eb: Of, actor: Actor, list: MemberList | null) {
  const organization = actor.organization.id
  const whole = reach(actor, 'members.view') === 'organization'
  const own = actor.membership.groupId
  return [
    jsonArrayFrom(
      eb
        .selectFrom('member_group as g')
        .where('g.organization_id', '=', organization)
        .where(whole ? sql<SqlBool>`true` : sql<SqlBool>`g.id = ${own}`)
        .select(['g.id', 'g.name'])
        .orderBy('g.sort_name')
        .limit(atMost(optionLimit)),
    ).as('groups'),
    jsonArrayFrom(
      eb
        .selectFrom('custom_role as r')
        .where('r.organization_id', '=', organization)
        .select(['r.id', 'r.name'])
        .orderBy('r.sort_name')
        .limit(atMost(optionLimit)),
    ).as('roles'),
    jsonArrayFrom(
      eb
        .selectFrom('region as rg')
        .where('rg.organization_id', '=', organization)
        .select(['rg.id', 'rg.name'])
        .orderBy('rg.sort_name')
        .limit(atMost(optionLimit)),
    ).as('regions'),
    jsonArrayFrom(
      eb
        .selectFrom('area as ar')
        .where('ar.organization_id', '=', organization)
        .where(
          sql<SqlBool>`(ar.region_id = any(${list?.region ?? []}::uuid[]) or ar.id = any(${list?.area ?? []}::uuid[]))`,
        )
        .select(['ar.id', 'ar.name'])
        .orderBy('ar.sort_name')
        .limit(atMost(optionLimit)),
    ).as('areas'),
  ] as const
}

/** Memberships (m) with what they refer to: group (g), region (r), area (a), account (ac). Whose is for the caller to say. */
export const membersWithNames = (from: Pick<Db, 'selectFrom'>) =>
  from
    .selectFrom('membership as m')
    .innerJoin('member_group as g', (on) =>
      on.onRef('g.organization_id', '=', 'm.organization_id').onRef('g.id', '=', 'm.group_id'),
    )
    .leftJoin('region as r', (on) =>
      on.onRef('r.organization_id', '=', 'm.organization_id').onRef('r.id', '=', 'm.region_id'),
    )
    .leftJoin('area as a', (on) =>
      on.onRef('a.organization_id', '=', 'm.organization_id').onRef('a.id', '=', 'm.area_id'),
    )
    .leftJoin('account as ac', 'ac.id', 'm.account_id')

/** The address that the account ac is to get, while the change could be confirmed but for its time (accounts/email-change.ts). */
export const newEmail = sql<string | null>`case when ac.new_email_version = ac.version
  and ac.new_email_by = m.organization_id then ac.new_email end`

/** One membership with all that the details panel tells: only one that the actor may see, oneself included. */
function panel(eb: Of, actor: Actor, id: string) {
  const mine = id === actor.membership.id
  return jsonObjectFrom(
    membersWithNames(eb)
      .where(mine ? sql<SqlBool>`m.id = ${id}` : (visibleTo(actor) as never))
      .where('m.organization_id', '=', actor.organization.id)
      .where('m.id', '=', id)
      .select((of) => [
        'm.id',
        'm.first_name',
        'm.last_name',
        'm.email',
        'm.title',
        'm.cell_phone',
        'm.office_phone',
        'm.extension',
        'm.status',
        'm.organization_role',
        'm.group_id',
        'g.name as group_name',
        'm.manages_group',
        'r.name as region_name',
        'a.name as area_name',
        'ac.username',
        newEmail.as('new_email'),
        'ac.new_email_expires_at',
        'm.has_two_factor',
        'm.suspended_at',
        'm.removed_at',
        'm.removed_reason',
        jsonObjectFrom(
          of
            .selectFrom('membership as by')
            .whereRef('by.organization_id', '=', 'm.organization_id')
            .whereRef('by.id', '=', 'm.removed_by')
            .select(['by.first_name', 'by.last_name', 'by.email']),
        ).as('removed_by'),
        'm.version',
        'm.account_id',
        sql<boolean>`places_of_account(m.account_id) = 1`.as('managed'),
        sql<string | null>`nullif(m.starts_on, '-infinity')`.as('starts_on'),
        sql<string | null>`nullif(m.ends_on, 'infinity')`.as('ends_on'),
        sql<string | null>`nullif(m.last_active_at, '-infinity')`.as('last_active_at'),
        'm.created_at',
        'm.invite',
        'm.invite_expires_at',
        jsonArrayFrom(
          of
            .selectFrom('membership_role as mr')
            .innerJoin('custom_role as cr', (on) =>
              on.onRef('cr.organization_id', '=', 'mr.organization_id').onRef('cr.id', '=', 'mr.role_id'),
            )
            .whereRef('mr.organization_id', '=', 'm.organization_id')
            .whereRef('mr.membership_id', '=', 'm.id')
            .select(['cr.name'])
            .orderBy('cr.sort_name')
            .limit(atMost(optionLimit)),
        ).as('custom_roles'),
        grantsOf(of, 'm.organization_id', 'm.id', 'm.group_id').$castTo<Grants['grants']>().as('grants'),
      ]),
  ).as('panel')
}

/** The person of the panel, or null: unknown, of another organization, or not the actor's to see. */
export async function memberPanel(db: Db, actor: Actor, id: string) {
  const row = await db.selectNoFrom((eb) => panel(eb as unknown as Of, actor, id)).executeTakeFirst()
  return (row?.panel ?? null) as MemberPanel | null
}
type PanelRow = ReturnType<typeof panel> extends AliasedExpression<infer Row, 'panel'> ? NonNullable<Row> : never

/** A person as the panel shows them. Moments are ISO texts, days YYYY-MM-DD; null where there is none. */
export type MemberPanel = PanelRow

type AroundKeys = { organization: string; panelId: string }

function aroundQuery(db: Db, actor: Actor, list: MemberList | null, now: Date, panelId: string | null) {
  const counted = list && !list.q
  return db.selectNoFrom((outer) => {
    const eb = outer as unknown as Of
    return [
      ...options(eb, actor, list),
      ...(counted ? [jsonObjectFrom(countOf(db, actor, list, now)).as('count')] : []),
      ...(panelId ? [panel(eb, actor, panelId)] : []),
    ]
  })
}

/** The same for the whole list, compiled once: what it counts and offers depends on the organization alone. */
const aroundWhole = new Map<string, (db: Db, keys: AroundKeys) => Promise<unknown[]>>()

async function findAround(db: Db, actor: Actor, list: MemberList | null, now: Date, panelId: string | null) {
  if (!list || !isWhole(list, actor)) return await aroundQuery(db, actor, list, now, panelId).executeTakeFirstOrThrow()
  const shape = String(panelId !== null)
  let query = aroundWhole.get(shape)
  if (!query) {
    query = compiledOnce((of: Db, keys: AroundKeys) => {
      const anybody = { ...actor, organization: { ...actor.organization, id: keys.organization } }
      return aroundQuery(of, anybody, list, now, panelId && keys.panelId)
    })
    aroundWhole.set(shape, query)
  }
  const [row] = await query(db, { organization: actor.organization.id, panelId: panelId ?? '' })
  return row
}

/** What stands around the rows: what the filters offer, how many match, and the open panel, in one statement. */
export async function aroundTheList(db: Db, actor: Actor, asked: MemberList, now: Date, panelId: string | null) {
  type Option = { id: string; name: string }
  const found = (await findAround(db, actor, withinReach(asked, actor), now, panelId)) as {
    groups: Option[]
    roles: Option[]
    regions: Option[]
    areas: Option[]
    count?: { found: number; exact: boolean }
    panel?: MemberPanel | null
  }
  return { ...found, count: found.count ?? null, panel: found.panel ?? null }
}
export type Around = Awaited<ReturnType<typeof aroundTheList>>
