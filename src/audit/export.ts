import { sql } from 'kysely'
import type { Actor } from '../platform/access/actor.ts'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'
import { events } from '../platform/events/catalogue.ts'
import { type Cell, cellValues, csvLines, xlsxRow } from '../platform/web/sheet-cells.ts'
import type { AuditList } from './list-state.ts'
import { auditedEvents } from './queries.ts'

const person = (
  organization: string,
  id: string,
) => sql`(select coalesce(nullif(trim(n.first_name || ' ' || n.last_name), '') || ' ', '')
  || '<' || n.email || '>' from membership as n where n.organization_id = ${organization}
  and (n.account_id = ${sql.ref(id)} or n.id = ${sql.ref(id)}) order by n.removed_at desc nulls first, n.id desc limit 1)`

const sentences = Object.entries(events).map(([act, sentence]) => sql`when ${act} then ${sentence}`)

const cells = (organization: string): Cell[] => [
  { label: 'When', kind: 'moment', width: 24, value: sql`e.at` },
  {
    label: 'Who',
    kind: 'text',
    width: 40,
    value: sql`case when e.how = 'support' then 'Support' else ${person(organization, 'e.actor_id')} end`,
  },
  { label: 'What', kind: 'text', width: 40, value: sql`case e.act ${sql.join(sentences, sql` `)} else e.act end` },
  { label: 'About', kind: 'text', width: 40, value: person(organization, 'e.subject_id') },
  {
    label: 'Changes',
    kind: 'text',
    width: 60,
    value: sql`case when e.changes = '{}' then '' else e.changes::text end`,
  },
  { label: 'How', kind: 'text', width: 10, value: sql`e.how` },
  { label: 'Address', kind: 'text', width: 16, value: sql`e.ip` },
  { label: 'Request', kind: 'text', width: 18, value: sql`e.request_id` },
  { label: 'Event', kind: 'text', width: 36, value: sql`e.id::text` },
]

/** All events of the filter, newest first; ids of groups and roles stay ids, since names change. Its position is ignored. */
export function auditExport(db: Db, actor: Actor, list: AuditList) {
  const columns = cells(actor.organization.id)
  const found = auditedEvents(db, actor, list)
    .orderBy('e.at', 'desc')
    .orderBy('e.id', 'desc')
    .select(cellValues(columns))
    .offset(sql<number>`0`)
    .as('x')
  const wide = crossing(db, 'names are looked up for rows that were found for the organization')
  return {
    cells: columns,
    csv: () => csvLines(wide, found, columns),
    xlsx: () => wide.selectFrom(found).select(xlsxRow(columns, 'x').as('row')),
  }
}
