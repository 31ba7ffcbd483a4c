import { type Expression, sql } from 'kysely'
import type { Actor } from '../platform/access/actor.ts'
import { organizationRoles } from '../platform/access/permissions.ts'
import { statuses } from '../platform/access/status.ts'
import type { Db } from '../platform/database/connect.ts'
import { type Cell, cellValues, csvLines, labelsOf, xlsxRow } from '../platform/web/sheet-cells.ts'
import { conditions, withinReach } from './conditions.ts'
import type { MemberList, Sort } from './list-state.ts'
import { membersWithNames } from './queries.ts'
import { visibleTo } from './visible.ts'

/** The invite status by the clock, as the table shows and sorts it. */
const inviteKey = (now: Date) =>
  sql<string>`case when m.invite = 'pending_activation' and m.invite_expires_at <= ${now} then 'expired' when m.invite = '' then 'added' else m.invite end collate "C"`

const inviteKeys = ['added', 'pending_approval', 'pending_activation', 'active', 'rejected', 'expired', 'revoked']
const roleWords = Object.entries(organizationRoles).map(([value, { label }]): [string, string] => [value, label])

/** The columns of the file, in its order. `customRoles` is a query for their names. */
const memberCells = (now: Date, inviteWords: [string, string][], customRoles: Expression<unknown>): Cell[] => [
  { label: 'First name', kind: 'text', width: 18, value: sql`m.first_name` },
  { label: 'Last name', kind: 'text', width: 20, value: sql`m.last_name` },
  { label: 'Email', kind: 'text', width: 32, value: sql`m.email` },
  { label: 'Username', kind: 'text', width: 18, value: sql`ac.username` },
  { label: 'Title', kind: 'text', width: 24, value: sql`m.title` },
  { label: 'Status', kind: 'word', width: 12, value: labelsOf(sql`m.status`, Object.entries(statuses)) },
  { label: 'Organization role', kind: 'word', width: 17, value: labelsOf(sql`m.organization_role`, roleWords) },
  { label: 'Custom roles', kind: 'text', width: 24, value: customRoles },
  { label: 'Group', kind: 'text', width: 20, value: sql`g.name` },
  { label: 'Region', kind: 'text', width: 18, value: sql`r.name` },
  { label: 'Area', kind: 'text', width: 18, value: sql`a.name` },
  { label: 'Cell phone', kind: 'text', width: 18, value: sql`m.cell_phone` },
  { label: 'Office phone', kind: 'text', width: 18, value: sql`m.office_phone` },
  { label: 'Extension', kind: 'text', width: 10, value: sql`m.extension` },
  { label: 'Two-factor', kind: 'word', width: 10, value: sql`case when m.has_two_factor then 'On' else 'Off' end` },
  { label: 'Last active', kind: 'moment', width: 24, value: sql`m.last_active_at` },
  { label: 'Invite status', kind: 'word', width: 18, value: labelsOf(inviteKey(now), inviteWords) },
  { label: 'Start date', kind: 'day', width: 12, value: sql`m.starts_on` },
  { label: 'End date', kind: 'day', width: 12, value: sql`m.ends_on` },
]

const sortKeys = (now: Date) =>
  ({
    first_name: [sql`m.sort_first`],
    last_name: [sql`m.sort_name`],
    email: [sql`m.email_key`],
    last_active: [sql`m.last_active_at`],
    status: [sql`m.status`, sql`m.sort_name`],
    role: [sql`m.organization_role`, sql`m.sort_name`],
    two_factor: [sql`m.has_two_factor`, sql`m.sort_name`],
    group: [sql`g.sort_name`, sql`m.sort_name`],
    invite: [inviteKey(now), sql`m.sort_name`],
  }) satisfies Record<Sort, unknown[]>

/**
 * Everybody whom the list shows on all of its pages, in its order, as the columns of a CSV file or as the rows of an Excel
 * sheet. Its position is ignored. `inviteLabel` is the word of the screens for a stored invite status.
 */
export function memberExport(
  db: Db,
  actor: Actor,
  asked: MemberList,
  now: Date,
  inviteLabel: (stored: string) => string,
) {
  const list = withinReach(asked, actor)
  const everybody = membersWithNames(db)
    .where('m.organization_id', '=', actor.organization.id)
    .where(visibleTo(actor) as never)
    .$if(!list, (q) => q.where(sql<boolean>`false`))
    .$if(!asked.status.includes('removed'), (q) => q.where('m.status', '<>', 'removed'))
    .where((eb) => eb.and([...conditions(db, actor, list ?? asked, now, 'm').values()]))
  const direction = asked.descending ? 'desc' : 'asc'
  const inOrder = [...sortKeys(now)[asked.sort], sql`m.id`].reduce(
    (query, key) => query.orderBy(key as never, direction),
    everybody,
  )
  // Nearly everybody has none, and is spared the look-up.
  const customRoles = sql`case when m.role_ids = '{}' then '' else ${db
    .selectFrom('custom_role as cr')
    .where('cr.organization_id', '=', actor.organization.id)
    .where(sql<boolean>`cr.id = any(m.role_ids)`)
    .select(sql<string>`string_agg(cr.name, ', ' order by cr.sort_name)`.as('names'))} end`
  const inviteWords = inviteKeys.map((key): [string, string] => [key, inviteLabel(key === 'added' ? '' : key)])
  const cells = memberCells(now, inviteWords, customRoles)
  const people = inOrder.select(cellValues(cells)).offset(sql<number>`0`).as('x')
  return {
    cells,
    csv: () => csvLines(db, people, cells),
    xlsx: () => db.selectFrom(people).select(xlsxRow(cells, 'x').as('row')),
  }
}
