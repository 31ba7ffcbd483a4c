import { type Expression, type RawBuilder, sql } from 'kysely'
import { organizationRoles } from '../platform/access/permissions.ts'
import { atMost } from '../platform/database/compiled-once.ts'
import { all, type Condition } from '../platform/database/steps.ts'
import {
  type Base,
  conditions,
  expired,
  type Filter,
  here,
  inState,
  invitedWithin,
  lookedAt,
  needsAttention,
  type Scope,
  waysToAttention,
  withinReach,
} from './conditions.ts'
import { filterCount, type InvitationList, readInvitationList, timeframes } from './list-state.ts'
import { approvals } from './rules.ts'
import { asksState } from './states.ts'

const cap = 10_001

/** At most `cap` rows among which all that match are, where they are so few; and what is left to ask of them. */
function walkOf(scope: Scope, list: InvitationList): { walk: Base; rest: Map<Filter, Condition> } {
  const rest = conditions(scope, list, 'w')
  rest.delete('timeframe')
  const group = withinReach(list, scope.actor)?.group
  if (group) rest.delete('group')
  const base = here(scope)
    .where(invitedWithin(list, scope, 'i') ?? sql<boolean>`true`)
    .where(group ? sql<boolean>`i.group_id = ${group}` : sql<boolean>`true`)
    .limit(atMost(cap))
  if (!group && asksState(list)) {
    rest.delete('approval')
    if (list.customRole.length === 0) rest.delete('role')
    if (!list.status.some((one) => one === 'expired' || one === 'pending_activation')) rest.delete('status')
    return { walk: base.where(inState(list)), rest }
  }
  return { walk: base.orderBy('i.created_at', 'desc'), rest }
}

export type Count = { found: number; exact: boolean }

/** How many match, counted to the cap and over a bounded number of rows; `exact` is false for "more than". */
export function countOf(scope: Scope, list: InvitationList): RawBuilder<Count> {
  const { walk, rest } = walkOf(scope, list)
  if (list.attention) {
    const others = conditions(scope, list, 'i')
    others.delete('attention')
    const ways = waysToAttention(scope).map(
      (way) => sql`(${here(scope).where(way).where(all(others.values())).select('i.id').limit(atMost(cap))})`,
    )
    return sql`(select json_build_object('found', count(*), 'exact', count(*) < ${cap})
      from (${sql.join(ways, sql` union all `)} limit ${atMost(cap)}) w)`
  }
  const looked = lookedAt(list, rest.keys()).map((name) => `i.${name}` as const)
  return sql`(select json_build_object('found', count(*) filter (where ${all(rest.values())}), 'exact', count(*) < ${cap})
    from (${walk.select(looked)}) w)`
}

/** An option is counted so far; with more it says so. */
const optionCap = 2001
const newest = 5000

/** How many each option of one filter would show beside the other filters; `cut`: there may be more of each. */
export type Facet = { cut: boolean; of: Record<string, number> | null }
export type Facets = Record<'status' | 'role' | 'custom' | 'timeframe' | 'approval' | 'attention', Facet>

type Facetted = keyof Facets
const nothing = readInvitationList(new URL('http://x')).list

const without: Record<Facetted, Partial<InvitationList>> = {
  status: { status: [] },
  role: { role: [], customRole: [] },
  custom: { role: [], customRole: [] },
  timeframe: { timeframe: null, from: null, to: null },
  approval: { approval: [] },
  attention: { attention: false },
}

/** The status of a row w as the clock lets it be. */
export const statusNow = (now: Date) =>
  sql`case when w.status = 'pending_activation' and ${expired(now, 'w')} then 'expired' else w.status end`
const since = (hours: number, now: Date) => new Date(now.getTime() - hours * 3_600_000)

/** What counting the options of a filter looks at. */
const toCount = {
  status: ['status', 'expires_at'],
  role: ['organization_role'],
  custom: ['role_ids'],
  timeframe: ['created_at'],
  approval: ['approval'],
  attention: ['status', 'created_at', 'expires_at'],
} as const

function options(scope: Scope, facet: Facetted): RawBuilder<unknown> {
  const { now } = scope
  switch (facet) {
    case 'status':
      return sql`select ${statusNow(now)} as v, count(*) as n from fits w group by 1`
    case 'role':
      return sql`select w.organization_role as v, count(*) as n from fits w group by 1`
    case 'custom':
      return sql`select r::text as v, count(*) as n from fits w cross join unnest(w.role_ids) r group by 1`
    case 'approval':
      return sql`select w.approval as v, count(*) as n from fits w group by 1`
    case 'attention':
      return sql`select 'yes' as v, count(*) as n from fits w where ${needsAttention(scope, 'w')}`
    case 'timeframe':
      return sql`${sql.join(
        Object.entries(timeframes).map(
          ([name, { hours }]) =>
            sql`select ${name}::text as v, count(*) as n from fits w where w.created_at >= ${since(hours, now)}`,
        ),
        sql` union all `,
      )}`
  }
}

/** Looks at no more than the newest rows. */
function amongNewest(scope: Scope, list: InvitationList, facet: Facetted): RawBuilder<Facet> {
  const { walk, rest } = walkOf(scope, list)
  const looked = [...new Set([...lookedAt(list, rest.keys()), ...toCount[facet]])].map((name) => `i.${name}` as const)
  return sql`(with walked as materialized (${walk.limit(atMost(newest)).select(looked)}),
    fits as materialized (select w.* from walked w where ${all(rest.values())})
    select json_build_object('cut', (select count(*) >= ${newest} from walked),
      'of', (select json_object_agg(x.v, x.n) from (${options(scope, facet)}) x)))`
}

/** Of the whole history each option is counted along its own index. */
function wholly(scope: Scope, facet: Exclude<Facetted, 'custom'>): RawBuilder<Facet> {
  const { now } = scope
  const base = () => here(scope).limit(atMost(optionCap)).select('i.id')
  const open = () => base().where('i.status', '=', 'pending_activation')
  const state = (name: 'approval' | 'role', values: string[]) =>
    values.map((one): [string, Base[]] => [one, [base().where(inState({ ...nothing, [name]: [one] }))]])
  const counted: Record<typeof facet, () => [string, Base[]][]> = {
    status: () => [
      ...['pending_approval', 'active', 'rejected', 'revoked'].map((one): [string, Base[]] => [
        one,
        [base().where('i.status', '=', one)],
      ]),
      ['pending_activation', [open().where('i.expires_at', '>', now)]],
      ['expired', [base().where('i.status', '=', 'expired'), open().where('i.expires_at', '<=', now)]],
    ],
    approval: () => state('approval', Object.keys(approvals)),
    role: () => state('role', Object.keys(organizationRoles)),
    timeframe: () =>
      Object.entries(timeframes).map(([name, { hours }]) => [
        name,
        [base().where('i.created_at', '>=', since(hours, now))],
      ]),
    attention: () => [['yes', waysToAttention(scope).map((way) => base().where(way))]],
  }
  const pairs = counted[facet]().map(
    ([name, queries]) =>
      sql`${name}::text, ${sql.join(
        queries.map((query) => sql`(select count(*) from (${query}) x)`),
        sql` + `,
      )}`,
  )
  return sql`(select json_build_object('cut', false, 'of', json_build_object(${sql.join(pairs)})))`
}

/** How many each option of each filter would show, filter by filter; of bounded work. */
const facetColumns = (scope: Scope, list: InvitationList) =>
  (Object.keys(without) as Facetted[]).map((facet) => {
    const others = { ...list, ...without[facet], after: null, before: null }
    const whole = !others.q && filterCount(others) === 0 && !withinReach(others, scope.actor)?.group
    const query = whole && facet !== 'custom' ? wholly(scope, facet) : amongNewest(scope, others, facet)
    return query.as(facet)
  })

/** The same as one value, for a statement that asks for more. */
export const facetsIn = (scope: Scope, list: InvitationList): RawBuilder<Facets> =>
  sql`(select to_json(f) from (${scope.db.selectNoFrom(facetColumns(scope, list) as never)}) f)`

/** The same in one statement, which is asked for after the page has come. `roles` gives the custom roles that there are. */
export async function facetsOf<Roles>(
  scope: Scope,
  list: InvitationList,
  roles: Expression<Roles>,
): Promise<{ facets: Facets; roles: Roles }> {
  const asked = [...facetColumns(scope, list), sql`${roles}`.as('roles')]
  const { roles: found, ...facets } = (await scope.db
    .selectNoFrom(asked as never)
    .executeTakeFirstOrThrow()) as unknown as Facets & { roles: Roles }
  return { facets, roles: found }
}
