import type { Child } from 'hono/jsx'
import { comesWithTheMark } from '../../src/members/holders.ts'
import {
  columns,
  filterCount,
  type MemberList,
  placeIn,
  type Sort,
  writeMemberList,
} from '../../src/members/list-state.ts'
import type { MemberPage, MemberRow } from '../../src/members/page.ts'
import type { Around } from '../../src/members/queries.ts'
import { type Actor, can, fullName } from '../../src/platform/access/actor.ts'
import { permissions } from '../../src/platform/access/permissions.ts'
import { shortId } from '../../src/platform/ids.ts'
import { writePosition } from '../../src/platform/web/table.ts'
import { Icon } from '../parts/icon.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { Time } from '../parts/time.tsx'
import { AreaBoxes, Filters } from './filters.tsx'
import { inviteOf, roleLabel, statusLabel, statusMark } from './words.ts'

export type MembersProps = {
  actor: Actor
  base: string
  list: MemberList
  noticed: boolean
  page: MemberPage
  around: Around
  now: Date
}

/** Links in here change whom #people shows; htmx reads it once for all of them, outside of what each swap brings again. */
const changesPeople = {
  'data-hx-boost:inherited': 'true',
  'data-hx-target:inherited': '#people',
  'data-hx-swap:inherited': 'outerMorph show:none',
}
const opensPanel = {
  'data-hx-boost:inherited': 'true',
  'data-hx-target:inherited': '#panel',
  'data-hx-swap:inherited': 'outerHTML show:none',
}

/** Permissions > Organization members: everything but the panel. */
export const Members = (props: MembersProps) => {
  const { actor, base, list, around } = props
  return (
    <div class="list" id="list">
      {around.panel && (
        <a class="skip" href="#panel">
          Skip to the details of {fullName(around.panel)}
        </a>
      )}
      <div class="head">
        <h1>Permissions</h1>
        <Tabs actor={actor} section="Permissions" current="/members" />
      </div>
      <Toolbar actor={actor} base={base} list={list} />
      <Filters base={base} list={list} around={around} />
      <div {...changesPeople}>
        <People {...props} />
      </div>
    </div>
  )
}

/** What a search, filter, sort or page changes: the count, the filters in force, and the people. */
export const People = (props: MembersProps) => {
  const { base, list, noticed, page, around } = props
  return (
    <div id="people">
      {noticed && (
        <p class="note" role="status">
          Part of this address wasn’t understood, so it was left out.
        </p>
      )}
      <div class="found">
        <output for="q">
          <Count list={list} page={page} around={around} />
        </output>
        <Chips base={base} list={list} around={around} />
        {list.permission && comesWithTheMark(list.permission) && (
          <small>Group managers can in their own group, and are listed too.</small>
        )}
      </div>
      <Table {...props} />
      {page.rows.length === 0 ? (
        <Empty actor={props.actor} base={base} list={list} around={around} />
      ) : (
        <Pager base={base} list={list} page={page} around={around} />
      )}
    </div>
  )
}

/** The swap of all that: the people, and what stands elsewhere and follows from the same address. */
export const PeopleSwap = (props: MembersProps) => (
  <>
    <People {...props} />
    {can(props.actor, 'members.download') && <Downloads base={props.base} list={props.list} swap />}
    <AreaBoxes list={props.list} around={props.around} swap />
    <div id="panel" hidden data-hx-swap-oob="true" />
  </>
)

const addUser = (base: string) => (
  <a class="btn" href={`${base}/new`}>
    Add user
  </a>
)

/** Who is added at the left, what is taken out at the right; each for those who may. */
const Toolbar = ({ actor, base, list }: { actor: Actor; base: string; list: MemberList }) => {
  const adds = can(actor, 'members.invite')
  const downloads = can(actor, 'members.download')
  if (!adds && !downloads) return null
  return (
    <div class="row toolbar">
      {adds && addUser(base)} <span class="gap" />
      {downloads && (
        <details class="menu end" name="bar">
          <summary class="btn">
            <Icon name="download" />
            Download
          </summary>
          <Downloads base={base} list={list} />
        </details>
      )}
    </div>
  )
}

const Downloads = ({ base, list, swap }: { base: string; list: MemberList; swap?: boolean }) => (
  <ul class="items" id="downloads" data-hx-swap-oob={swap ? 'true' : undefined}>
    <li>
      <a href={`${base}.csv${writeMemberList(list)}`}>CSV, everybody listed</a>
    </li>
    <li>
      <a href={`${base}.xlsx${writeMemberList(list)}`}>Excel, everybody listed</a>
    </li>
  </ul>
)

const number = new Intl.NumberFormat('en-US')

/** The number of people, as far as it is known without making anybody wait. */
function total(page: MemberPage, around: Around): { text: string; one: boolean } {
  const seen = (page.after ?? page.before) === null ? page.rows.length : null
  if (seen !== null) return { text: number.format(seen), one: seen === 1 }
  const counted = around.count
  if (counted?.exact) return { text: number.format(counted.found), one: counted.found === 1 }
  const least = counted ? Math.max(counted.found > 10_000 ? 10_000 : counted.found, 50) : 50
  return { text: `more than ${number.format(least)}`, one: false }
}

const Count = ({ list, page, around }: { list: MemberList; page: MemberPage; around: Around }) => {
  const { text, one } = total(page, around)
  const narrowed = list.q !== '' || filterCount(list) > 0
  return (
    <>
      <b>{text}</b> {one ? 'person' : 'people'}
      {narrowed && (one ? ' matches' : ' match')}
    </>
  )
}

const nameOf = (options: { id: string; name: string }[], id: string) =>
  options.find((one) => one.id === id)?.name ?? 'unknown'

/** Every filter in force as a link that takes it away. */
const Chips = ({ base, list, around }: { base: string; list: MemberList; around: Around }) => {
  const without = (change: Partial<Record<Exclude<keyof MemberList, 'after' | 'before'>, unknown>>) =>
    base + writeMemberList(list, change)
  const drop = <K extends 'status' | 'role' | 'customRole' | 'group' | 'region' | 'area'>(key: K, value: string) =>
    without({ [key]: (list[key] as string[]).filter((one) => one !== value) })
  const chips: [label: string, href: string][] = [
    ...list.status.map((one): [string, string] => [`Status: ${statusLabel(one)}`, drop('status', one)]),
    ...list.role.map((one): [string, string] => [`Role: ${roleLabel(one)}`, drop('role', one)]),
    ...list.customRole.map((one): [string, string] => [
      `Custom role: ${nameOf(around.roles, one)}`,
      drop('customRole', one),
    ]),
    ...list.group.map((one): [string, string] => [`Group: ${nameOf(around.groups, one)}`, drop('group', one)]),
    ...list.region.map((one): [string, string] => [`Region: ${nameOf(around.regions, one)}`, drop('region', one)]),
    ...list.area.map((one): [string, string] => [`Area: ${nameOf(around.areas, one)}`, drop('area', one)]),
  ]
  if (list.twoFactor !== null)
    chips.push([`Two-factor: ${list.twoFactor ? 'On' : 'Off'}`, without({ twoFactor: null })])
  if (list.inactive !== null) chips.push([`Inactive: ${list.inactive} days or more`, without({ inactive: null })])
  if (list.permission !== null)
    chips.push([`Can: ${permissions[list.permission].label}`, without({ permission: null })])
  if (chips.length === 0 && !list.q) return null
  return (
    <>
      {chips.map(([label, href]) => (
        <>
          {' '}
          <a class="chip" href={href}>
            <span class="vh">Remove filter </span>
            {label}
            <Icon name="close" />
          </a>
        </>
      ))}{' '}
      <a href={base}>{chips.length > 0 ? 'Clear filters' : 'Clear search'}</a>
    </>
  )
}

const classes: Record<Sort, string> = {
  first_name: 'c-first',
  last_name: 'c-last',
  email: 'c-email',
  status: 'c-status',
  role: 'c-role',
  group: 'c-group',
  two_factor: 'c-2fa',
  last_active: 'c-seen n',
  invite: 'c-sent',
}

const Table = ({ actor, base, list, page, around, now }: MembersProps) => {
  const query = placeIn(list)
  return (
    <table class="grid members">
      <caption class="vh">
        Organization members, by {columns[list.sort].label.toLowerCase()}
        {list.descending ? ', last first' : ''}
      </caption>
      <thead>
        <tr>
          {(Object.keys(columns) as Sort[]).map((sort) => {
            const current = sort === list.sort
            const descending = current && !list.descending
            return (
              <th
                scope="col"
                class={classes[sort]}
                aria-sort={current ? (list.descending ? 'descending' : 'ascending') : undefined}
              >
                <a href={base + writeMemberList(list, { sort, descending })}>{columns[sort].label}</a>
              </th>
            )
          })}
          <th scope="col">
            <span class="vh">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody {...opensPanel}>
        {page.rows.map((row) => (
          <Row
            row={row}
            href={`${base}/${shortId(row.id)}${query}`}
            current={row.id === around.panel?.id}
            now={now}
            zone={actor.timeZone}
          />
        ))}
      </tbody>
    </table>
  )
}

const none = <span class="dim">–</span>

/* No classes on the cells: app.css knows the columns of .members by their number, fifty times lighter. */
export type RowProps = { row: Omit<MemberRow, 'k0' | 'k1'>; href: string; current: boolean; now: Date; zone: string }
export const Row = ({ row, href, current, now, zone }: RowProps) => {
  const invite = inviteOf(row.invite, row.invite_expires_at, now)
  return (
    <tr>
      <th scope="row" class="name">
        <a href={href} aria-current={current ? 'true' : undefined}>
          {row.first_name || (row.last_name ? '–' : row.email)}
        </a>
      </th>
      <td>{row.last_name || none}</td>
      <td>{row.email}</td>
      <td>
        <span class={statusMark[row.status as keyof typeof statusMark]}>{statusLabel(row.status)}</span>
      </td>
      <td>{roleLabel(row.organization_role)}</td>
      <td>{row.group_name}</td>
      <td>{row.has_two_factor ? 'On' : 'Off'}</td>
      <td>
        {row.last_active_at ? <Time at={row.last_active_at} now={now} zone={zone} /> : <span class="dim">Never</span>}
      </td>
      <td>
        <span class={invite.mark}>{invite.label}</span>
      </td>
      <td>
        <a class="go" href={href}>
          Actions
        </a>
      </td>
    </tr>
  )
}

const Pager = ({ base, list, page, around }: { base: string; list: MemberList; page: MemberPage; around: Around }) => {
  const first = page.first ?? 1
  const link = (label: string, step: 'before' | 'after') => {
    const position = page[step]
    return (
      position && (
        <a
          class="btn"
          rel={step === 'before' ? 'prev' : 'next'}
          href={base + writeMemberList(list, { [step]: writePosition(position) })}
        >
          {label}
        </a>
      )
    )
  }
  if (!page.before && !page.after) return null
  return (
    <nav class="pager" aria-label="Pages">
      <span>
        {number.format(first)}–{number.format(first + page.rows.length - 1)} of {total(page, around).text}
      </span>{' '}
      {link('Previous', 'before')} {link('Next', 'after')}
    </nav>
  )
}

type EmptyProps = { actor: Actor; base: string; list: MemberList; around: Around }
const Empty = ({ actor, base, list, around }: EmptyProps) => {
  const filters = filterCount(list)
  const words: Child[] = []
  const or = (values: string[]) => values.join(' or ')
  if (list.status.length) words.push(`are ${or(list.status.map(statusLabel))}`)
  const roles = [...list.role.map(roleLabel), ...list.customRole.map((id) => nameOf(around.roles, id))]
  if (roles.length) words.push(`hold the role ${or(roles)}`)
  if (list.group.length) words.push(`are in ${or(list.group.map((id) => nameOf(around.groups, id)))}`)
  if (list.region.length) words.push(`work in ${or(list.region.map((id) => nameOf(around.regions, id)))}`)
  if (list.area.length) words.push(`work in ${or(list.area.map((id) => nameOf(around.areas, id)))}`)
  if (list.twoFactor !== null) words.push(list.twoFactor ? 'use two-factor' : 'don’t use two-factor')
  if (list.inactive !== null) words.push(`haven’t been active for ${list.inactive} days`)
  if (list.permission !== null) words.push(`can do “${permissions[list.permission].label}”`)
  if (list.q) words.push(`match “${list.q}”`)
  return (
    <section class="empty" aria-labelledby="none">
      <h2 id="none">{words.length > 1 ? 'Nobody matches all of this' : 'Nobody here'}</h2>
      <p>
        {words.length > 0
          ? `People who ${words.join(', and who ')} would be listed here.`
          : 'The people of the organization are listed here.'}
      </p>
      <div class="row">
        {words.length === 0 && can(actor, 'members.invite') && addUser(base)}
        {words.length > 0 && (
          <a class="btn" href={base}>
            {filters > 0 ? 'Clear filters' : 'Clear search'}
          </a>
        )}
        {list.q && filters > 0 && (
          <a class="btn" href={`${base}?${new URLSearchParams({ q: list.q })}`}>
            Search “{list.q}” only
          </a>
        )}
      </div>
    </section>
  )
}
