import { type Expression, sql } from 'kysely'
import { searchPatterns } from '../../members/list-state.ts'
import { atMost } from '../../platform/database/compiled-once.ts'
import type { Db } from '../../platform/database/connect.ts'
import { crossing } from '../../platform/database/guard.ts'
import { all, asTable, type Condition, type Found, steps } from '../../platform/database/steps.ts'
import type { Position } from '../../platform/web/table.ts'
import { timeframes } from '../list-state.ts'
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

/** How many entries a walk along all of them may look at, newest first; behind it what matches a search is gathered. */
const farthest = 3000

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

function wanted(list: AcrossList, now: Date, t: Alias): Condition[] {
  const search = sql.ref(`${t}.search`)
  return [
    ...(list.q ? searchPatterns(list.q).map((one): Condition => sql`${search} like ${one}`) : []),
    ...(list.status.length > 0 ? [inStatus(list.status, now, t)] : []),
  ]
}

/**
 * One page of the invitations of every organization that allows support access, newest first, with the organization of each: in the
 * manner of the history (../page.ts) a bounded walk, and only where that doesn't fill the page what matches gathered and sorted.
 */
export async function acrossPage(db: Db, list: AcrossList, now: Date) {
  if (list.q && searchPatterns(list.q).length === 0) return { rows: [], before: null, after: null }
  const wide = crossing(db, 'support staff see the organizations that allow it')
  const back = list.before !== null
  const position = list.after ?? list.before
  const direction = back ? 'asc' : 'desc'
  const since = list.timeframe && new Date(now.getTime() - timeframes[list.timeframe].hours * hour)
  const than = back ? sql`>` : sql`<`
  const beyond: Condition = position
    ? sql`(i.created_at, i.id) ${than} (${String(position.values[0])}::timestamptz, ${position.id}::uuid)`
    : sql`true`
  const open = () =>
    wide
      .selectFrom('invitation as i')
      .innerJoin('organization as o', 'o.id', 'i.organization_id')
      .where('o.support_access', '=', true)
      .where(beyond)
      .$if(since !== null, (query) => query.where('i.created_at', '>=', since as Date))
  const keys = ['i.id', 'i.created_at as k0', sql<string>`''`.as('k1')] as const
  const inOrder = (most: number) =>
    open().orderBy('i.created_at', direction).orderBy('i.id', direction).limit(atMost(most))
  const rest = wanted(list, now, 'w')
  const looked = [...(list.q ? (['i.search'] as const) : []), 'i.status', 'i.expires_at'] as const
  const gathered = open()
    .where(all(wanted(list, now, 'i')))
    .select(keys)
    .offset(sql<number>`0`)
  const ids =
    rest.length === 0
      ? inOrder(pageSize + 1).select(keys)
      : steps(
          wide,
          inOrder(farthest).select([...keys, ...looked]) as never,
          rest,
          gathered as never,
          direction,
          pageSize + 1,
        )
  const rows = await wide
    .selectFrom(asTable(wide, ids as unknown as Expression<Found>, 'p'))
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
      'i.status',
      'i.created_at',
      'i.expires_at',
      'i.sender_name',
    ])
    .orderBy('i.created_at', direction)
    .orderBy('i.id', direction)
    .execute()
  const more = rows.length > pageSize
  const shown = rows.slice(0, pageSize)
  if (back) shown.reverse()
  const at = (row: (typeof rows)[number] | undefined): Position | null =>
    row ? { values: [row.created_at.toISOString()], id: row.id, count: 0 } : null
  return {
    rows: shown,
    before: position && (back ? more : true) ? at(shown[0]) : null,
    after: (back ? true : more) ? at(shown.at(-1)) : null,
  }
}
export type AcrossPage = Awaited<ReturnType<typeof acrossPage>>

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
