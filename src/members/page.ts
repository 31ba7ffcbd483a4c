import { type Expression, type ExpressionBuilder, type RawBuilder, type SqlBool, sql } from 'kysely'
import { type Actor, reach } from '../platform/access/actor.ts'
import { organizationRoles, type Permission } from '../platform/access/permissions.ts'
import { type Status, statuses } from '../platform/access/status.ts'
import { atMost, compiledOnce } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import type { DB } from '../platform/database/schema.ts'
import type { Position } from '../platform/web/table.ts'
import { candidates, few, mayDo, mayHold } from './holders.ts'
import { filterCount, type MemberList, type Sort, searchPatterns } from './list-state.ts'
import { visibleTo } from './visible.ts'

/*
 * One page of the members table at any size (performance.md, "The members table at 1,000,000 rows"). The planner can't know
 * whether a filter's people stand close together at the end of the order, and chooses wrongly by a factor of 500. So a page with
 * filters takes bounded steps: a walk along the index of the order over at most `bounds.walk` entries, which answers whatever is
 * common; only when that didn't fill the page, every match is gathered by the filters' own indexes (fenced by "offset 0", so that
 * the planner can't walk after all) and sorted, which is quick because such matches are rare.
 */

export const pageSize = 50
/** How many entries a walk may look at, in all and in one part of a parted sort; how many parts are walked. A test lowers them. */
export const bounds = { walk: 10_000, walkInPart: 3_000, partsWalked: 3 }

type Member = DB['membership']
type M = DB & { m: Member }
type Found = { id: string; k0: string; k1: string }
type Eb = ExpressionBuilder<M, 'm'>
type Alias = 'm' | 'w'
type Condition = RawBuilder<SqlBool>

/** Sorts whose first key has few values; they go through these values one after the other, each in the order of names. */
const parted = ['status', 'role', 'two_factor', 'group', 'invite'] as const
type Parted = (typeof parted)[number]
const isParted = (sort: Sort): sort is Parted => (parted as readonly string[]).includes(sort)

const plainKey = {
  first_name: 'sort_first',
  last_name: 'sort_name',
  email: 'email_key',
  last_active: 'last_active_at',
} as const

/**
 * The invite statuses in the order of their labels. Expired is a matter of the clock, so it is asked, never stored in advance.
 * Of those present, all but the first two are Invited, and nobody else is (a check of the table says so).
 */
const inviteParts: [key: string, stored: string, expired: boolean | null][] = [
  ['active', 'active', null],
  ['added', '', null],
  ['expired', 'expired', null],
  ['expired', 'pending_activation', true],
  ['pending_activation', 'pending_activation', false],
  ['pending_approval', 'pending_approval', null],
  ['rejected', 'rejected', null],
  ['revoked', 'revoked', null],
]

/** The list as far as the actor's right to view reaches; null when nobody can be in it. */
export function withinReach(list: MemberList, actor: Actor): MemberList | null {
  if (list.q && searchPatterns(list.q).length === 0) return null
  // Somebody only invited has no account: no two-factor, and nothing to be inactive with.
  const onlyInvited = list.status.length === 1 && list.status[0] === 'invited'
  if (onlyInvited && (list.twoFactor === true || list.inactive !== null)) return null
  if (reach(actor, 'members.view') !== 'group') return list
  const own = actor.membership.groupId
  if (list.group.length > 0 && !list.group.includes(own)) return null
  return { ...list, group: [own] }
}

type Filter = 'q' | 'status' | 'role' | 'group' | 'region' | 'area' | 'two_factor' | 'inactive' | 'permission'

/** What a row must fulfil, by filter. Removed people are kept out, or in, by the part of the query that they stand in. */
export function conditions(db: Db, actor: Actor, list: MemberList, now: Date, t: Alias): Map<Filter, Condition> {
  const column = (name: keyof Member & string) => sql.ref(`${t}.${name}`)
  const found = new Map<Filter, Condition>()
  const patterns = list.q ? searchPatterns(list.q) : []
  if (patterns.length > 0)
    found.set(
      'q',
      sql`${sql.join(
        patterns.map((one) => sql`${column('search')} like ${one}`),
        sql` and `,
      )}`,
    )
  if (list.status.length > 0) found.set('status', sql`${column('status')} = any(${list.status}::text[])`)
  if (list.role.length > 0 && list.customRole.length > 0)
    found.set(
      'role',
      sql`(${column('organization_role')} = any(${list.role}::text[]) or ${column('role_ids')} && ${list.customRole}::uuid[])`,
    )
  else if (list.role.length > 0) found.set('role', sql`${column('organization_role')} = any(${list.role}::text[])`)
  else if (list.customRole.length > 0)
    found.set('role', sql`(${column('role_ids')} <> '{}' and ${column('role_ids')} && ${list.customRole}::uuid[])`)
  if (list.group.length > 0) found.set('group', sql`${column('group_id')} = any(${list.group}::uuid[])`)
  if (list.region.length > 0) found.set('region', sql`${column('region_id')} = any(${list.region}::uuid[])`)
  if (list.area.length > 0) found.set('area', sql`${column('area_id')} = any(${list.area}::uuid[])`)
  if (list.twoFactor !== null) found.set('two_factor', sql`${column('has_two_factor')} = ${list.twoFactor}`)
  if (list.inactive !== null) {
    const since = inactiveSince(list.inactive, now)
    found.set(
      'inactive',
      sql`(${column('last_active_at')} <= ${since} and ${column('created_at')} <= ${since} and ${column('status')} <> 'invited')`,
    )
  }
  if (list.permission !== null) found.set('permission', mayDo(db, actor, list.permission, t))
  return found
}

const inactiveSince = (days: number, now: Date) => new Date(now.getTime() - days * 86_400_000)

const all = (found: Iterable<Condition>): Condition => {
  const list = [...found]
  return list.length > 0 ? sql`${sql.join(list, sql` and `)}` : sql`true`
}

const filtered = [
  'search',
  'status',
  'organization_role',
  'role_ids',
  'group_id',
  'region_id',
  'area_id',
  'has_two_factor',
  'last_active_at',
  'created_at',
  'manages_group',
] as const

/** What the sorts with parts tell their parts by. */
const partColumns = [
  'status',
  'organization_role',
  'has_two_factor',
  'group_id',
  'invite',
  'invite_expires_at',
] as const

/** The one filter with a single value whose index, in the order of names, is the shortest to walk. */
function narrowest(list: MemberList): { filter: Filter; where: Condition; isNarrow: boolean } | null {
  const [status, role, group, region, area] = [list.status, list.role, list.group, list.region, list.area]
  const is = (column: keyof Member & string, value: unknown): Condition => sql`${sql.ref(`m.${column}`)} = ${value}`
  const candidates: [number, Filter, Condition][] = []
  if (area.length === 1) candidates.push([1, 'area', is('area_id', area[0])])
  if (status.length === 1) candidates.push([status[0] === 'active' ? 8 : 2, 'status', is('status', status[0])])
  if (role.length === 1 && list.customRole.length === 0)
    candidates.push([role[0] === 'member' ? 7 : 3, 'role', is('organization_role', role[0])])
  if (group.length === 1) candidates.push([4, 'group', is('group_id', group[0])])
  if (region.length === 1) candidates.push([5, 'region', is('region_id', region[0])])
  if (list.twoFactor !== null) candidates.push([6, 'two_factor', is('has_two_factor', list.twoFactor)])
  const [best] = candidates.sort((a, b) => a[0] - b[0])
  return best ? { filter: best[1], where: best[2], isNarrow: best[0] <= 3 } : null
}

type Step = { position: Position | null; descending: boolean }

/** After the position in the order asked for, or before it in the opposite order. */
const stepOf = (list: MemberList): Step => ({
  position: list.after ?? list.before,
  descending: list.before ? !list.descending : list.descending,
})

const lowest = { text: '', id: '00000000-0000-0000-0000-000000000000' }
const highest = { text: '\u{10ffff}', id: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }

function plainPage(db: Db, actor: Actor, list: MemberList, now: Date, limit: number, removed: boolean) {
  const column = plainKey[list.sort as keyof typeof plainKey]
  const { position, descending } = stepOf(list)
  const direction = descending ? 'desc' : 'asc'
  const place = removed ? sql<SqlBool>`m.status = 'removed'` : sql<SqlBool>`m.status <> 'removed'`
  const since = list.sort === 'last_active' && list.inactive !== null ? inactiveSince(list.inactive, now) : null
  const beyond = sql<SqlBool>`(${sql.ref(`m.${column}`)}, m.id) ${descending ? sql`<` : sql`>`} (${position?.values[0] ?? null}, ${position?.id ?? null})`
  const key = sql<string>`${sql.ref(`m.${column}`)}`

  const start = () => {
    const base = db.selectFrom('membership as m').where('m.organization_id', '=', actor.organization.id).where(place)
    // From the newest on, a walk would look at everybody who was here since.
    const within = since ? base.where('m.last_active_at', '<=', since) : base
    return position ? within.where(beyond) : within
  }
  const inOrder = (where: Condition, most: number) =>
    start()
      .where(where)
      .orderBy(`m.${column}` as 'm.sort_name', direction)
      .orderBy('m.id', direction)
      .limit(atMost(most))

  const wanted = conditions(db, actor, list, now, 'm')
  const narrow = list.sort === 'last_name' && !removed ? narrowest(list) : null
  const rest = conditions(db, actor, list, now, 'w')
  if (narrow) rest.delete(narrow.filter)
  if (removed) {
    wanted.delete('status')
    rest.delete('status')
  }
  const keys = [key.as('k0'), sql<string>`''`.as('k1')] as const
  if (removed) {
    // Those of one area are few among all who were ever removed, and have an index in the order of names.
    const oneArea = list.area.length === 1 ? [sql<SqlBool>`m.area_id = ${list.area[0]}`] : []
    return inOrder(all([...wanted.values(), ...oneArea]), limit).select(['m.id', ...keys])
  }
  if (rest.size === 0) return inOrder(narrow?.where ?? sql<SqlBool>`true`, limit).select(['m.id', ...keys])

  // What is gathered cheaply needs no long walk before.
  const most = list.customRole.length > 0 && list.inactive !== null ? bounds.walkInPart : bounds.walk
  const walk = inOrder(narrow?.where ?? sql<SqlBool>`true`, most).select([
    'm.id',
    ...keys,
    ...filtered.map((name) => `m.${name}` as const),
  ])
  const gathered = start()
    .where(all(wanted.values()))
    .where(inBothSets(db, actor, list, now))
    .select(['m.id', ...keys])
    .offset(sql<number>`0`)
  if (list.permission === null) return steps(db, walk as never, rest, gathered as never, direction, limit)
  const throughFew = start()
    .where(all(wanted.values()))
    .where(isHolder)
    .where(areFew)
    .select(['m.id', ...keys])
  const either = sql<Found>`(${throughFew}) union all (${gathered.where(areMany)})`
  return steps(withHolders(db, actor, list.permission), walk as never, rest, either, direction, limit)
}

/** The holders of the permission asked for, when they are few; then everything is gathered through them. */
const withHolders = (db: Db, actor: Actor, permission: Permission): Db =>
  db.withRecursive(
    (cte) => cte('holder').materialized(),
    (q) => q.selectFrom(candidates(db, actor, permission).as<'c'>('c')).select('c.id'),
  ) as unknown as Db
const areFew = sql<SqlBool>`(select count(*) from holder) <= ${few}`
const areMany = sql<SqlBool>`(select count(*) from holder) > ${few}`
const isHolder = sql<SqlBool>`m.id = any(array(select h.id from holder as h))`

/**
 * Custom role and inactivity have no index in which they meet, and PostgreSQL combines none that begin with the same
 * organization: their ids are intersected from the two indexes before any row is read.
 */
function inBothSets(db: Db, actor: Actor, list: MemberList, now: Date): Condition {
  if (list.customRole.length === 0 || list.role.length > 0 || list.inactive === null) return sql`true`
  const holders = db
    .selectFrom('membership_role as mr')
    .where('mr.organization_id', '=', actor.organization.id)
    .where(sql<SqlBool>`mr.role_id = any(${list.customRole}::uuid[])`)
    .select('mr.membership_id as id')
  const quiet = db
    .selectFrom('membership as i')
    .where('i.organization_id', '=', actor.organization.id)
    .where('i.last_active_at', '<=', inactiveSince(list.inactive, now))
    .where(sql<SqlBool>`i.status <> 'removed'`)
    .where(sql<SqlBool>`i.id in (${holders})`)
    .select('i.id')
  return sql`m.id = any(array(${quiet}))`
}

/** The walk, and only where it doesn't fill the page everything gathered and sorted. Both give the same rows in the same order. */
function steps(
  db: Db,
  walk: Expression<Found>,
  rest: Map<Filter, Condition>,
  gathered: Expression<Found>,
  direction: 'asc' | 'desc',
  limit: number,
) {
  return db
    .with(
      (cte) => cte('a').materialized(),
      (q) =>
        q
          .selectFrom((eb) => asTable(eb, walk, 'w'))
          .where(all(rest.values()))
          .select(['w.id', 'w.k0', 'w.k1'])
          .limit(atMost(limit)),
    )
    .with(
      (cte) => cte('b').materialized(),
      (q) =>
        q
          .selectFrom((eb) => asTable(eb, gathered, 'f'))
          .where(sql<SqlBool>`(select count(*) from a) < ${limit}`)
          .select(['f.id', 'f.k0', 'f.k1'])
          .orderBy('f.k0', direction)
          .orderBy('f.k1', direction)
          .orderBy('f.id', direction)
          .limit(atMost(limit)),
    )
    .selectFrom('a')
    .where(sql<SqlBool>`(select count(*) from a) >= ${limit}`)
    .select(['a.id', 'a.k0', 'a.k1'])
    .unionAll((eb) => eb.selectFrom('b').select(['b.id', 'b.k0', 'b.k1']))
}

const asTable = <T, A extends string>(_: unknown, query: Expression<T>, alias: A) => sql<T>`(${query})`.as<A>(alias)

function partedPage(db: Db, actor: Actor, list: MemberList, now: Date, limit: number, removed: boolean) {
  const sort = list.sort as Parted
  const { position, descending } = stepOf(list)
  const direction = descending ? 'desc' : 'asc'
  const [fromKey, fromName] = position?.values ?? []
  const beyondPart = position ? sql<SqlBool>`p.key ${descending ? sql`<=` : sql`>=`} ${fromKey}` : sql<SqlBool>`true`
  const place = removed ? sql<SqlBool>`m.status = 'removed'` : sql<SqlBool>`m.status <> 'removed'`
  const edge = descending ? highest : lowest
  // Within the part where the page before ended it goes on behind its last row; every later part begins at its beginning.
  const beyond = position
    ? sql<SqlBool>`(m.sort_name, m.id) ${descending ? sql`<` : sql`>`} (
        case when p.key = ${fromKey} then ${fromName} else ${edge.text} end,
        case when p.key = ${fromKey} then ${position.id}::uuid else ${edge.id}::uuid end)`
    : sql<SqlBool>`true`

  const { parts, belongs, filter } = partsOf(sort, list, now, removed)
  const rest = conditions(db, actor, list, now, 'w')
  const wanted = conditions(db, actor, list, now, 'm')
  if (filter) {
    rest.delete(filter)
    wanted.delete(filter)
  }
  if (removed) {
    rest.delete('status')
    wanted.delete('status')
  }
  const ofPart = (eb: unknown) =>
    (eb as Eb)
      .selectFrom('membership as m')
      .where('m.organization_id', '=', actor.organization.id)
      .where(place)
      .where(belongs)
      .where(beyond)
  const inOrder = (eb: unknown) => ofPart(eb).orderBy('m.sort_name', direction).orderBy('m.id', direction)
  // People removed stand in the order of names alone, in no part's.
  const scattered = removed && sort !== 'status'
  if (rest.size === 0 && !scattered)
    return partTable(db, actor, parts)
      .innerJoinLateral(
        (eb) => inOrder(eb).limit(atMost(limit)).select(['m.id', 'm.sort_name']).as('x'),
        (on) => on.onTrue(),
      )
      .where(beyondPart)
      .orderBy('p.key', direction)
      .orderBy('x.sort_name', direction)
      .orderBy('x.id', direction)
      .limit(atMost(limit))
      .select(['x.id', sql<string>`p.key`.as('k0'), sql<string>`x.sort_name`.as('k1')])

  const everyone = () =>
    db
      .selectFrom('membership as m')
      .where('m.organization_id', '=', actor.organization.id)
      .where(place)
      .where(all(wanted.values()))
      .select(['m.id', 'm.sort_name', ...partColumns.map((name) => `m.${name}` as const)])
  // What has an index of many entries a row is found once for all parts; what has an ordered one, part by part.
  const together =
    scattered || rest.has('q') || rest.has('permission') || (rest.has('role') && list.customRole.length > 0)
  const gatheredTogether =
    list.permission === null || removed
      ? everyone().offset(sql<number>`0`)
      : sql`(${everyone().where(isHolder).where(areFew)}) union all (${everyone()
          .where(areMany)
          .offset(sql<number>`0`)})`
  const gathered = (eb: unknown) =>
    together
      ? sql`select m.id, m.sort_name from gathered as m where ${belongs} and ${beyond}`
      : sql`${ofPart(eb).where(all(wanted.values())).select(['m.id', 'm.sort_name']).offset(sql<number>`0`)}`

  const partsWalked = sql`${atMost(scattered ? 0 : bounds.partsWalked)}`
  // The parts one after the other until the page is full, each walked and, where that was cut short of a page, gathered.
  const enough = sql`${atMost(limit)}`
  const order = descending ? sql`desc` : sql`asc`
  const ofOnePart = (eb: unknown) => sql`
    with a as materialized (
      select w.id, w.sort_name from (${inOrder(eb)
        .limit(atMost(bounds.walkInPart))
        .select(['m.id', 'm.sort_name', ...filtered.map((name) => `m.${name}` as const)])}) w
      where r.n < ${partsWalked} and ${all(rest.values())} limit ${enough}),
    cut as materialized (
      select (select count(*) from a) < ${enough} and (r.n >= ${partsWalked} or (select count(*) from (${ofPart(eb)
        .select('m.id')
        .limit(atMost(bounds.walkInPart + 1))}) behind) > ${atMost(bounds.walkInPart)}) as short)
    select a.id, a.sort_name from a where not (select cut.short from cut)
    union all
    (select f.id, f.sort_name from (${gathered(eb)}) f where (select cut.short from cut)
      order by f.sort_name ${order}, f.id ${order} limit ${enough})`
  const holders = list.permission === null || removed ? db : withHolders(db, actor, list.permission)
  const withGathered = together
    ? (holders.withRecursive(
        (cte) => cte('gathered').materialized(),
        (eb) => eb.selectFrom(sql<Found>`(${gatheredTogether})`.as('e')).selectAll('e') as never,
      ) as unknown as Db)
    : holders
  return withGathered
    .withRecursive(
      (cte) => cte('part').materialized(),
      () =>
        partTable(db, actor, parts)
          .where(beyondPart)
          .select([
            sql<number>`dense_rank() over (order by p.key ${order})::int`.as('n'),
            sql<string>`p.key`.as('key'),
            ...(parts.kind === 'groups' ? (['p.id'] as const) : (['p.stored', 'p.expired'] as const)),
          ]),
    )
    .withRecursive('page', (eb) =>
      eb
        .selectNoFrom([
          sql<number>`0`.as('n'),
          sql<string[]>`'{}'::uuid[]`.as('ids'),
          sql<string[]>`'{}'::text[] collate "C"`.as('names'),
          sql<number>`0`.as('found'),
        ])
        .unionAll(
          eb
            .selectFrom('page as r' as never)
            .innerJoinLateral(
              sql<{ ids: string[]; names: string[] }>`(select
                  coalesce(array_agg(y.id), '{}') as ids, coalesce(array_agg(y.sort_name), '{}') as names
                from (select z.id, z.sort_name from part p cross join lateral (${ofOnePart(eb)}) z where p.n = r.n + 1
                  order by z.sort_name ${order}, z.id ${order} limit ${enough}) y)`.as<'x'>('x'),
              (on) => on.onTrue(),
            )
            .where(sql<SqlBool>`r.found < ${enough} and r.n < (select max(part.n) from part)`)
            .select([
              sql<number>`r.n + 1`.as('n'),
              'x.ids',
              'x.names',
              sql<number>`r.found + cardinality(x.ids)`.as('found'),
            ] as never) as never,
        ),
    )
    .selectFrom(
      sql<Found>`(select u.id, (select p.key from part p where p.n = r.n limit 1) as k0, u.name as k1
      from page r cross join unnest(r.ids, r.names) as u(id, name))`.as('u'),
    )
    .select(['u.id', 'u.k0', 'u.k1'])
    .orderBy('u.k0', direction)
    .orderBy('u.k1', direction)
    .orderBy('u.id', direction)
    .limit(atMost(limit)) as never
}

type Parts = { kind: 'values'; rows: RawBuilder<unknown>[] } | { kind: 'groups'; only: string[] }

/** The parts of a sort, how a row belongs to one, and the filter that choosing parts already answers. */
function partsOf(
  sort: Parted,
  list: MemberList,
  now: Date,
  removed: boolean,
): { parts: Parts; belongs: Condition; filter: Filter | null } {
  const onlyInvited = list.status.length === 1 && list.status[0] === 'invited'
  const values = (keys: unknown[], cast: 'text' | 'boolean') => ({
    kind: 'values' as const,
    rows: keys.map((key) =>
      cast === 'text'
        ? sql`(${key}::text collate "C", ''::text, null::boolean)`
        : sql`(${key}::boolean, ''::text, null::boolean)`,
    ),
  })
  switch (sort) {
    case 'status': {
      const present = (Object.keys(statuses) as Status[]).filter((one) => one !== 'removed')
      const keys = list.status.length > 0 ? list.status : present
      return { parts: values(keys, 'text'), belongs: sql`m.status = p.key`, filter: 'status' }
    }
    case 'role': {
      const chosen = list.role.length > 0 && list.customRole.length === 0
      const able = list.permission ? mayHold(list.permission) : Object.keys(organizationRoles)
      const keys = chosen ? list.role : able
      return { parts: values(keys, 'text'), belongs: sql`m.organization_role = p.key`, filter: chosen ? 'role' : null }
    }
    case 'two_factor': {
      const keys = list.twoFactor !== null ? [list.twoFactor] : onlyInvited ? [false] : [false, true]
      return { parts: values(keys, 'boolean'), belongs: sql`m.has_two_factor = p.key`, filter: 'two_factor' }
    }
    case 'invite': {
      const joined =
        !list.status.includes('invited') && (list.status.length > 0 || list.twoFactor || list.inactive !== null)
      const onlyInvited = list.status.length === 1 && list.status[0] === 'invited'
      const present =
        removed || !(joined || onlyInvited) ? inviteParts : joined ? inviteParts.slice(0, 2) : inviteParts.slice(2)
      return {
        parts: {
          kind: 'values',
          rows: present.map(
            ([key, stored, expired]) => sql`(${key}::text collate "C", ${stored}::text, ${expired}::boolean)`,
          ),
        },
        belongs: sql`m.invite = p.stored and (p.expired is null or (coalesce(m.invite_expires_at, 'infinity') <= ${now}) = p.expired)`,
        filter: null,
      }
    }
    case 'group':
      return { parts: { kind: 'groups', only: list.group }, belongs: sql`m.group_id = p.id`, filter: 'group' }
  }
}

type Part = { key: string; stored: string; expired: boolean | null; id: string }

function partTable(db: Db, actor: Actor, parts: Parts) {
  if (parts.kind === 'values')
    return db.selectFrom(sql<Part>`(values ${sql.join(parts.rows)})`.as<'p'>(sql`p(key, stored, expired)`))
  const groups = db
    .selectFrom('member_group as g')
    .where('g.organization_id', '=', actor.organization.id)
    .$if(parts.only.length > 0, (q) => q.where(sql<SqlBool>`g.id = any(${parts.only}::uuid[])`))
    .select(['g.sort_name as key', 'g.id'])
  return db.selectFrom(sql<Part>`(${groups})`.as('p'))
}

/** Ids and sort keys of one page and one row more, nearest to the position first. */
export function idsOfPage(db: Db, actor: Actor, list: MemberList, now: Date, limit: number) {
  const wantsRemoved = list.status.includes('removed')
  const wantsPresent = list.status.length === 0 || list.status.some((one) => one !== 'removed')
  const one = (removed: boolean) => {
    // Sorted by status, Removed is one part among the others.
    if (list.sort === 'status' && wantsRemoved && wantsPresent) return partedPage(db, actor, list, now, limit, removed)
    return (isParted(list.sort) ? partedPage : plainPage)(db, actor, list, now, limit, removed)
  }
  if (!wantsRemoved) return one(false)
  if (!wantsPresent) return one(true)
  const { descending } = stepOf(list)
  const direction = descending ? 'desc' : 'asc'
  const both = sql<Found>`((${one(false)}) union all (${one(true)}))`.as('u')
  return db
    .selectFrom(both)
    .select(['u.id', 'u.k0', 'u.k1'])
    .orderBy('u.k0', direction)
    .orderBy('u.k1', direction)
    .orderBy('u.id', direction)
    .limit(atMost(limit))
}

/** How many match, counted to the cap and over a bounded number of rows; `exact` is false for "more than". */
export function countOf(db: Db, actor: Actor, list: MemberList, now: Date) {
  const cap = 10_001
  const narrow = narrowest(list)
  const rest = conditions(db, actor, list, now, 'w')
  if (narrow) rest.delete(narrow.filter)
  const plain = rest.size === 0
  const columns = plain ? [] : filtered.map((name) => `m.${name}` as const)
  const base = (place: Condition) =>
    db
      .selectFrom('membership as m')
      .where('m.organization_id', '=', actor.organization.id)
      .where(place)
      .where(narrow?.where ?? sql<SqlBool>`true`)
      .select(['m.id', ...columns])
      .limit(atMost(cap))
  // Asked for apart, since hardly an index holds both.
  const [present, gone] = [base(sql`m.status <> 'removed'`), base(sql`m.status = 'removed'`)]
  const everyone = !list.status.includes('removed')
    ? sql`${present}`
    : list.status.length === 1
      ? sql`${gone}`
      : sql`(${present}) union all (${gone}) limit ${atMost(cap)}`
  const looked = db
    .selectFrom(sql<Found>`(${everyone})`.as('w'))
    .select(sql<boolean>`(${plain ? sql`true` : all(rest.values())})`.as('fits'))
  return db
    .selectFrom((eb) => asTable(eb, looked as never, 'l'))
    .select([
      sql<number>`(count(*) filter (where l.fits))::int`.as('found'),
      sql<boolean>`count(*) < ${cap}`.as('exact'),
    ])
}

/** The rows of one page and one more, with everything that the table shows of them. */
function rowsOf(db: Db, actor: Actor, list: MemberList, now: Date) {
  const direction = stepOf(list).descending ? 'desc' : 'asc'
  return db
    .selectFrom((eb) => asTable(eb, idsOfPage(db, actor, list, now, pageSize + 1) as never as Expression<Found>, 'p'))
    .innerJoin('membership as m', (on) =>
      on.onRef('m.id', '=', 'p.id').on('m.organization_id', '=', actor.organization.id),
    )
    .innerJoin('member_group as g', (on) =>
      on.onRef('g.organization_id', '=', 'm.organization_id').onRef('g.id', '=', 'm.group_id'),
    )
    .where(visibleTo(actor) as never)
    .select([
      'm.id',
      'm.first_name',
      'm.last_name',
      'm.email',
      'm.status',
      'm.organization_role',
      'g.name as group_name',
      'm.has_two_factor',
      'm.last_active_at',
      'm.invite',
      'm.invite_expires_at',
      'p.k0',
      'p.k1',
    ])
    .orderBy('p.k0', direction)
    .orderBy('p.k1', direction)
    .orderBy('m.id', direction)
}

type Keys = { organization: string; now: Date; k0: unknown; k1: unknown; id: string }
type Rows = Awaited<ReturnType<ReturnType<typeof rowsOf>['execute']>>
const compiled = new Map<string, (db: Db, keys: Keys) => Promise<Rows>>()

/** True for the whole list in some order: nothing searched or filtered, nobody out of reach. */
export const isWhole = (list: MemberList, actor: Actor): boolean =>
  !list.q && filterCount(list) === 0 && reach(actor, 'members.view') === 'organization'

/**
 * The whole list is asked for most, and its statement varies only by order and direction: each is compiled once and prepared.
 * Statements with filters are planned anew with their values, for which plan is right depends on them.
 */
function findRows(db: Db, actor: Actor, list: MemberList, now: Date): Promise<Rows> {
  if (!isWhole(list, actor)) return rowsOf(db, actor, list, now).execute()
  const step = list.after ? 'after' : list.before ? 'before' : null
  const shape = `${list.sort} ${list.descending} ${step}`
  let query = compiled.get(shape)
  if (!query) {
    query = compiledOnce((of: Db, keys: Keys) => {
      const position = { values: [keys.k0, keys.k1] as string[], id: keys.id, count: 0 }
      const organization = { ...actor.organization, id: keys.organization }
      return rowsOf(of, { ...actor, organization }, { ...list, ...(step && { [step]: position }) }, keys.now)
    })
    compiled.set(shape, query)
  }
  const position = step && list[step]
  return query(db, {
    organization: actor.organization.id,
    now,
    k0: position?.values[0],
    k1: position?.values[1],
    id: position?.id ?? '',
  })
}

/** One page of the table with everything that its rows show, in the order asked for. */
export async function memberPage(db: Db, actor: Actor, asked: MemberList, now: Date) {
  const list = withinReach(asked, actor)
  if (!list) return { rows: [], before: null, after: null }
  const found = await findRows(db, actor, list, now)

  const more = found.length > pageSize
  const rows = found.slice(0, pageSize)
  if (list.before) rows.reverse()
  const beforeCount = list.after ? list.after.count : list.before ? Math.max(0, list.before.count - rows.length) : 0
  const at = (row: (typeof rows)[number] | undefined, count: number): Position | null =>
    row ? { values: [keyText(row.k0), ...(isParted(list.sort) ? [keyText(row.k1)] : [])], id: row.id, count } : null
  const hasBefore = list.before ? more : list.after !== null
  const hasAfter = list.before ? true : more
  return {
    rows,
    first: beforeCount + 1,
    before: hasBefore ? at(rows[0], beforeCount) : null,
    after: hasAfter ? at(rows.at(-1), beforeCount + rows.length) : null,
  }
}
export type MemberPage = Awaited<ReturnType<typeof memberPage>>
export type MemberRow = MemberPage['rows'][number]

/** A sort value as it goes into an address and comes back as a parameter: never is the lowest time there is. */
const keyText = (value: unknown): string | boolean =>
  value === null ? '-infinity' : value instanceof Date ? value.toISOString() : (value as string | boolean)
