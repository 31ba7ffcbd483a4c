import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { atMost } from '../platform/database/compiled-once.ts'
import { all, type Condition, type Found } from '../platform/database/steps.ts'
import {
  conditions,
  expired,
  here,
  invitedBehind,
  longAgo,
  lookedAt,
  onlyCustomRoles,
  type Scope,
  soon,
  timeframeOf,
  withCustomRole,
} from './conditions.ts'
import { bounds, countSampled, stepOf } from './in-order.ts'
import { undelivered, undeliveredIds } from './letters.ts'
import type { InvitationList } from './list-state.ts'
import { isParted, isWalked, type Part } from './parts.ts'

const lowest = { at: '-infinity', id: '00000000-0000-0000-0000-000000000000' }
const highest = { at: 'infinity', id: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }

/** Which way a page goes: through the values of its sort, and within each; there the newest come first in an ascending list. */
function waysOf(list: InvitationList) {
  const { position, descending } = stepOf(list)
  const ofSort = isParted(list.sort)
  const newestFirst = ofSort ? !descending : descending
  return { position, descending, ofSort, newestFirst }
}

/**
 * The parts that a page may need: `n` counts the sort's values in its order, which the page goes through one after the other. Each
 * begins at its beginning, but those of the value in which the page before ended.
 */
function placed(scope: Scope, list: InvitationList, parts: Part[]): RawBuilder<unknown>[] {
  const { position, descending, ofSort, newestFirst } = waysOf(list)
  const { from, to } = timeframeOf(list, scope)
  const bound = newestFirst ? to : from
  const edge = bound ? { at: bound, id: lowest.id } : newestFirst ? highest : lowest
  const [key, at] = ofSort ? (position?.values ?? []) : ['', position?.values[0]]
  const keys = [...new Set(parts.map((part) => part.key))].sort()
  if (descending) keys.reverse()
  const left = keys.filter((one) => !position || (descending ? one <= String(key) : one >= String(key)))
  return parts
    .filter((part) => left.includes(part.key))
    .map((part) => {
      const waited = part.how === 'old' && newestFirst && !bound ? { at: longAgo(scope.now), id: highest.id } : edge
      const start = position && part.key === key ? { at: String(at), id: position.id } : waited
      return sql`(${left.indexOf(part.key) + 1}::int, ${part.key}::text collate "C", ${part.status}::text, ${part.approval}::text,
        ${part.role}::text, ${part.how}::text, ${start.at}::timestamptz, ${start.id}::uuid)`
    })
}

/** What a sort with few values is sorted by, of a row that was gathered. */
const keyOf = (list: InvitationList, now: Date): RawBuilder<string> => {
  if (list.sort === 'role') return sql`i.organization_role`
  if (list.sort === 'approval') return sql`i.approval`
  return sql`case when i.status = 'pending_activation' and ${expired(now, 'i')} then 'expired' else i.status end`
}

/**
 * A page in the order of invited on within each value of a sort, one value after the other until it is full: all parts of the value
 * are walked along their index and merged. Where a walk was cut short of a page, what matches of that value is gathered by the
 * filters' own indexes instead, and sorted.
 */
export function partedPage(scope: Scope, list: InvitationList, parts: Part[], limit: number): RawBuilder<Found> {
  const rows = placed(scope, list, parts)
  if (rows.length === 0) return sql`(select null::uuid as id, null::text as k0, null::text as k1 where false)`
  const { ofSort, newestFirst } = waysOf(list)
  const [direction, order, than] = newestFirst
    ? (['desc', sql`desc`, sql`<`] as const)
    : (['asc', sql`asc`, sql`>`] as const)
  const within = invitedBehind(list, scope, newestFirst)

  const [rest, wanted] = [conditions(scope, list, 'w'), conditions(scope, list, 'i')]
  // What choosing the parts has answered needn't be asked again; the clock is, of those that it tells apart.
  for (const answered of ['status', 'approval', 'timeframe'] as const) rest.delete(answered)
  if (list.customRole.length === 0) rest.delete('role')
  wanted.delete('timeframe')
  rest.delete('attention')
  const hows = new Set(parts.map(({ how }) => how))
  const left = [
    ...rest.values(),
    ...(hows.has('open') ? [sql<SqlBool>`(p.how <> 'open' or not (${expired(scope.now, 'w')}))`] : []),
    ...(hows.has('old') ? [sql<SqlBool>`(p.how <> 'old' or w.created_at <= ${longAgo(scope.now)})`] : []),
  ]
  // What has an index of many entries a row is found once for all values.
  const together = rest.has('q') || rest.has('role')
  const reads = rest.has('role') || rest.has('group')
  const most = atMost(rest.has('q') ? bounds.searchInPart : reads ? bounds.rowsInPart : bounds.walkInPart)
  const looked = [...new Set([...lookedAt(list, rest.keys()), 'created_at' as const, 'expires_at' as const])]
  const beyond = sql<SqlBool>`(i.created_at, i.id) ${than} (p.from_at, p.from_id)`
  const walked = here(scope)
    .where(sql<SqlBool>`i.status = p.status and i.approval = p.approval and i.organization_role = p.role`)
    .where(within)
    .where(beyond)
    .where(onlyCustomRoles(list) ? withCustomRole : sql<SqlBool>`true`)
    .orderBy('i.created_at', direction)
    .orderBy('i.id', direction)
  const enough = sql`${atMost(limit)}`
  // Each part of a word that isn't common would be walked in vain.
  const text = list.attention ? undefined : rest.get('q')
  const hopeful = text ? sql<SqlBool>`(select hope.yes from hope)` : sql<SqlBool>`true`
  const hope = text
    ? sql`hope as materialized (select ${countSampled(scope, text)} >= ${bounds.commonInParts} as yes),`
    : sql``
  const inWalk =
    left.length === 0
      ? sql`${walked.select(['i.id', 'i.created_at', sql<boolean>`false`.as('cut')]).limit(atMost(limit))}`
      : sql`with walked as materialized (${walked.select(looked.map((name) => `i.${name}` as const)).limit(most)}),
        a as materialized (select w.id, w.created_at from walked w where ${hopeful} and ${all(left)} limit ${enough})
        select a.id, a.created_at, false as cut from a
        union all select null, (select ${newestFirst ? sql`min` : sql`max`}(w.created_at) from walked w), true
          where ${hopeful} and (select count(*) from a) < ${enough} and (select count(*) from walked) >= ${most}
        union all select null, p.from_at, true where not ${hopeful}`
  const alone = new Map(wanted)
  alone.delete('attention')
  /** What an index of its own finds among what is stored as open, all of it. */
  const few = (how: string, where: Condition) =>
    here(scope)
      .where(sql<SqlBool>`p.how = ${how} and i.status = 'pending_activation' and ${where}`)
      .where(sql<SqlBool>`(p.approval in ('', i.approval)) and (p.role in ('', i.organization_role))`)
      .where(within)
      .where(beyond)
      .where(all(alone.values()))
      .select(['i.id', 'i.created_at', sql<boolean>`false`.as('cut')])
      .offset(sql<number>`0`)
  const { now } = scope
  const ofPart = [...hows].every(isWalked)
    ? inWalk
    : sql`(select v.* from (${inWalk}) v where p.how in ('stored', 'open', 'old'))
        union all (${few('unsettled', sql`i.expires_at <= ${now}`)})
        union all (${few('soon', sql`i.expires_at > ${now} and i.expires_at <= ${soon(now)}`)})
        union all (${few('undelivered', sql`i.expires_at > ${soon(now)} and i.id = any(array(${undeliveredIds(scope)})) and ${undelivered(scope.db, scope.actor.organization.id, 'i')}`)})`

  const ofFound = ['id', 'created_at', 'expires_at', 'status', 'approval', 'organization_role'] as const
  const found = () =>
    here(scope)
      .where(all(wanted.values()))
      .where(within)
      .select(ofFound.map((name) => `i.${name}` as const))
      .offset(sql<number>`0`)
  const values = (column: 'status' | 'approval' | 'role') =>
    sql`any(array(select p.${sql.ref(column)} from part p where p.n = r.n + 1))`
  const inState = sql<SqlBool>`i.status = ${values('status')} and i.approval = ${values('approval')} and i.organization_role = ${values('role')}`
  const keyHere = sql`(select p.key from part p where p.n = r.n + 1 limit 1)`
  // Alone this value; of what was found together all that are left, so that the page is full with them or there are no more.
  const gatheredHere = together
    ? sql`select i.id, i.created_at, s.key, s.n from gathered i
        join (select distinct p.n, p.key, p.from_at, p.from_id from part p where p.n > r.n) s
          on ${ofSort ? sql`s.key = ${keyOf(list, scope.now)}` : sql`true`}
        where (i.created_at, i.id) ${than} (s.from_at, s.from_id)`
    : sql`select i.id, i.created_at, ${keyHere} as key, r.n + 1 as n from (${found().where(inState)}) i
        where ${ofSort ? sql`${keyOf(list, scope.now)} = ${keyHere}` : sql`true`}
        and (i.created_at, i.id) ${than} (select p.from_at, p.from_id from part p where p.n = r.n + 1 limit 1)`
  // Nearer than where the first walk was cut, nothing was missed.
  const whole = sql`select g.id, g.created_at from got g where not g.cut and g.created_at ${newestFirst ? sql`>` : sql`<`}
    coalesce((select ${newestFirst ? sql`max` : sql`min`}(got.created_at) from got where got.cut), ${newestFirst ? sql`'-infinity'` : sql`'infinity'`})`
  const ofKey =
    left.length === 0
      ? sql`select z.id, z.created_at, p.key, p.n, false as last from part p cross join lateral (${ofPart}) z where p.n = r.n + 1`
      : sql`with got as materialized (select z.* from part p cross join lateral (${ofPart}) z where p.n = r.n + 1),
        whole as materialized (${whole}),
        short as materialized (select exists (select from got where got.cut) and (select count(*) from whole) < ${enough} as yes)
        select whole.id, whole.created_at, ${keyHere}, r.n + 1 as n, false as last from whole where not (select short.yes from short)
        union all (select f.id, f.created_at, f.key, f.n, ${together} from (${gatheredHere}) f where (select short.yes from short)
          order by f.n, f.created_at ${order}, f.id ${order} limit ${enough})
        union all select null, null, null, 2147483647, true where ${together} and (select short.yes from short)`
  const gathered = left.length > 0 && together ? sql`gathered as materialized (${found()}),` : sql``
  const [k0, k1] = ofSort ? [sql`u.key`, sql`u.at`] : [sql`u.at`, sql`''::text`]
  return sql`(with recursive part(n, key, status, approval, role, how, from_at, from_id) as materialized (values ${sql.join(rows)}),
    ${hope} ${gathered}
    page(n, ids, ats, keys, ns, found, last) as (
      select 0, '{}'::uuid[], '{}'::timestamptz[], '{}'::text[] collate "C", '{}'::int[], 0, false
      union all
      select r.n + 1, x.ids, x.ats, x.keys, x.ns, r.found + cardinality(x.ids), x.last
      from page r cross join lateral (
        select coalesce(array_agg(y.id) filter (where y.id is not null), '{}') as ids,
          coalesce(array_agg(y.created_at) filter (where y.id is not null), '{}') as ats,
          coalesce(array_agg(y.key) filter (where y.id is not null), '{}') as keys,
          coalesce(array_agg(y.n) filter (where y.id is not null), '{}') as ns, coalesce(bool_or(y.last), false) as last
        from (select z.* from (${ofKey}) z order by z.n, z.created_at ${order}, z.id ${order} limit ${enough}) y) x
      where not r.last and r.found < ${enough} and r.n < (select max(p.n) from part p))
    select u.id, ${k0} as k0, ${k1} as k1 from page r cross join unnest(r.ids, r.ats, r.keys, r.ns) as u(id, at, key, n)
    order by u.n, u.at ${order}, u.id ${order} limit ${enough})`
}
