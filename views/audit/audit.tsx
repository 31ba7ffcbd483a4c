import type { Child } from 'hono/jsx'
import { type AuditList, writeAuditList } from '../../src/audit/list-state.ts'
import type { AuditPage, AuditRow } from '../../src/audit/queries.ts'
import { type Actor, fullName } from '../../src/platform/access/actor.ts'
import { isPermission, permissions } from '../../src/platform/access/permissions.ts'
import { type EventName, events } from '../../src/platform/events/catalogue.ts'
import { shortId } from '../../src/platform/ids.ts'
import { Icon } from '../parts/icon.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { ExactTime } from '../parts/time.tsx'

export type AuditProps = {
  actor: Actor
  base: string
  list: AuditList
  noticed: boolean
  page: AuditPage
  /** What ids are called, by id. */
  names: Map<string, string>
}

/** Settings > Audit log. */
export const Audit = (props: AuditProps) => (
  <div class="list" id="list">
    <div class="head">
      <h1>Settings</h1>
      <Tabs actor={props.actor} section="Settings" current="/audit" />
    </div>
    <div class="row toolbar">
      <span class="gap" />
      <Downloads base={props.base} list={props.list} />
    </div>
    <Search {...props} />
    <AuditEvents {...props} />
  </div>
)

const Downloads = ({ base, list, swap }: { base: string; list: AuditList; swap?: boolean }) => (
  <details class="menu end" name="bar" id="downloads" data-hx-swap-oob={swap ? 'true' : undefined}>
    <summary class="btn">
      <Icon name="download" />
      Download
    </summary>
    <ul class="items">
      <li>
        <a href={`${base}.csv${writeAuditList(list)}`}>CSV, everything listed</a>
      </li>
      <li>
        <a href={`${base}.xlsx${writeAuditList(list)}`}>Excel, everything listed</a>
      </li>
    </ul>
  </details>
)

/** The swap of a search, filter or page: the events, and the links that follow from the same address. */
export const AuditSwap = (props: AuditProps) => (
  <>
    <AuditEvents {...props} />
    <Downloads base={props.base} list={props.list} swap />
  </>
)

const Search = ({ base, list }: AuditProps) => (
  <form
    class="find"
    role="search"
    aria-label="Audit log"
    autocomplete="off"
    action={base}
    data-hx-get={base}
    data-hx-target="#log"
    data-hx-swap="outerMorph"
    data-hx-sync="this:replace"
    data-hx-trigger="submit, change"
  >
    <div class="q">
      <label class="vh" for="q">
        Search the audit log
      </label>
      <input id="q" name="q" type="search" value={list.q} placeholder="Search people and acts" maxlength={200} />
      <button class="icon">
        <Icon name="search" />
        <span class="vh">Search</span>
      </button>
      <kbd aria-hidden="true" />
    </div>
    <div class="row">
      <label>
        Act{' '}
        <select name="act">
          <option value="">Any</option>
          {Object.entries(events)
            .sort(([, a], [, b]) => (a < b ? -1 : 1))
            .map(([act, sentence]) => (
              <option value={act} selected={list.act.includes(act as EventName)}>
                {sentence}
              </option>
            ))}
        </select>
      </label>{' '}
      <label>
        From <input type="date" name="from" value={list.from ?? ''} />
      </label>{' '}
      <label>
        Until <input type="date" name="to" value={list.to ?? ''} />
      </label>{' '}
      {list.person && <input type="hidden" name="person" value={shortId(list.person)} />}
      <button class="btn">Show</button>
    </div>
  </form>
)

const changesLog = {
  'data-hx-boost:inherited': 'true',
  'data-hx-target:inherited': '#log',
  'data-hx-swap:inherited': 'outerMorph show:none',
}

/** What a search, a filter or a page changes. */
const AuditEvents = ({ actor, base, list, noticed, page, names }: AuditProps) => {
  const members = `/o/${actor.organization.slug}/members`
  return (
    <div id="log" {...changesLog}>
      {noticed && (
        <p class="note" role="status">
          Part of this address wasn’t understood, so it was left out.
        </p>
      )}
      <Chips base={base} list={list} names={names} />
      {page.rows.length === 0 ? (
        <Empty base={base} list={list} />
      ) : (
        <table class="grid audit">
          <caption class="vh">Audit log, newest first</caption>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Who</th>
              <th scope="col">What</th>
              <th scope="col">About</th>
              <th scope="col">Details</th>
            </tr>
          </thead>
          <tbody>
            {page.rows.map((row) => (
              <Entry row={row} members={members} names={names} zone={actor.timeZone} />
            ))}
          </tbody>
        </table>
      )}
      <Pager base={base} list={list} page={page} />
    </div>
  )
}

const hows: Record<string, string> = {
  screen: 'On a screen',
  api: 'By the API',
  support: 'By support staff',
  operator: 'By the operator, on the command line',
  system: 'By Rollcall itself',
}

const person = (id: string | null, first: string | null, last: string | null, email: string | null) =>
  id ? { id, name: fullName({ first_name: first ?? '', last_name: last ?? '', email: email ?? '' }) } : null

const Somebody = ({ who, members }: { who: ReturnType<typeof person>; members: string }) =>
  who && (
    <a href={`${members}/${shortId(who.id)}`} data-hx-boost="false">
      {who.name}
    </a>
  )

const Entry = ({
  row,
  members,
  names,
  zone,
}: {
  row: AuditRow
  members: string
  names: Map<string, string>
  zone: string
}) => {
  const who = person(row.who_id, row.who_first, row.who_last, row.who_email)
  const whom = person(row.whom_id, row.whom_first, row.whom_last, row.whom_email)
  const nobody =
    row.how === 'support'
      ? 'Support'
      : row.actor_id
        ? 'Somebody who is no longer here'
        : row.how === 'operator'
          ? 'The operator'
          : row.how === 'system'
            ? 'Rollcall'
            : 'A stranger'
  return (
    <tr>
      <td>
        <ExactTime at={row.at} zone={zone} />
      </td>
      <td>
        {who && row.how !== 'support' ? <Somebody who={who} members={members} /> : <span class="dim">{nobody}</span>}
      </td>
      <td>{events[row.act as EventName] ?? row.act}</td>
      <td>{whom ? <Somebody who={whom} members={members} /> : <Subject row={row} names={names} />}</td>
      <td>
        <details>
          <summary>Details</summary>
          <dl class="facts">
            {changesOf(row.changes, names).map(([name, text]) => (
              <>
                <dt>{name}</dt>
                <dd>{text}</dd>
              </>
            ))}
            <dt>How</dt>
            <dd>{hows[row.how] ?? row.how}</dd>
            {row.ip && (
              <>
                <dt>Address</dt>
                <dd>{row.ip}</dd>
              </>
            )}
            {row.request_id && (
              <>
                <dt>Request</dt>
                <dd>{row.request_id}</dd>
              </>
            )}
          </dl>
        </details>
      </td>
    </tr>
  )
}

const Subject = ({ row, names }: { row: AuditRow; names: Map<string, string> }) => {
  const name = row.subject_id && names.get(row.subject_id)
  if (name) return <>{name}</>
  if (row.subject === 'organization' || !row.subject_id) return <span class="dim">–</span>
  return (
    <span class="dim">
      {row.subject === 'account' || row.subject === 'membership'
        ? 'Somebody no longer here'
        : `A ${row.subject} no longer here`}
    </span>
  )
}

const label = (key: string) => `${key[0]?.toUpperCase() ?? ''}${key.slice(1)}`.replaceAll('_', ' ')

/** One value as people read it: names for ids, words for nothing and for lists. */
function words(value: unknown, names: Map<string, string>): string {
  if (value === null || value === undefined || value === '' || value === 'infinity' || value === '-infinity')
    return 'none'
  if (value === true) return 'yes'
  if (value === false) return 'no'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map((one) => words(one, names)).join(', ')
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([key, one]) => `${label(key).toLowerCase()}: ${words(one, names)}`)
      .join('; ')
  const text = String(value)
  return names.get(text) ?? (isPermission(text) ? permissions[text].label : text)
}

/** `{ status: [old, new] }` reads "old, then new"; anything else as it is. */
function changesOf(changes: unknown, names: Map<string, string>): [name: string, text: string][] {
  return Object.entries((changes ?? {}) as Record<string, unknown>).map(([key, value]) => {
    const pair = Array.isArray(value) && value.length === 2 && key !== 'fields'
    return [label(key), pair ? `${words(value[0], names)} → ${words(value[1], names)}` : words(value, names)]
  })
}

const Chips = ({ base, list, names }: { base: string; list: AuditList; names: Map<string, string> }) => {
  const chips: [label: string, href: string][] = list.act.map((act) => [
    events[act],
    base + writeAuditList(list, { act: list.act.filter((one) => one !== act) }),
  ])
  if (list.person)
    chips.push([
      `By or about ${names.get(list.person) ?? 'somebody unknown'}`,
      base + writeAuditList(list, { person: null }),
    ])
  if (list.from) chips.push([`From ${list.from}`, base + writeAuditList(list, { from: null })])
  if (list.to) chips.push([`Until ${list.to}`, base + writeAuditList(list, { to: null })])
  if (chips.length === 0 && !list.q) return null
  return (
    <div class="found">
      {chips.map(([text, href]) => (
        <>
          {' '}
          <a class="chip" href={href} data-hx-boost="false">
            <span class="vh">Remove filter </span>
            {text}
            <Icon name="close" />
          </a>
        </>
      ))}{' '}
      <a href={base} data-hx-boost="false">
        {chips.length > 0 ? 'Clear filters' : 'Clear search'}
      </a>
    </div>
  )
}

const Empty = ({ base, list }: { base: string; list: AuditList }) => {
  const narrowed = writeAuditList(list) !== ''
  const text: Child = narrowed
    ? 'Events that match all of this would be listed here.'
    : 'Everything that anybody does here is listed here, and stays.'
  return (
    <section class="empty" aria-labelledby="none">
      <h2 id="none">{narrowed ? 'Nothing matches all of this' : 'Nothing has happened yet'}</h2>
      <p>{text}</p>
      {narrowed && (
        <div class="row">
          <a class="btn" href={base} data-hx-boost="false">
            Clear filters
          </a>
        </div>
      )}
    </section>
  )
}

const Pager = ({ base, list, page }: { base: string; list: AuditList; page: AuditPage }) => {
  if (!page.before && !page.after) return null
  return (
    <nav class="pager" aria-label="Pages">
      <span>Newest first</span>{' '}
      {page.before && (
        <a class="btn" rel="prev" href={base + writeAuditList(list, { before: page.before })}>
          Newer
        </a>
      )}{' '}
      {page.after && (
        <a class="btn" rel="next" href={base + writeAuditList(list, { after: page.after })}>
          Older
        </a>
      )}
    </nav>
  )
}
