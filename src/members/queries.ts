import { type AliasedExpression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import { jsonArrayFrom, jsonObjectFrom } from 'kysely/helpers/postgres'
import { type Actor, can, reach } from '../platform/access/actor.ts'
import { grantsOf } from '../platform/access/grants.ts'
import type { Grants } from '../platform/access/permissions.ts'
import { atMost, compiledOnce } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import type { DB } from '../platform/database/schema.ts'
import { aboutPerson } from './about-person.ts'
import { withinReach } from './conditions.ts'
import { countOf } from './count.ts'
import type { MemberList } from './list-state.ts'
import { isWhole } from './page.ts'
import { mostPending } from './rules.ts'
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

/**
 * Memberships (m) with what they refer to: group (g), region (r), area (a), account (ac). Whose is for the caller to say. `rows`: the
 * part of the statement in which they stand, when it is not the table.
 */
export const membersWithNames = (from: Pick<Db, 'selectFrom'>, rows = 'membership') =>
  from
    .selectFrom(`${rows} as m` as 'membership as m')
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

/**
 * Where somebody removed (m) is now (again): their account's place, or the one of their address, if they haven't joined there, or never
 * had before.
 */
const placeNow = (outer: unknown) => {
  const eb = outer as ExpressionBuilder<DB & { m: DB['membership']; again: DB['membership'] }, 'm' | 'again'>
  return eb.or([
    eb('again.account_id', '=', eb.ref('m.account_id')),
    eb.and([
      eb('again.email_key', '=', eb.ref('m.email_key')),
      eb.or([eb('m.account_id', 'is', null), eb('again.account_id', 'is', null)]),
    ]),
  ])
}
/** With what their organization (o) requires of them, and their exemption (x), also one that is over. */
export const withExemption = (people: ReturnType<typeof membersWithNames>) =>
  people
    .innerJoin('organization as o', (on) => on.onRef('o.id', '=', 'm.organization_id'))
    .leftJoin('two_factor_exemption as x', (on) =>
      on.onRef('x.organization_id', '=', 'm.organization_id').onRef('x.membership_id', '=', 'm.id'),
    )

/** All that the details panel tells of memberships. */
const panelOf = (people: ReturnType<typeof membersWithNames>) =>
  jsonObjectFrom(
    withExemption(people).select((of) => [
      'm.id',
      'm.first_name',
      'm.last_name',
      'm.email',
      'm.title',
      'm.cell_phone',
      'm.office_phone',
      'm.extension',
      'm.avatar',
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
      'o.two_factor_from',
      'x.until as exempt_until',
      'x.reason as exempt_reason',
      'm.suspended_at',
      'm.removed_at',
      'm.removed_reason',
      jsonArrayFrom(
        of
          .selectFrom('invitation as iv')
          .whereRef('iv.organization_id', '=', 'm.organization_id')
          .whereRef('iv.membership_id', '=', 'm.id')
          .select('iv.group_id')
          .distinct()
          .limit(atMost(optionLimit)),
      ).as('invited_into'),
      jsonObjectFrom(
        of
          .selectFrom('membership as by')
          .whereRef('by.organization_id', '=', 'm.organization_id')
          .whereRef('by.id', '=', 'm.removed_by')
          .select(['by.first_name', 'by.last_name', 'by.email']),
      ).as('removed_by'),
      jsonObjectFrom(
        of
          .selectFrom('membership as again')
          .whereRef('again.organization_id', '=', 'm.organization_id')
          .where('again.removed_at', 'is', null)
          .where('m.removed_at', 'is not', null)
          .where((one) => placeNow(one))
          .orderBy(sql`again.account_id is null`)
          .limit(atMost(1))
          .select(['again.id', 'again.status', 'again.group_id']),
      ).as('again'),
      'm.version',
      'm.account_id',
      sql<boolean>`places_of_account(m.account_id) = 1 and not ac.is_support`.as('managed'),
      'ac.is_support',
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
      grantsOf('m.organization_id', 'm.id', 'm.group_id').$castTo<Grants['grants']>().as('grants'),
    ]),
  ).as('panel')

/** One membership with all that the details panel tells: only one that the actor may see, oneself included. */
function panel(eb: Of, actor: Actor, id: string) {
  const mine = id === actor.membership.id
  return panelOf(
    membersWithNames(eb)
      .where(mine ? sql<SqlBool>`m.id = ${id}` : (visibleTo(actor) as never))
      .where('m.organization_id', '=', actor.organization.id)
      .where('m.id', '=', id),
  )
}

/** The same of somebody whom the statement around it has just changed: `rows` is the part that gives all of their row. */
export const panelOfChanged = (eb: unknown, rows: string, organization: string) =>
  panelOf(membersWithNames(eb as Of, rows).where('m.organization_id', '=', organization))

const panelAlone = aboutPerson((db, actor, id) => db.selectNoFrom((eb) => panel(eb as unknown as Of, actor, id)))

/** The person of the panel, or null: unknown, of another organization, or not the actor's to see. */
export async function memberPanel(db: Db, actor: Actor, id: string) {
  const row = await panelAlone(db, actor, id, {})
  return (row?.panel ?? null) as MemberPanel | null
}
type PanelRow = ReturnType<typeof panel> extends AliasedExpression<infer Row, 'panel'> ? NonNullable<Row> : never

/** A person as the panel shows them. Moments are ISO texts, days YYYY-MM-DD; null where there is none. */
export type MemberPanel = PanelRow

/** How many invitations wait for somebody: approval, or the invitee. */
function pending(eb: Of, actor: Actor, now: Date) {
  const own = reach(actor, 'invitations.view') === 'group' ? actor.membership.groupId : null
  const some = () =>
    eb
      .selectFrom('invitation as iv')
      .where('iv.organization_id', '=', actor.organization.id)
      .where(own ? sql<SqlBool>`iv.group_id = ${own}` : sql<SqlBool>`true`)
      .select('iv.id')
      .limit(atMost(mostPending + 1))
  const waiting = some().where(sql<SqlBool>`iv.status = 'pending_approval'`)
  const sent = some().where(sql<SqlBool>`iv.status = 'pending_activation'`).where('iv.expires_at', '>', now)
  return sql<number>`(select count(*)::int from ((${waiting}) union all (${sent})) as p)`.as('pending')
}

type AroundKeys = { organization: string; group: string; now: Date; panelId: string }

function aroundQuery(db: Db, actor: Actor, list: MemberList | null, now: Date, panelId: string | null) {
  const counted = list && !list.q
  return db.selectNoFrom((outer) => {
    const eb = outer as unknown as Of
    return [
      ...options(eb, actor, list),
      ...(counted ? [jsonObjectFrom(countOf(db, actor, list, now)).as('count')] : []),
      ...(can(actor, 'invitations.view') ? [pending(eb, actor, now)] : []),
      ...(panelId ? [panel(eb, actor, panelId)] : []),
    ]
  })
}

/** The same for the whole list, compiled once: what it counts and offers depends on the organization alone. */
const aroundWhole = new Map<string, (db: Db, keys: AroundKeys) => Promise<unknown[]>>()

async function findAround(db: Db, actor: Actor, list: MemberList | null, now: Date, panelId: string | null) {
  if (!list || !isWhole(list, actor)) return await aroundQuery(db, actor, list, now, panelId).executeTakeFirstOrThrow()
  const shape = `${panelId !== null} ${reach(actor, 'invitations.view')}`
  let query = aroundWhole.get(shape)
  if (!query) {
    query = compiledOnce((of: Db, keys: AroundKeys) => {
      const organization = { ...actor.organization, id: keys.organization }
      const anybody = { ...actor, organization, membership: { ...actor.membership, groupId: keys.group } }
      return aroundQuery(of, anybody, list, keys.now, panelId && keys.panelId)
    })
    aroundWhole.set(shape, query)
  }
  const [row] = await query(db, {
    organization: actor.organization.id,
    group: actor.membership.groupId,
    now,
    panelId: panelId ?? '',
  })
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
    pending?: number
    panel?: MemberPanel | null
  }
  return { ...found, count: found.count ?? null, pending: found.pending ?? null, panel: found.panel ?? null }
}
export type Around = Awaited<ReturnType<typeof aroundTheList>>
