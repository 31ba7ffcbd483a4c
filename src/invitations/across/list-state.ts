import { queryReader } from '../../platform/web/query.ts'
import { type KeyKind, type Position, readPosition, readSearch, writePosition } from '../../platform/web/table.ts'
import { type Timeframe, timeframes } from '../list-state.ts'
import { type InvitationStatus, invitationStatuses } from '../rules.ts'

/** What can be sorted by, which is what has an index across organizations; `keys` is what a position of that sort holds beside the id. */
export const columns = {
  email: { label: 'Email', keys: ['text', 'moment'] },
  invited: { label: 'Invited on', keys: ['moment'] },
} as const satisfies Record<string, { label: string; keys: readonly KeyKind[] }>
export type Sort = keyof typeof columns

/** What support staff see of the history of all organizations; all of it from the address. */
export type AcrossList = {
  q: string
  status: InvitationStatus[]
  timeframe: Timeframe | null
  sort: Sort
  descending: boolean
  after: Position | null
  before: Position | null
}

const isStatus = (text: string): text is InvitationStatus => Object.hasOwn(invitationStatuses, text)
const timeframeOf = (text: string): Timeframe | null => (Object.hasOwn(timeframes, text) ? (text as Timeframe) : null)

/** Unknown parameters are ignored; what is malformed falls back to the default, and `noticed` says so (contract.md). */
export function readAcrossList(address: URL): { list: AcrossList; noticed: boolean } {
  const { those, one, noticed } = queryReader(address)
  const sorted = one('sort', (value) => {
    const name = value.replace(/^-/, '')
    return Object.hasOwn(columns, name) ? { sort: name as Sort, descending: value.startsWith('-') } : null
  }) ?? { sort: 'invited' as const, descending: true }
  const position = (name: string) => one(name, (value) => readPosition(value, columns[sorted.sort].keys))
  const after = position('after')
  const list: AcrossList = {
    q: readSearch(address.searchParams.get('q') ?? ''),
    status: those('status', isStatus),
    timeframe: one('timeframe', timeframeOf),
    ...sorted,
    after,
    before: after ? null : position('before'),
  }
  return { list, noticed: noticed() }
}

/** The list's state as the query of an address, with `change` in it. Without a position it is the first page. */
export function writeAcrossList(list: AcrossList, change: Partial<AcrossList> = {}): string {
  const next = { ...list, after: null, before: null, ...change }
  const query = new URLSearchParams()
  if (next.q) query.set('q', next.q)
  for (const status of next.status) query.append('status', status)
  if (next.timeframe) query.set('timeframe', next.timeframe)
  if (next.sort !== 'invited' || !next.descending) query.set('sort', `${next.descending ? '-' : ''}${next.sort}`)
  if (next.after) query.set('after', writePosition(next.after))
  if (next.before) query.set('before', writePosition(next.before))
  const text = query.toString()
  return text && `?${text}`
}

/** The same with its position: the page that is shown. */
export const placeIn = (list: AcrossList): string => writeAcrossList(list, { after: list.after, before: list.before })

/** How many filters are in force, the search not counted. */
export const filterCount = (list: AcrossList): number => [list.status.length, list.timeframe].filter(Boolean).length
