import { type Expression, type SqlBool, sql } from 'kysely'
import type { Actor } from '../platform/access/actor.ts'
import { organizationRoles } from '../platform/access/permissions.ts'
import type { Db } from '../platform/database/connect.ts'
import { all } from '../platform/database/steps.ts'
import { type Cell, cellValues, csvLines, labelsOf, xlsxRow } from '../platform/web/sheet-cells.ts'
import { conditions, expired, expiresKey, here, withinReach } from './conditions.ts'
import type { InvitationList, Sort } from './list-state.ts'
import { approvals, invitationStatuses } from './rules.ts'

/** How it stands by the clock, as the table shows and sorts it. */
const statusKey = (now: Date) =>
  sql<string>`case when i.status = 'pending_activation' and ${expired(now, 'i')} then 'expired' else i.status end collate "C"`

const roleWords = Object.entries(organizationRoles).map(([value, { label }]): [string, string] => [value, label])

/** The columns of the file, in its order. `customRoles` and `group` are queries for names. */
const cellsOf = (now: Date, customRoles: Expression<unknown>, group: Expression<unknown>): Cell[] => [
  { label: 'First name', kind: 'text', width: 18, value: sql`i.first_name` },
  { label: 'Last name', kind: 'text', width: 20, value: sql`i.last_name` },
  { label: 'Email', kind: 'text', width: 32, value: sql`i.email` },
  { label: 'Status', kind: 'word', width: 18, value: labelsOf(statusKey(now), Object.entries(invitationStatuses)) },
  { label: 'Organization role', kind: 'word', width: 17, value: labelsOf(sql`i.organization_role`, roleWords) },
  { label: 'Custom roles', kind: 'text', width: 24, value: customRoles },
  { label: 'Group', kind: 'text', width: 20, value: group },
  { label: 'Invited on', kind: 'moment', width: 24, value: sql`i.created_at` },
  { label: 'Expires', kind: 'moment', width: 24, value: sql`i.expires_at` },
  { label: 'Approval', kind: 'word', width: 12, value: labelsOf(sql`i.approval`, Object.entries(approvals)) },
  { label: 'Sent by', kind: 'text', width: 24, value: sql`i.sender_name` },
]

/** What each sort orders by, and whether the later keys go the other way: the newest first within each status. */
const sortKeys = (now: Date): Record<Sort, [first: Expression<unknown>, newestFirst: boolean]> => ({
  name: [sql`i.sort_first`, false],
  email: [sql`i.email_key`, false],
  invited: [sql`i.created_at`, false],
  expires: [expiresKey, false],
  sender: [sql`i.sort_sender`, false],
  status: [statusKey(now), true],
  role: [sql`i.organization_role`, true],
  approval: [sql`i.approval`, true],
})

/** Every invitation that the list shows on all of its pages, in its order, as CSV or Excel. Its position is ignored. */
export function invitationExport(db: Db, actor: Actor, list: InvitationList, now: Date) {
  const scope = { db, actor, now }
  const direction = list.descending ? 'desc' : 'asc'
  const [first, newestFirst] = sortKeys(now)[list.sort]
  const then = newestFirst ? (list.descending ? 'asc' : 'desc') : direction
  const found = here(scope)
    .where(withinReach(list, actor) ? all(conditions(scope, list, 'i').values()) : sql<SqlBool>`false`)
    .orderBy(first as never, direction)
    .$if(newestFirst, (query) => query.orderBy('i.created_at', then))
    .orderBy('i.id', then)
  const customRoles = sql`case when i.role_ids = '{}' then '' else ${db
    .selectFrom('custom_role as cr')
    .where('cr.organization_id', '=', actor.organization.id)
    .where(sql<boolean>`cr.id = any(i.role_ids)`)
    .select(sql<string>`string_agg(cr.name, ', ' order by cr.sort_name)`.as('names'))} end`
  const group = db
    .selectFrom('member_group as g')
    .where('g.organization_id', '=', actor.organization.id)
    .where(sql<boolean>`g.id = i.group_id`)
    .select('g.name')
  const cells = cellsOf(now, customRoles, group)
  const rows = found.select(cellValues(cells)).offset(sql<number>`0`).as('x') as never
  return {
    cells,
    csv: () => csvLines(db, rows, cells),
    xlsx: () => db.selectFrom(rows).select(xlsxRow(cells, 'x').as('row')),
  }
}
