import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely'
import { atMost } from '../platform/database/compiled-once.ts'
import { all, type Condition, type Found, steps } from '../platform/database/steps.ts'
import type { Position } from '../platform/web/table.ts'
import {
  type Base,
  conditions,
  expiresKey,
  here,
  inState,
  invitedBehind,
  invitedWithin,
  lookedAt,
  onlyCustomRoles,
  type Scope,
  timeframeOf,
  waysToAttention,
  withCustomRole,
  withinReach,
} from './conditions.ts'
import type { InvitationList } from './list-state.ts'
import { asksState } from './states.ts'

/**
 * How many entries a walk may look at: along an index that holds all that is asked (`walk`), which is quick; where each row is read
 * as well (`rows`). A search reads rows, so it goes far (`search`) only where that gives hope of a page: of its first `tried` rows
 * `promising` were found, or with `sampled` rows from all times `common` were (of parts the sampled alone: `commonInParts`). Else what
 * matches is gathered at once, and so it is where no more than a `few` can match. A test lowers them.
 */
export const bounds = {
  walk: 20_000,
  rows: 6_000,
  tried: 1_000,
  promising: 10,
  sampled: 600,
  common: 10,
  commonInParts: 5,
  search: 10_000,
  few: 2_000,
}

/** How many of the sampled rows fulfil it (of w): two at each of as many moments between the first invitation and the last. */
export function countSampled(scope: Scope, where: Condition): RawBuilder<number> {
  const moments = Math.ceil(bounds.sampled / 2)
  const ends = here(scope).select([sql`min(i.created_at)`.as('first'), sql`max(i.created_at)`.as('last')])
  const some = here(scope)
    .where(sql<SqlBool>`i.created_at >= e.first + (e.last - e.first) * (n / ${moments}::float8)`)
    .orderBy('i.created_at')
    .limit(atMost(2))
    .select(['i.id', 'i.search', 'i.organization_role', 'i.role_ids'])
  return sql`(select count(*) from (${ends}) e cross join generate_series(0, ${moments - 1}::int) n
    cross join lateral (${some}) w where ${where})`
}

const keys = {
  name: sql`i.sort_first`,
  email: sql`i.email_key`,
  invited: sql`i.created_at`,
  expires: expiresKey,
  sender: sql`i.sort_sender`,
} as Record<string, RawBuilder<string>>

/** After the position in the order asked for, or before it in the opposite order. */
export const stepOf = (list: InvitationList): { position: Position | null; descending: boolean } => ({
  position: list.after ?? list.before,
  descending: list.before ? !list.descending : list.descending,
})

/**
 * What filters say of when an invitation ends, for a walk along that: after it was sent, and what has expired before now. Behind a
 * position the bound on its side needn't be said (invitedBehind tells why it mustn't).
 */
function endsWithin(scope: Scope, list: InvitationList): RawBuilder<SqlBool> | null {
  if (list.sort !== 'expires') return null
  const { position, descending } = stepOf(list)
  const { from } = timeframeOf(list, scope)
  const over = list.status.length === 1 && list.status[0] === 'expired'
  return all([
    ...(from && !(position && !descending) ? [sql<SqlBool>`${expiresKey} >= ${from}`] : []),
    ...(over && !(position && descending) ? [sql<SqlBool>`${expiresKey} <= ${scope.now}`] : []),
  ])
}

/** A page along the one index of a sort. */
export function plainPage(scope: Scope, list: InvitationList, limit: number): RawBuilder<Found> {
  const key = keys[list.sort] ?? expiresKey
  const { position, descending } = stepOf(list)
  const direction = descending ? 'desc' : 'asc'
  const [value] = position?.values ?? []
  const than = descending ? sql`<` : sql`>`
  const cast = list.sort === 'invited' || list.sort === 'expires' ? sql`timestamptz` : sql`text`
  const beyond: RawBuilder<SqlBool> = position
    ? sql`(${key}, i.id) ${than} (${value}::${cast}, ${position.id}::uuid)`
    : sql`true`
  const [wanted, rest] = [conditions(scope, list, 'i'), conditions(scope, list, 'w')]
  const inTime = position ? invitedBehind(list, scope, descending) : invitedWithin(list, scope, 'i')
  const within = list.sort === 'invited' ? inTime : endsWithin(scope, list)
  if (list.sort === 'invited') rest.delete('timeframe')
  // The own group has an index of its own in the order of invited on.
  const group = list.sort === 'invited' ? withinReach(list, scope.actor)?.group : null
  if (group) rest.delete('group')
  const inGroup = group ? sql<SqlBool>`i.group_id = ${group}` : sql<SqlBool>`true`
  // Those with any custom role have a small index in that order too.
  const fewer = list.sort === 'invited' && !group && onlyCustomRoles(list) ? withCustomRole : null
  const start = () => here(scope).where(beyond).where(inGroup)
  const inOrder = (most: number) =>
    start()
      .where(within ?? sql<SqlBool>`true`)
      .where(fewer ?? sql<SqlBool>`true`)
      .orderBy(key as never, direction)
      .orderBy('i.id', direction)
      .limit(atMost(most))
  const page = [key.as('k0'), sql<string>`''`.as('k1')] as const
  if (rest.size === 0) return sql`${inOrder(limit).select(['i.id', ...page])}`

  const looked = lookedAt(list, rest.keys()).map((name) => `i.${name}` as const)
  const walk = (most: number) => inOrder(most).select([...looked, ...page])
  const { attention: _, ...others } = Object.fromEntries(wanted)
  // Of a word there are few: looking up a state of many beside it takes longer than asking each of the few.
  const byState = asksState(list) && !list.q
  const gather = (where: Condition) =>
    sql`(${start()
      .where(where)
      .where(byState ? inState(list) : sql<SqlBool>`true`)
      .select(['i.id', ...page])
      .offset(sql<number>`0`)})`
  const gathered = list.attention
    ? sql.join(
        waysToAttention(scope).map((way) => gather(all([way, ...Object.values(others)]))),
        sql` union all `,
      )
    : gather(all(wanted.values()))
  // How many there are of a word or of a custom role can't be known.
  const unknown = rest.get('q') ?? (list.customRole.length > 0 ? rest.get('role') : undefined)
  const few = byState && onlyCustomRoles(list) ? here(scope).where(withCustomRole).where(inState(list)) : null
  if (unknown) return searched(scope, { unknown, few }, walk, all(rest.values()), gathered, direction, limit)
  const most = walk(rest.has('group') ? bounds.rows : bounds.walk)
  return sql`${steps(scope.db, most as never, rest.values(), gathered as never, direction, limit)}`
}

/**
 * In the manner of `steps`, with a short walk before the long one, which says whether that is worth it. It isn't where `few` are,
 * among which all that match can be gathered sooner.
 */
function searched(
  scope: Scope,
  { unknown, few }: { unknown: Condition; few: Base | null },
  walk: (most: number) => Expression<unknown>,
  where: Condition,
  gathered: RawBuilder<unknown>,
  way: 'asc' | 'desc',
  limit: number,
): RawBuilder<Found> {
  const [enough, order] = [sql`${atMost(limit)}`, way === 'desc' ? sql`desc` : sql`asc`]
  const matching = (most: number) => sql`select w.id, w.k0, w.k1 from (${walk(most)}) w where ${where}`
  const sampled = countSampled(scope, unknown)
  const fewer = few
    ? sql`when (select count(*) from (${few.select('i.id').limit(atMost(bounds.few + 1))}) f) <= ${bounds.few} then false`
    : sql``
  return sql`(with tried as materialized (${matching(bounds.tried)} limit ${enough}),
    hope as materialized (select case when count(*) >= ${enough} then false ${fewer} when count(*) >= ${bounds.promising} then true
      else count(*) + ${sampled} >= ${bounds.common} end as yes from tried),
    walked as materialized (${matching(bounds.search)} and (select hope.yes from hope) limit ${enough}),
    gathered as materialized (select f.id, f.k0, f.k1 from (${gathered}) f
      where (select count(*) from tried) < ${enough} and (select count(*) from walked) < ${enough}
      order by f.k0 ${order}, f.id ${order} limit ${enough})
    select tried.* from tried where (select count(*) from tried) >= ${enough}
    union all select walked.* from walked where (select count(*) from walked) >= ${enough}
    union all select gathered.* from gathered)`
}
