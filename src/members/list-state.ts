import {
  isPermission,
  type OrganizationRole,
  organizationRoles,
  type Permission,
} from '../platform/access/permissions.ts'
import { type Status, statuses } from '../platform/access/status.ts'
import { readId, shortId } from '../platform/ids.ts'
import { queryReader } from '../platform/web/query.ts'
import { type KeyKind, type Position, readPosition, readSearch, writePosition } from '../platform/web/table.ts'

/** The columns of the table, in its order; `keys` is what a position of that sort holds beside the id. */
export const columns = {
  first_name: { label: 'First name', keys: ['text'] },
  last_name: { label: 'Last name', keys: ['text'] },
  email: { label: 'Email', keys: ['text'] },
  status: { label: 'Status', keys: ['text', 'text'] },
  role: { label: 'Organization role', keys: ['text', 'text'] },
  group: { label: 'Group', keys: ['text', 'text'] },
  two_factor: { label: 'Two-factor', keys: ['truth', 'text'] },
  last_active: { label: 'Last active', keys: ['moment'] },
  invite: { label: 'Invite status', keys: ['text', 'text'] },
} as const satisfies Record<string, { label: string; keys: readonly KeyKind[] }>
export type Sort = keyof typeof columns

export const inactiveChoices = [30, 90, 180, 365] as const

/** What the table shows, all of it from the address. Values of one filter are alternatives; filters narrow each other. */
export type MemberList = {
  q: string
  status: Status[]
  role: OrganizationRole[]
  customRole: string[]
  group: string[]
  region: string[]
  area: string[]
  twoFactor: boolean | null
  inactive: number | null
  /** Who can do this, whatever gives it to them. */
  permission: Permission | null
  sort: Sort
  descending: boolean
  after: Position | null
  before: Position | null
}

/**
 * Reads the list's state. Unknown parameters are ignored; malformed values and tampered positions fall back to the default,
 * and `noticed` says that something did (contract.md).
 */
export function readMemberList(address: URL): { list: MemberList; noticed: boolean } {
  const { those, one, noticed } = queryReader(address)
  const ids = (name: string): string[] => [
    ...new Set(those(name, (value): value is string => readId(value) !== null).map((value) => readId(value) ?? '')),
  ]
  const isStatus = (value: string): value is Status => Object.hasOwn(statuses, value)
  const isRole = (value: string): value is OrganizationRole => Object.hasOwn(organizationRoles, value)

  const roles = those('role', (value): value is string => isRole(value) || readId(value) !== null)
  const sorted = one('sort', (value) => {
    const name = value.replace(/^-/, '')
    return Object.hasOwn(columns, name) ? { sort: name as Sort, descending: value.startsWith('-') } : null
  }) ?? { sort: 'last_name' as const, descending: false }
  const keys = columns[sorted.sort].keys
  const after = one('after', (value) => readPosition(value, keys))
  const list: MemberList = {
    q: readSearch(address.searchParams.get('q') ?? ''),
    status: those('status', isStatus),
    role: roles.filter(isRole),
    customRole: roles.filter((value) => !isRole(value)).map((value) => readId(value) ?? ''),
    group: ids('group'),
    region: ids('region'),
    area: ids('area'),
    twoFactor: one('two_factor', (value) => (value === 'on' ? true : value === 'off' ? false : null)),
    inactive: one('inactive', (value) => (/^[1-9]\d{0,3}$/.test(value) ? Number(value) : null)),
    permission: one('permission', (value) => (isPermission(value) ? value : null)),
    ...sorted,
    after,
    before: after ? null : one('before', (value) => readPosition(value, keys)),
  }
  return { list, noticed: noticed() }
}

type Change = Partial<Record<keyof MemberList, unknown>> & { after?: string | null; before?: string | null }

/** The list's state as the query of an address, with `change` in it. Without a position it is the first page. */
export function writeMemberList(list: MemberList, change: Change = {}): string {
  const next = { ...list, after: null, before: null, ...change } as Omit<MemberList, 'after' | 'before'> & {
    after: string | null
    before: string | null
  }
  const query = new URLSearchParams()
  if (next.q) query.set('q', next.q)
  for (const value of next.status) query.append('status', value)
  for (const value of [...next.role, ...next.customRole.map(shortId)]) query.append('role', value)
  for (const value of next.group) query.append('group', shortId(value))
  for (const value of next.region) query.append('region', shortId(value))
  for (const value of next.area) query.append('area', shortId(value))
  if (next.twoFactor !== null) query.set('two_factor', next.twoFactor ? 'on' : 'off')
  if (next.inactive !== null) query.set('inactive', String(next.inactive))
  if (next.permission !== null) query.set('permission', next.permission)
  if (next.sort !== 'last_name' || next.descending) query.set('sort', `${next.descending ? '-' : ''}${next.sort}`)
  if (next.after) query.set('after', next.after)
  if (next.before) query.set('before', next.before)
  const text = query.toString()
  return text && `?${text}`
}

/** The same with its position: the page that is shown. */
export const placeIn = (list: MemberList): string =>
  writeMemberList(list, {
    after: list.after && writePosition(list.after),
    before: list.before && writePosition(list.before),
  })

/** How many filters are in force, the search not counted. */
export const filterCount = (list: MemberList): number =>
  [list.status, [...list.role, ...list.customRole], list.group, list.region, list.area].filter((one) => one.length > 0)
    .length +
  (list.twoFactor === null ? 0 : 1) +
  (list.inactive === null ? 0 : 1) +
  (list.permission === null ? 0 : 1)
