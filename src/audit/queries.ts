import { type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import type { Actor } from '../platform/access/actor.ts'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'
import type { DB } from '../platform/database/schema.ts'
import { holds, searchedFor } from '../platform/database/search.ts'
import type { Position } from '../platform/web/table.ts'
import { type AuditList, actsNamed } from './list-state.ts'

const pageSize = 50
/** A search by name follows so many people. */
const mostPeople = 200

type Of = ExpressionBuilder<DB & { e: DB['event'] }, 'e'>

/** What of the log the actor's organization may read: its own events; and of an account that it alone manages, what it did since. */
function within(eb: Of, actor: Actor, list: AuditList) {
  const own = eb('e.organization_id', '=', actor.organization.id)
  if (!list.person) return own
  const person = eb
    .selectFrom('membership as pm')
    .where('pm.organization_id', '=', actor.organization.id)
    .where('pm.id', '=', list.person)
  const account = person.select('pm.account_id')
  const places = eb
    .selectFrom('membership as pl')
    .where('pl.organization_id', '=', actor.organization.id)
    .where('pl.account_id', '=', account)
    .select('pl.id')
  const managed = person
    .where('pm.removed_at', 'is', null)
    .where(sql<SqlBool>`places_of_account(pm.account_id) = 1`)
    // What support staff do elsewhere is those organizations' to know.
    .where((of) =>
      of.not(
        of.exists(
          of
            .selectFrom('account as pa')
            .whereRef('pa.id', '=', 'pm.account_id')
            .where('pa.is_support', '=', true)
            .select('pa.id'),
        ),
      ),
    )
    .select('pm.account_id')
  const about = eb.or([
    eb('e.actor_id', '=', account),
    eb('e.subject_id', 'in', [list.person]),
    // Somebody who was removed and came back has several places, and one history.
    eb('e.subject_id', '=', sql<string>`any(array(${places}))`),
    eb('e.subject_id', '=', account),
  ])
  return eb.and([
    about,
    eb.or([
      own,
      eb.and([
        eb('e.organization_id', 'is', null),
        // What the account did before it came here was another organization's to know.
        eb('e.at', '>=', person.select('pm.created_at')),
        eb.or([eb('e.subject_id', '=', managed), eb('e.actor_id', '=', managed)]),
      ]),
    ]),
  ])
}

/** Events whose sentence has these words, or that somebody did or suffered whom they find. */
function matching(eb: Of, actor: Actor, q: string) {
  const words = searchedFor(q)
  const people = eb
    .selectFrom('membership as sm')
    .where('sm.organization_id', '=', actor.organization.id)
    .where(holds(sql`sm.search`, words, 'index'))
    .limit(mostPeople)
  const named = actsNamed(q)
  return eb.or([
    ...(named.length > 0 ? [eb('e.act', 'in', named)] : []),
    ...(words.length > 0
      ? [
          eb('e.subject_id', 'in', people.select('sm.id')),
          eb('e.subject_id', 'in', people.select('sm.account_id')),
          eb('e.actor_id', 'in', people.select('sm.account_id')),
        ]
      : []),
  ])
}

const day = 86_400_000

/** The events that the list is about, on all of its pages, in no order. */
export const auditedEvents = (db: Db, actor: Actor, list: AuditList) =>
  crossing(db, 'sign-ins belong to no organization, and whoever manages an account may read them in its log')
    .selectFrom('event as e')
    .where((eb) => within(eb as unknown as Of, actor, list))
    .$if(list.act.length > 0, (query) => query.where('e.act', 'in', list.act))
    .$if(list.from !== null, (query) => query.where('e.at', '>=', new Date(list.from ?? '')))
    .$if(list.to !== null, (query) => query.where('e.at', '<', new Date(Date.parse(list.to ?? '') + day)))
    .$if(list.q !== '', (query) => query.where((eb) => matching(eb as unknown as Of, actor, list.q)))

/** Who an account or a membership of the organization is, their latest place first. */
const nameOf = (eb: ExpressionBuilder<DB, never>, organization: string, id: string) =>
  eb
    .selectFrom('membership as n')
    .where('n.organization_id', '=', organization)
    .where(sql<SqlBool>`(n.account_id = ${sql.ref(id)} or n.id = ${sql.ref(id)})`)
    .orderBy('n.removed_at', (order) => order.desc().nullsFirst())
    .orderBy('n.id', 'desc')
    .limit(1)

/** One page of the log, newest first, with the names of who did it and whom it is about. One statement. */
export async function auditPage(db: Db, actor: Actor, list: AuditList) {
  const organization = actor.organization.id
  const back = list.before !== null
  const position = list.after ?? list.before
  const found = auditedEvents(db, actor, list)
    .$if(position !== null, (query) => query.where(beside(position, back)))
    .selectAll('e')
    .orderBy('e.at', back ? 'asc' : 'desc')
    .orderBy('e.id', back ? 'asc' : 'desc')
    .limit(pageSize + 1)
  const rows = await crossing(db, 'names are looked up for rows that were found for the organization')
    .selectFrom(found.as('f'))
    .leftJoinLateral(
      (eb) =>
        nameOf(eb as never, organization, 'f.actor_id')
          .select(['n.id', 'n.first_name', 'n.last_name', 'n.email'])
          .as('who'),
      (on) => on.onTrue(),
    )
    .leftJoinLateral(
      (eb) =>
        nameOf(eb as never, organization, 'f.subject_id')
          .select(['n.id', 'n.first_name', 'n.last_name', 'n.email'])
          .as('whom'),
      (on) => on.onTrue(),
    )
    .select([
      'f.id',
      'f.at',
      'f.how',
      'f.act',
      'f.actor_id',
      'f.subject',
      'f.subject_id',
      'f.changes',
      'f.request_id',
      'f.ip',
      'who.id as who_id',
      'who.first_name as who_first',
      'who.last_name as who_last',
      'who.email as who_email',
      'whom.id as whom_id',
      'whom.first_name as whom_first',
      'whom.last_name as whom_last',
      'whom.email as whom_email',
    ])
    .orderBy('f.at', back ? 'asc' : 'desc')
    .orderBy('f.id', back ? 'asc' : 'desc')
    .execute()
  const more = rows.length > pageSize
  const shown = rows.slice(0, pageSize)
  if (back) shown.reverse()
  const [first, last] = [shown[0], shown.at(-1)]
  const at = (row: typeof first): Position | null =>
    row ? { values: [row.at.toISOString()], id: row.id, count: 0 } : null
  return {
    rows: shown,
    before: position && (back ? more : true) ? at(first) : null,
    after: (back ? true : more) ? at(last) : null,
  }
}
export type AuditPage = Awaited<ReturnType<typeof auditPage>>
export type AuditRow = AuditPage['rows'][number]

const beside = (position: Position | null, back: boolean) =>
  back
    ? sql<SqlBool>`(e.at, e.id) > (${String(position?.values[0])}::timestamptz, ${position?.id}::uuid)`
    : sql<SqlBool>`(e.at, e.id) < (${String(position?.values[0])}::timestamptz, ${position?.id}::uuid)`

const uuids = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g

/**
 * What the ids in changes are called today, and those of groups, roles, regions and areas that were changed, and who the filter is
 * about.
 */
export async function namesIn(
  db: Db,
  actor: Actor,
  page: AuditPage,
  person: string | null,
): Promise<Map<string, string>> {
  const named = new Set(page.rows.flatMap((row) => JSON.stringify(row.changes).match(uuids) ?? []))
  for (const { subject_id, whom_id } of page.rows) if (subject_id && !whom_id) named.add(subject_id)
  if (person) named.add(person)
  const ids = [...named]
  if (ids.length === 0) return new Map()
  const organization = actor.organization.id
  const rows = await db
    .selectFrom('member_group')
    .where('organization_id', '=', organization)
    .where('id', 'in', ids)
    .select(['id', 'name'])
    .unionAll(
      db
        .selectFrom('custom_role')
        .where('organization_id', '=', organization)
        .where('id', 'in', ids)
        .select(['id', 'name']),
    )
    .unionAll(
      db.selectFrom('region').where('organization_id', '=', organization).where('id', 'in', ids).select(['id', 'name']),
    )
    .unionAll(
      db.selectFrom('area').where('organization_id', '=', organization).where('id', 'in', ids).select(['id', 'name']),
    )
    .unionAll(
      db
        .selectFrom('membership')
        .where('organization_id', '=', organization)
        .where('id', 'in', ids)
        .select(['id', sql<string>`coalesce(nullif(trim(first_name || ' ' || last_name), ''), email)`.as('name')]),
    )
    .unionAll(
      db
        .selectFrom('invitation')
        .where('organization_id', '=', organization)
        .where('id', 'in', ids)
        .select(['id', sql<string>`coalesce(nullif(trim(first_name || ' ' || last_name), ''), email)`.as('name')]),
    )
    .limit(1000)
    .execute()
  return new Map(rows.map(({ id, name }) => [id, name]))
}
