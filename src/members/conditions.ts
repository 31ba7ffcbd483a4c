import { sql } from 'kysely'
import { type Actor, reach } from '../platform/access/actor.ts'
import type { Db } from '../platform/database/connect.ts'
import type { DB } from '../platform/database/schema.ts'
import { holds, searchedFor } from '../platform/database/search.ts'
import type { Condition } from '../platform/database/steps.ts'
import { mayDo } from './holders.ts'
import type { MemberList } from './list-state.ts'

type Member = DB['membership']
export type M = DB & { m: Member }
type Alias = 'm' | 'w'

/** The list as far as the actor's right to view reaches; null when nobody can be in it. */
export function withinReach(list: MemberList, actor: Actor): MemberList | null {
  if (list.q && searchedFor(list.q).length === 0) return null
  // Somebody only invited has no account: no two-factor, and nothing to be inactive with.
  const onlyInvited = list.status.length === 1 && list.status[0] === 'invited'
  if (onlyInvited && (list.twoFactor === true || list.inactive !== null)) return null
  if (reach(actor, 'members.view') !== 'group') return list
  const own = actor.membership.groupId
  if (list.group.length > 0 && !list.group.includes(own)) return null
  return { ...list, group: [own] }
}

export type Filter = 'q' | 'status' | 'role' | 'group' | 'region' | 'area' | 'two_factor' | 'inactive' | 'permission'

/** What a row must fulfil, by filter. Removed people are kept out, or in, by the part of the query that they stand in. */
export function conditions(db: Db, actor: Actor, list: MemberList, now: Date, t: Alias): Map<Filter, Condition> {
  const column = (name: keyof Member & string) => sql.ref(`${t}.${name}`)
  const found = new Map<Filter, Condition>()
  const words = searchedFor(list.q)
  if (words.length > 0) found.set('q', holds(column('search'), words, t === 'w' ? 'row' : 'index'))
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

export const inactiveSince = (days: number, now: Date) => new Date(now.getTime() - days * 86_400_000)

export const filtered = [
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

/** The one filter with a single value whose index, in the order of names, is the shortest to walk. */
export function narrowest(list: MemberList): { filter: Filter; where: Condition; isNarrow: boolean } | null {
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
