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

/** The most usual first, as far as that can be known: of those, what a page needs is found soonest. */
const usual = {
  status: ['active', 'expired', 'revoked', 'rejected', 'pending_activation', 'pending_approval'],
  approval: ['not_needed', 'approved', 'denied', 'waiting'],
  role: ['member', 'viewer', 'developer', 'admin'],
}
const rarity = ({ status, approval, role }: Part): number =>
  usual.status.indexOf(status) + usual.approval.indexOf(approval) + usual.role.indexOf(role)

/**
 * The parts that a page may need: `n` counts the sort's values in its order, which the page goes through one after the other, `i` the parts of a
 * value that are walked, from 1. Each begins at its beginning, but those of the value in which the page before ended.
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
  const walkedOf = new Map<string, number>()
  return parts
    .filter((part) => left.includes(part.key))
    .sort((a, b) => rarity(a) - rarity(b))
    .map((part) => {
      const walked = isWalked(part.how) ? (walkedOf.get(part.key) ?? 0) + 1 : 0
      if (walked > 0) walkedOf.set(part.key, walked)
      const waited = part.how === 'old' && newestFirst && !bound ? { at: longAgo(scope.now), id: highest.id } : edge
      const start = position && part.key === key ? { at: String(at), id: position.id } : waited
      return sql`(${left.indexOf(part.key) + 1}::int, ${walked}::int, ${part.key}::text collate "C", ${part.status}::text, ${part.approval}::text,
        ${part.role}::text, ${part.how}::text, ${start.at}::timestamptz, ${start.id}::uuid)`
    })
}

/**
 * What the pieces of one page's statement have in common. In them `r` is the page as far as it is full, `p` a part of its next value,
 * `value` has one row a value, with where the first of its parts begins, and `rest` asks of a row (w) what choosing the parts hasn't answered.
 */
function goingThrough(scope: Scope, list: InvitationList, parts: Part[], limit: number) {
  const { ofSort, newestFirst } = waysOf(list)
  const rest = conditions(scope, list, 'w')
  for (const answered of ['status', 'approval', 'timeframe', 'attention'] as const) rest.delete(answered)
  if (list.customRole.length === 0) rest.delete('role')
  const [order, than] = newestFirst ? [sql`desc`, sql`<`] : [sql`asc`, sql`>`]
  const enough = sql`${atMost(limit)}`
  const within = invitedBehind(list, scope, newestFirst)
  return {
    ...{ scope, within, list, limit, enough, ofSort, newestFirst, order, than, rest },
    hows: new Set(parts.map(({ how }) => how)),
    looked: [...new Set([...lookedAt(list, rest.keys()), 'created_at' as const, 'expires_at' as const])],
    nearest: sql`order by z.created_at ${order}, z.id ${order} limit ${enough}`,
    /** What is walked of a part (i): behind where it begins. */
    along: here(scope)
      .where(sql<SqlBool>`i.status = p.status and i.approval = p.approval and i.organization_role = p.role`)
      .where(within)
      .where(sql<SqlBool>`(i.created_at, i.id) ${than} (p.from_at, p.from_id)`)
      .where(onlyCustomRoles(list) ? withCustomRole : sql<SqlBool>`true`)
      .orderBy('i.created_at', newestFirst ? 'desc' : 'asc')
      .orderBy('i.id', newestFirst ? 'desc' : 'asc'),
    keyHere: sql`(select v.key from value v where v.n = r.n + 1)`,
  }
}
type Going = ReturnType<typeof goingThrough>

/** What a row that was walked must fulfil: also the clock, of those that it tells apart. */
const askedOfWalked = ({ scope, hows, rest }: Going): Condition[] => [
  ...rest.values(),
  ...(hows.has('open') ? [sql<SqlBool>`(p.how <> 'open' or not (${expired(scope.now, 'w')}))`] : []),
  ...(hows.has('old') ? [sql<SqlBool>`(p.how <> 'old' or w.created_at <= ${longAgo(scope.now)})`] : []),
]

/**
 * The walked parts of the next value, one after another, the biggest first: of each only what is nearer than a page of what was found
 * before. `budget`: how many entries may be looked at, not counting those that filled a page; `cut`: behind it something may have been
 * missed. The entries are counted apart, by the index alone: to keep the rows of a walk for that takes longer than the walk.
 * `hope` is a part of the statement that comes before it.
 */
function walkOf(going: Going): { hope: RawBuilder<unknown>; walk: RawBuilder<unknown> } {
  const { scope, list, rest, along, looked, newestFirst, enough, nearest } = going
  const most = atMost(rest.has('q') ? bounds.search : rest.has('role') || rest.has('group') ? bounds.rows : bounds.walk)
  // A word that isn't common would be looked for in vain; for a very common one as many are looked at as would have to be gathered.
  const text = list.attention ? undefined : rest.get('q')
  const common = sql`${bounds.commonInParts}::bigint`
  const begin = text
    ? sql`${most}::bigint * (hope.n / ${common}) from hope where hope.n >= ${common}`
    : sql`${most}::bigint`
  const [nearer, farthest, start] = newestFirst
    ? [sql`greatest`, sql`min`, sql`'infinity'::timestamptz`]
    : [sql`least`, sql`max`, sql`'-infinity'::timestamptz`]
  const near = along.where(
    newestFirst
      ? sql<SqlBool>`i.created_at >= coalesce(s.ats[${enough}], '-infinity')`
      : sql<SqlBool>`i.created_at <= coalesce(s.ats[${enough}], 'infinity')`,
  )
  const walked = near.select(looked.map((name) => `i.${name}` as const))
  return {
    hope: text ? sql`hope as materialized (select ${countSampled(scope, text)} as n),` : sql``,
    walk: sql`(with recursive walk(i, ids, ats, cut, budget) as (
        select 0, '{}'::uuid[], '{}'::timestamptz[], null::timestamptz, ${begin}
        union all
        select s.i + 1, y.ids, y.ats, ${nearer}(s.cut, y.cut), s.budget - y.seen
        from walk s join part p on p.n = r.n + 1 and p.i = s.i + 1 cross join lateral (
          with a as materialized (select w.id, w.created_at from (${walked} limit s.budget) w where ${all(askedOfWalked(going))} limit ${enough}),
            seen as materialized (select count(*) as count, ${farthest}(w.created_at) as at from (${near.select('i.created_at')} limit s.budget) w
              where (select count(*) from a) < ${enough}),
            best as materialized (select z.* from (select a.id, a.created_at from a union all select * from unnest(s.ids, s.ats)) z(id, created_at) ${nearest})
          select coalesce((select array_agg(best.id) from best), '{}') as ids,
            coalesce((select array_agg(best.created_at) from best), '{}') as ats,
            seen.count as seen, case when seen.count >= s.budget then seen.at end as cut
          from seen) y
        where s.budget > 0),
      ended as materialized (select s.* from walk s order by s.i desc limit 1)
      select u.id, u.created_at, false as cut from ended w cross join unnest(w.ids, w.ats) as u(id, created_at)
      union all select null, w.cut, true from ended w where w.cut is not null
      union all select null, ${start}, true
        where coalesce((select w.i from ended w), -1) < (select max(p.i) from part p where p.n = r.n + 1))`,
  }
}

/**
 * The parts that an index of their own finds among what is stored as open, gathered once for all values (`few`, a part of the statement
 * that comes before), and those of the next value (`andFew`, to be added to what was walked).
 */
function fewOf({ scope, list, hows, looked, within, than, nearest }: Going) {
  const { db, actor, now } = scope
  const asked = conditions(scope, list, 'w')
  for (const answered of ['status', 'timeframe', 'attention'] as const) asked.delete(answered)
  const brought = new Set([...looked, 'approval' as const, 'organization_role' as const])
  const ways: Partial<Record<Part['how'], Condition>> = {
    unsettled: sql`i.expires_at <= ${now}`,
    soon: sql`i.expires_at > ${now} and i.expires_at <= ${soon(now)}`,
    undelivered: sql`i.expires_at > ${soon(now)} and i.id = any(array(${undeliveredIds(scope)}))
      and ${undelivered(db, actor.organization.id, 'i')}`,
  }
  const gathered = [...hows].flatMap((how) => {
    if (!ways[how]) return []
    const those = here(scope)
      .where(sql<SqlBool>`i.status = 'pending_activation' and ${ways[how]}`)
      .where(within)
      // In the order of the index by end, or else the one by state seems as good.
      .$if(how !== 'undelivered', (query) => query.orderBy('i.expires_at'))
      .select([...brought].map((name) => `i.${name}` as const))
      .offset(sql<number>`0`)
    return sql`(select ${how}::text as how, w.id, w.created_at, w.approval, w.organization_role
      from (${those}) w where ${all(asked.values())})`
  })
  if (gathered.length === 0) return { few: sql``, andFew: sql`` }
  return {
    few: sql`few as materialized (${sql.join(gathered, sql` union all `)}),`,
    andFew: sql`union all (select z.id, z.created_at, false from part p join few z on z.how = p.how
      and p.approval in ('', z.approval) and p.role in ('', z.organization_role) and (z.created_at, z.id) ${than} (p.from_at, p.from_id)
      where p.n = r.n + 1 ${nearest})`,
  }
}

/** What a sort with few values is sorted by, of a row that was gathered. */
const keyOf = (list: InvitationList, now: Date): RawBuilder<string> => {
  if (list.sort === 'role') return sql`i.organization_role`
  if (list.sort === 'approval') return sql`i.approval`
  return sql`case when i.status = 'pending_activation' and ${expired(now, 'i')} then 'expired' else i.status end`
}

/**
 * What takes the place of a walk that was cut short of a page, by the filters' own indexes. `together`: what has an index of many
 * entries a row is found once (`gathered`, a part of the statement that comes before), and then all values that are left are taken
 * of it (`instead`), so that the page is full with them or there are no more; else this value's alone.
 */
function gatheringOf({ scope, list, rest, within, than, ofSort, keyHere }: Going) {
  const wanted = conditions(scope, list, 'i')
  wanted.delete('timeframe')
  const { q, ...others } = Object.fromEntries(wanted)
  const columns = [
    'id',
    'created_at',
    'expires_at',
    'status',
    'approval',
    'organization_role',
    'role_ids',
    'group_id',
  ] as const
  const found = (where: Condition) =>
    here(scope)
      .where(where)
      .where(within)
      .select(columns.map((name) => `i.${name}` as const))
      .offset(sql<number>`0`)
  if (q || rest.has('role')) {
    // A word is looked up by its own index alone: beside it the index by state is read for nothing, as long as it is.
    const those = q
      ? sql`select * from (${found(q)}) i where ${all(Object.values(others))}`
      : found(all(wanted.values()))
    return {
      together: true,
      gathered: sql`gathered as materialized (${those}),`,
      instead: sql`select i.id, i.created_at, v.key, v.n from gathered i
        join value v on v.n > r.n and ${ofSort ? sql`v.key = ${keyOf(list, scope.now)}` : sql`true`}
        where (i.created_at, i.id) ${than} (v.from_at, v.from_id)`,
    }
  }
  const values = (column: 'status' | 'approval' | 'role') =>
    sql`any(array(select p.${sql.ref(column)} from part p where p.n = r.n + 1))`
  const inState = sql<SqlBool>`i.status = ${values('status')} and i.approval = ${values('approval')} and i.organization_role = ${values('role')}`
  return {
    together: false,
    gathered: sql``,
    instead: sql`select i.id, i.created_at, ${keyHere} as key, r.n + 1 as n from (${found(all([...wanted.values(), inState]))}) i
      where ${ofSort ? sql`${keyOf(list, scope.now)} = ${keyHere}` : sql`true`}
        and (i.created_at, i.id) ${than} (select v.from_at, v.from_id from value v where v.n = r.n + 1)`,
  }
}

/** The rows of the next value, where something is asked of each: walked, or gathered where that was cut short of a page. */
function askedRows(going: Going, andFew: RawBuilder<unknown>) {
  const { newestFirst, enough, order, keyHere } = going
  const { hope, walk } = walkOf(going)
  const { together, gathered, instead } = gatheringOf(going)
  // Nearer than where the first walk was cut, nothing was missed.
  const [behind, first, none] = newestFirst ? [sql`>`, sql`max`, sql`'-infinity'`] : [sql`<`, sql`min`, sql`'infinity'`]
  return {
    before: sql`${hope} ${gathered}`,
    rows: sql`with got as materialized (select z.* from (${walk}) z ${andFew}),
      whole as materialized (select g.id, g.created_at from got g
        where not g.cut and g.created_at ${behind} coalesce((select ${first}(got.created_at) from got where got.cut), ${none})),
      short as materialized (select exists (select from got where got.cut) and (select count(*) from whole) < ${enough} as yes)
      select whole.id, whole.created_at, ${keyHere}, r.n + 1 as n, false as last from whole where not (select short.yes from short)
      union all (select f.id, f.created_at, f.key, f.n, ${together} from (${instead}) f where (select short.yes from short)
        order by f.n, f.created_at ${order}, f.id ${order} limit ${enough})
      union all select null, null, null, 2147483647, true where ${together} and (select short.yes from short)`,
  }
}

/** The rows of the next value, where choosing the parts has answered all: the nearest of each. */
const plainRows = ({ along, limit, keyHere }: Going, andFew: RawBuilder<unknown>) => ({
  before: sql``,
  rows: sql`select z.id, z.created_at, ${keyHere}, r.n + 1 as n, false as last from (
    select v.* from part p cross join lateral (
      ${along.select(['i.id', 'i.created_at', sql<boolean>`false`.as('cut')]).limit(atMost(limit))}) v
    where p.n = r.n + 1 and p.i > 0 ${andFew}) z`,
})

/**
 * A page in the order of invited on within each value of a sort, one value after the other until it is full: all parts of the value
 * are walked along their index and merged. Where a walk was cut short of a page, what matches of that value is gathered by the
 * filters' own indexes instead, and sorted.
 */
export function partedPage(scope: Scope, list: InvitationList, parts: Part[], limit: number): RawBuilder<Found> {
  const placedParts = placed(scope, list, parts)
  if (placedParts.length === 0) return sql`(select null::uuid as id, null::text as k0, null::text as k1 where false)`
  const going = goingThrough(scope, list, parts, limit)
  const { ofSort, order, enough } = going
  const { few, andFew } = fewOf(going)
  const { before, rows } = askedOfWalked(going).length > 0 ? askedRows(going, andFew) : plainRows(going, andFew)
  const [k0, k1] = ofSort ? [sql`u.key`, sql`u.at`] : [sql`u.at`, sql`''::text`]
  return sql`(with recursive part(n, i, key, status, approval, role, how, from_at, from_id) as materialized (values ${sql.join(placedParts)}),
    value as materialized (select distinct on (p.n) p.* from part p order by p.n, p.from_at ${order}, p.from_id ${order}),
    ${few} ${before}
    page(n, ids, ats, keys, ns, found, last) as (
      select 0, '{}'::uuid[], '{}'::timestamptz[], '{}'::text[] collate "C", '{}'::int[], 0, false
      union all
      select r.n + 1, x.ids, x.ats, x.keys, x.ns, r.found + cardinality(x.ids), x.last
      from page r cross join lateral (
        select coalesce(array_agg(y.id) filter (where y.id is not null), '{}') as ids,
          coalesce(array_agg(y.created_at) filter (where y.id is not null), '{}') as ats,
          coalesce(array_agg(y.key) filter (where y.id is not null), '{}') as keys,
          coalesce(array_agg(y.n) filter (where y.id is not null), '{}') as ns, coalesce(bool_or(y.last), false) as last
        from (select z.* from (${rows}) z order by z.n, z.created_at ${order}, z.id ${order} limit ${enough}) y) x
      where not r.last and r.found < ${enough} and r.n < (select max(p.n) from part p))
    select u.id, ${k0} as k0, ${k1} as k1 from page r cross join unnest(r.ids, r.ats, r.keys, r.ns) as u(id, at, key, n)
    order by u.n, u.at ${order}, u.id ${order} limit ${enough})`
}
