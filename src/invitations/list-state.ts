import { type OrganizationRole, organizationRoles } from '../platform/access/permissions.ts'
import { readId, shortId } from '../platform/ids.ts'
import { isDay, queryReader } from '../platform/web/query.ts'
import { type KeyKind, type Position, readPosition, readSearch, writePosition } from '../platform/web/table.ts'
import { type Approval, approvals, type InvitationStatus, invitationStatuses } from './rules.ts'

/** The columns of the table, in its order; `keys` is what a position of that sort holds beside the id. */
export const columns = {
  name: { label: 'Name', keys: ['text'] },
  email: { label: 'Email', keys: ['text'] },
  status: { label: 'Status', keys: ['text', 'moment'] },
  role: { label: 'Role', keys: ['text', 'moment'] },
  invited: { label: 'Invited on', keys: ['moment'] },
  expires: { label: 'Expires', keys: ['moment'] },
  approval: { label: 'Approval', keys: ['text', 'moment'] },
  sender: { label: 'Sent by', keys: ['text'] },
} as const satisfies Record<string, { label: string; keys: readonly KeyKind[] }>
export type Sort = keyof typeof columns

export const timeframes = {
  '24h': { label: 'Last 24 hours', hours: 24 },
  '7d': { label: 'Last 7 days', hours: 7 * 24 },
  '30d': { label: 'Last 30 days', hours: 30 * 24 },
  '90d': { label: 'Last 90 days', hours: 90 * 24 },
} as const
export type Timeframe = keyof typeof timeframes

/** What the history shows, all of it from the address. Values of one filter are alternatives; filters narrow each other. */
export type InvitationList = {
  q: string
  status: InvitationStatus[]
  role: OrganizationRole[]
  customRole: string[]
  /** Of invited on: a stretch up to now, or days YYYY-MM-DD in the person's time zone, both inside. */
  timeframe: Timeframe | null
  from: string | null
  to: string | null
  approval: Approval[]
  /** Only what somebody should look at. */
  attention: boolean
  sort: Sort
  descending: boolean
  after: Position | null
  before: Position | null
}

const isOf =
  <T extends string>(values: Record<T, unknown>) =>
  (value: string): value is T =>
    Object.hasOwn(values, value)
const isRole = isOf<OrganizationRole>(organizationRoles)

/**
 * Reads the list's state. Unknown parameters are ignored; malformed values and tampered positions fall back to the default,
 * and `noticed` says that something did (contract.md).
 */
export function readInvitationList(address: URL): { list: InvitationList; noticed: boolean } {
  const query = queryReader(address)
  const roles = query.those('role', (value): value is string => isRole(value) || readId(value) !== null)
  const sorted = query.one('sort', (value) => {
    const name = value.replace(/^-/, '')
    return isOf<Sort>(columns)(name) ? { sort: name, descending: value.startsWith('-') } : null
  }) ?? { sort: 'invited' as const, descending: true }
  const keys = columns[sorted.sort].keys
  const day = (name: string) => query.one(name, (value) => (isDay(value) ? value : null))
  const [from, to] = [day('from'), day('to')]
  const timeframe = query.one('timeframe', (value) => (isOf<Timeframe>(timeframes)(value) ? value : null))
  const after = query.one('after', (value) => readPosition(value, keys))
  const list: InvitationList = {
    q: readSearch(address.searchParams.get('q') ?? ''),
    status: query.those('status', isOf<InvitationStatus>(invitationStatuses)),
    role: roles.filter(isRole),
    customRole: [...new Set(roles.filter((value) => !isRole(value)).map((value) => readId(value) ?? ''))],
    timeframe: from || to ? null : timeframe,
    from,
    to,
    approval: query.those('approval', isOf<Approval>(approvals)),
    attention: query.one('attention', (value) => (value === 'yes' ? true : null)) ?? false,
    ...sorted,
    after,
    before: after ? null : query.one('before', (value) => readPosition(value, keys)),
  }
  return { list, noticed: query.noticed() }
}

type Change = Partial<InvitationList>

/** The list's state as the query of an address, with `change` in it. Without a position it is the first page. */
export function writeInvitationList(list: InvitationList, change: Change = {}): string {
  const next = { ...list, after: null, before: null, ...change }
  const query = new URLSearchParams()
  if (next.q) query.set('q', next.q)
  for (const value of next.status) query.append('status', value)
  for (const value of [...next.role, ...next.customRole.map(shortId)]) query.append('role', value)
  if (next.timeframe) query.set('timeframe', next.timeframe)
  if (next.from) query.set('from', next.from)
  if (next.to) query.set('to', next.to)
  for (const value of next.approval) query.append('approval', value)
  if (next.attention) query.set('attention', 'yes')
  if (next.sort !== 'invited' || !next.descending) query.set('sort', `${next.descending ? '-' : ''}${next.sort}`)
  if (next.after) query.set('after', writePosition(next.after))
  if (next.before) query.set('before', writePosition(next.before))
  const text = query.toString()
  return text && `?${text}`
}

/** The same with its position: the page that is shown. */
export const placeIn = (list: InvitationList): string =>
  writeInvitationList(list, { after: list.after, before: list.before })

/** How many filters are in force, the search not counted. */
export const filterCount = (list: InvitationList): number =>
  [
    list.status.length,
    list.role.length + list.customRole.length,
    list.timeframe ?? list.from ?? list.to,
    list.approval.length,
    list.attention,
  ].filter(Boolean).length
