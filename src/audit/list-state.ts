import { type EventName, events } from '../platform/events/catalogue.ts'
import { fold } from '../platform/fold.ts'
import { readId, shortId } from '../platform/ids.ts'
import { isDay, queryReader } from '../platform/web/query.ts'
import { type Position, readPosition, readSearch, writePosition } from '../platform/web/table.ts'

/** What the log shows, all of it from the address. Days are YYYY-MM-DD in UTC, both inside; `person` is a membership's id. */
export type AuditList = {
  q: string
  act: EventName[]
  person: string | null
  from: string | null
  to: string | null
  after: Position | null
  before: Position | null
}

const isEvent = (text: string): text is EventName => Object.hasOwn(events, text)

/** Unknown parameters are ignored; what is malformed falls back to the default, and `noticed` says so (contract.md). */
export function readAuditList(address: URL): { list: AuditList; noticed: boolean } {
  const { those, one, noticed } = queryReader(address)
  const day = (name: string) => one(name, (value) => (isDay(value) ? value : null))
  const position = (name: string) => one(name, (value) => readPosition(value, ['moment']))
  const after = position('after')
  const list: AuditList = {
    q: readSearch(address.searchParams.get('q') ?? ''),
    act: those('act', isEvent),
    person: one('person', readId),
    from: day('from'),
    to: day('to'),
    after,
    before: after ? null : position('before'),
  }
  return { list, noticed: noticed() }
}

/** The list's state as the query of an address, with `change` in it. Without a position it is the first page. */
export function writeAuditList(list: AuditList, change: Partial<AuditList> = {}): string {
  const next = { ...list, after: null, before: null, ...change }
  const query = new URLSearchParams()
  if (next.q) query.set('q', next.q)
  for (const act of next.act) query.append('act', act)
  if (next.person) query.set('person', shortId(next.person))
  if (next.from) query.set('from', next.from)
  if (next.to) query.set('to', next.to)
  if (next.after) query.set('after', writePosition(next.after))
  if (next.before) query.set('before', writePosition(next.before))
  const text = query.toString()
  return text && `?${text}`
}

/** The acts whose sentence holds every word of a search. */
export const actsNamed = (q: string): EventName[] =>
  (Object.keys(events) as EventName[]).filter((act) =>
    fold(q)
      .split(' ')
      .every((word) => fold(events[act]).includes(word)),
  )
