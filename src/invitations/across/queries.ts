import { type Expression, type SqlBool, sql } from 'kysely'
import { atMost } from '../../platform/database/compiled-once.ts'
import type { Db } from '../../platform/database/connect.ts'
import { crossing } from '../../platform/database/guard.ts'
import { holds, searchedFor } from '../../platform/database/search.ts'
import { all, asTable, type Condition, type Found, steps } from '../../platform/database/steps.ts'
import type { Position } from '../../platform/web/table.ts'
import { type Facet, statusNow } from '../count.ts'
import { type Timeframe, timeframes } from '../list-state.ts'
import { type Invitation, panelRows } from '../panel.ts'
import type { InvitationStatus } from '../rules.ts'
import { asInvitation, type InvitationToChange, invitationRow } from '../to-change.ts'
import type { AcrossList } from './list-state.ts'

/*
 * What support staff see: invitations of the organizations that are open to them, and of no other. No actor: they have a place in
 * none of these; the route asks who they are.
 */

const pageSize = 50
const hour = 3_600_000

/** How many entries a walk along all of them may look at, in the order asked for; behind it what matches a search is gathered. */
export const bounds = { farthest: 3000 }

/** i: the table itself; w: what a walk along it has brought. */
type Alias = 'i' | 'w'

/** The statuses, of which two differ by the clock alone. */
function inStatus(statuses: InvitationStatus[], now: Date, t: Alias): Condition {
  const [status, ends] = [sql.ref(`${t}.status`), sql`coalesce(${sql.ref(`${t}.expires_at`)}, 'infinity'::timestamptz)`]
  const open = sql`${status} = 'pending_activation' and ${ends}`
  const each = statuses.map((one) =>
    one === 'pending_activation'
      ? sql`(${open} > ${now})`
      : one === 'expired'
        ? sql`(${status} = 'expired' or (${open} <= ${now}))`
        : sql`${status} = ${one}`,
  )
  return sql`(${sql.join(each, sql` or `)})`
}

/** What a row must fulfil, but for when it was invited. */
function wanted(list: AcrossList, now: Date, t: Alias): Condition[] {
  return [
    ...(list.q ? [holds(sql.ref(`${t}.search`), searchedFor(list.q), t === 'w' ? 'row' : 'index')] : []),
    ...(list.status.length > 0 ? [inStatus(list.status, now, t)] : []),
  ]
}

const startOf = (timeframe: Timeframe, now: Date) => new Date(now.getTime() - timeframes[timeframe].hours * hour)

/** Whether its organization allows support access, asked of one row of a walk after the other, which keep their order. */
const allows: Condition = sql`(select wo.support_access from organization wo where wo.id = w.organization_id)`

/** How a page steps from its position: before one it goes the other way round. */
function stepOf(list: AcrossList) {
  const position = list.after ?? list.before
  const descending = list.before ? !list.descending : list.descending
  const byEmail = list.sort === 'email'
  const order = byEmail ? (['i.email_key', 'i.created_at', 'i.id'] as const) : (['i.created_at', 'i.id'] as const)
  return { position, byEmail, order, direction: descending ? ('desc' as const) : ('asc' as const) }
}

/**
 * Ids and sort keys of one page and one row more, in the manner of the history (../page.ts): a bounded walk along all invitations, and only
 * where that doesn't fill the page what matches gathered and sorted.
 */
export function idsAcross(wide: Db, list: AcrossList, now: Date) {
  const { position, byEmail, order, direction } = stepOf(list)
  const since = list.timeframe && startOf(list.timeframe, now)
  const casts = byEmail ? [sql`text`, sql`timestamptz`] : [sql`timestamptz`]
  const values = casts.map((cast, n) => sql`${String(position?.values[n] ?? '')}::${cast}`)
  const beyond: Condition = position
    ? sql`(${sql.join(order.map((name) => sql.ref(name)))}) ${direction === 'desc' ? sql`<` : sql`>`} (${sql.join(values)}, ${position.id}::uuid)`
    : sql`true`
  const keys = byEmail
    ? (['i.email_key as k0', 'i.created_at as k1'] as const)
    : (['i.created_at as k0', sql<string>`''`.as('k1')] as const)
  const looked = [...(list.q ? (['i.search'] as const) : []), 'i.status', 'i.expires_at'] as const
  const walk = order.reduce(
    (query, name) => query.orderBy(name, direction),
    wide
      .selectFrom('invitation as i')
      .where(beyond)
      // Along the addresses the timeframe is no stretch: it is asked of each row.
      .$if(since !== null && !byEmail, (query) => query.where('i.created_at', '>=', since as Date))
      .limit(atMost(bounds.farthest))
      .select(['i.id', 'i.organization_id', 'i.created_at', ...keys, ...looked]),
  )
  const rest = [
    allows,
    ...wanted(list, now, 'w'),
    ...(since && byEmail ? [sql<SqlBool>`w.created_at >= ${since}`] : []),
  ]
  const matching = wide
    .selectFrom('invitation as i')
    .where(beyond)
    .$if(since !== null, (query) => query.where('i.created_at', '>=', since as Date))
    .where(all(wanted(list, now, 'i')))
    .select(['i.id', ...keys])
  // A word is looked up in all organizations at once. Else each has indexes of its own: in the order asked for where nothing else is
  // asked, so that no more than a page is read of it, and for what is rare.
  const inOrder = list.status.length === 0 && !(since && byEmail)
  const ofEach = matching.where(sql<SqlBool>`i.organization_id = o.id`)
  const some = inOrder
    ? order.reduce((query, name) => query.orderBy(name, direction), ofEach).limit(atMost(pageSize + 1))
    : ofEach.offset(sql<number>`0`)
  const gathered = list.q
    ? matching
        .innerJoin('organization as o', 'o.id', 'i.organization_id')
        .where('o.support_access', '=', true)
        .offset(sql<number>`0`)
    : sql`(select i.* from organization o cross join lateral (${some}) i where o.support_access)`
  return steps(wide, walk as never, rest, gathered as never, direction, pageSize + 1)
}

/** One page of the invitations of every organization that allows support access, in the order asked for, with the organization of each. */
export async function acrossPage(db: Db, list: AcrossList, now: Date) {
  if (list.q && searchedFor(list.q).length === 0) return { rows: [], first: 1, before: null, after: null }
  const wide = crossing(db, 'support staff see the organizations that allow it')
  const { byEmail, order, direction } = stepOf(list)
  const found = wide
    .selectFrom(asTable(wide, idsAcross(wide, list, now) as unknown as Expression<Found>, 'p'))
    .innerJoin('invitation as i', 'i.id', 'p.id')
    .innerJoin('organization as o', 'o.id', 'i.organization_id')
    .where('o.support_access', '=', true)
    .select([
      'i.id',
      'i.organization_id',
      'o.name as organization_name',
      'i.first_name',
      'i.last_name',
      'i.email',
      'i.email_key',
      'i.status',
      'i.created_at',
      'i.expires_at',
      'i.sender_name',
    ])
  const rows = await order.reduce((query, name) => query.orderBy(name, direction), found).execute()
  const more = rows.length > pageSize
  const shown = rows.slice(0, pageSize)
  if (list.before) shown.reverse()
  const count = list.after ? list.after.count : list.before ? Math.max(0, list.before.count - shown.length) : 0
  const at = (row: (typeof rows)[number] | undefined, count: number): Position | null => {
    const moment = row?.created_at.toISOString() ?? ''
    return row ? { values: byEmail ? [row.email_key, moment] : [moment], id: row.id, count } : null
  }
  return {
    rows: shown,
    first: count + 1,
    before: (list.before ? more : list.after !== null) ? at(shown[0], count) : null,
    after: (list.before ? true : more) ? at(shown.at(-1), count + shown.length) : null,
  }
}
export type AcrossPage = Awaited<ReturnType<typeof acrossPage>>

/** So many of the newest invitations are looked at to count options. */
const newest = 5000

/** How many each option of each filter would show beside the other one, of every timeframe by itself. */
export type AcrossFacets = { status: Facet; timeframe: Record<Timeframe, Facet> }

/**
 * Counted among the newest invitations, whatever the organizations allow: no index holds a status across organizations. What lies
 * wholly within those is exact.
 */
export async function acrossFacets(db: Db, list: AcrossList, now: Date): Promise<AcrossFacets> {
  const wide = crossing(db, 'support staff see the organizations that allow it')
  const frames = Object.keys(timeframes) as Timeframe[]
  const words = searchedFor(list.q)
  const inSearch: Condition = list.q && words.length === 0 ? sql`false` : holds(sql`w.search`, words, 'row')
  const since = list.timeframe && startOf(list.timeframe, now)
  const status = list.status.length > 0 ? inStatus(list.status, now, 'w') : sql`true`
  const { rows } = await sql<{ cut: boolean; oldest: Date | null; status: Facet['of']; timeframe: Facet['of'] }>`
    with walked as materialized (
      select i.organization_id, i.status, i.expires_at, i.created_at${list.q ? sql`, i.search` : sql``} from invitation i
      order by i.created_at desc, i.id desc limit ${atMost(newest)}
    ), fits as materialized (select w.status, w.expires_at, w.created_at from walked w where ${all([allows, inSearch])})
    select (select count(*) >= ${newest} from walked) as cut, (select min(created_at) from walked) as oldest,
      (select json_object_agg(x.v, x.n) from (select ${statusNow(now)} as v, count(*) as n from fits w
        where ${since ? sql`w.created_at >= ${since}` : sql`true`} group by 1) x) as status,
      (select json_build_object(${sql.join(
        frames.map(
          (one) => sql`${one}::text, count(*) filter (where w.created_at >= ${startOf(one, now)}::timestamptz)`,
        ),
      )}) from fits w where ${status}) as timeframe`.execute(wide)
  const [found] = rows
  const cut = (from: Date | null) => found?.cut === true && !(from && found.oldest && found.oldest < from)
  return {
    status: { cut: cut(since), of: found?.status ?? null },
    timeframe: Object.fromEntries(
      frames.map((one) => [one, { cut: cut(startOf(one, now)), of: found?.timeframe ?? null }]),
    ) as Record<Timeframe, Facet>,
  }
}

/** The invitation of the panel with the name of its organization; null where that doesn't allow support access, and if unknown. */
export async function acrossPanel(db: Db, id: string) {
  const row = await panelRows(crossing(db, 'support staff see the organizations that allow it'))
    .where('i.id', '=', id)
    .where('o.support_access', '=', true)
    .select('o.name as organization_name')
    .executeTakeFirst()
  return (row as unknown as (Invitation & { organization_name: string }) | undefined) ?? null
}
export type AcrossPanel = NonNullable<Awaited<ReturnType<typeof acrossPanel>>>

/** The invitation that is to be sent again, with its organization as it is now; null as `acrossPanel`. */
export async function acrossToSend(db: Db, id: string): Promise<InvitationToChange | null> {
  const wide = crossing(db, 'support staff see the organizations that allow it')
  const home = wide
    .selectFrom('invitation as s')
    .innerJoin('organization as so', 'so.id', 's.organization_id')
    .where('s.id', '=', id)
    .where('so.support_access', '=', true)
    .select('s.organization_id')
  const row = await invitationRow(wide, sql<string>`(${home})`, id)
    .select(['i.organization_id', 'o.slug', 'o.name'])
    .executeTakeFirst()
  if (!row) return null
  const { organization_id, slug, name } = row
  return asInvitation({ id: organization_id, slug, name, accessVersion: row.access_version }, row)
}

/** Whether what is to be sent again offers Admin, of what `acrossToSend` gives. */
export const acrossOffersAdmin = async (db: Db, id: string): Promise<boolean> => {
  const found = await crossing(db, 'support staff see the organizations that allow it')
    .selectFrom('invitation as i')
    .innerJoin('organization as o', 'o.id', 'i.organization_id')
    .where('i.id', '=', id)
    .where('i.organization_role', '=', 'admin')
    .where('o.support_access', '=', true)
    .select('i.id')
    .executeTakeFirst()
  return found !== undefined
}
