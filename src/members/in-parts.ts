import { type ExpressionBuilder, type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Actor } from '../platform/access/actor.ts'
import { organizationRoles } from '../platform/access/permissions.ts'
import { type Status, statuses } from '../platform/access/status.ts'
import { atMost } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import { all, type Condition, type Found } from '../platform/database/steps.ts'
import { conditions, type Filter, filtered, type M } from './conditions.ts'
import { mayHold } from './holders.ts'
import { areFew, areMany, bounds, isHolder, stepOf, withHolders } from './in-order.ts'
import type { MemberList, Sort } from './list-state.ts'

type Eb = ExpressionBuilder<M, 'm'>

/** Sorts whose first key has few values; they go through these values one after the other, each in the order of names. */
const parted = ['status', 'role', 'two_factor', 'group', 'invite'] as const
type Parted = (typeof parted)[number]
export const isParted = (sort: Sort): sort is Parted => (parted as readonly string[]).includes(sort)

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

/** What the sorts with parts tell their parts by. */
const partColumns = [
  'status',
  'organization_role',
  'has_two_factor',
  'group_id',
  'invite',
  'invite_expires_at',
] as const

const lowest = { text: '', id: '00000000-0000-0000-0000-000000000000' }
const highest = { text: '\u{10ffff}', id: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }

export function partedPage(db: Db, actor: Actor, list: MemberList, now: Date, limit: number, removed: boolean) {
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
