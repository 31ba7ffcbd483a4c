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
import { mostPending } from '../../src/members/rules.ts'
import { type Actor, can, fullName } from '../../src/platform/access/actor.ts'
import { permissions } from '../../src/platform/access/permissions.ts'
import { shortId } from '../../src/platform/ids.ts'
import { writePosition } from '../../src/platform/web/table.ts'
import {
  type Chip,
  changesPeople,
  DownloadMenu,
  Downloads,
  Chips as FilterChips,
  Heads,
  Empty as NothingHere,
  opensPanel,
  Pager,
  total,
} from '../parts/list.tsx'
import { roleLabel } from '../parts/roles.ts'
import { Tabs } from '../parts/tabs.tsx'
import { Time } from '../parts/time.tsx'
import { AreaBoxes, Filters } from './filters.tsx'
import { inviteOf, statusLabel, statusMark } from './words.ts'

export type MembersProps = {
  actor: Actor
  base: string
  list: MemberList
  noticed: boolean
  page: MemberPage
  around: Around
  now: Date
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
      <Toolbar actor={actor} base={base} list={list} pending={around.pending} />
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
  const at = (step: 'before' | 'after') => {
    const position = page[step]
    return position && base + writeMemberList(list, { [step]: writePosition(position) })
  }
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
        <Pager page={page} count={around.count} before={at('before')} after={at('after')} />
      )}
    </div>
  )
}

/** The swap of all that: the people, and what stands elsewhere and follows from the same address. */
export const PeopleSwap = (props: MembersProps) => (
  <>
    <People {...props} />
    {can(props.actor, 'members.download') && (
      <Downloads base={props.base} query={writeMemberList(props.list)} what="everybody listed" swap />
    )}
    <AreaBoxes list={props.list} around={props.around} swap />
    <div id="panel" hidden data-hx-swap-oob="true" />
  </>
)

const addUser = (base: string) => (
  <>
    <a class="btn main" href={`${base}/new`}>
      Add user
    </a>{' '}
    <a class="btn" href={base.replace(/members$/, 'invitations/new')}>
      Invite member
    </a>
  </>
)

/** Who is added at the left, what is taken out at the right; each for those who may. */
type ToolbarProps = { actor: Actor; base: string; list: MemberList; pending: number | null }
const Toolbar = ({ actor, base, list, pending }: ToolbarProps) => {
  const adds = can(actor, 'members.invite')
  const downloads = can(actor, 'members.download')
  if (!adds && !downloads && pending === null) return null
  return (
    <div class="row toolbar">
      {adds && addUser(base)} <span class="gap" />
      {downloads && <DownloadMenu base={base} query={writeMemberList(list)} what="everybody listed" />}{' '}
      {pending !== null && (
        <a class="btn" href={base.replace(/members$/, 'invitations')}>
          Invitation history{pending > 0 && ` (${pending > mostPending ? `${mostPending}+` : pending} pending)`}
        </a>
      )}
    </div>
  )
}

const Count = ({ list, page, around }: { list: MemberList; page: MemberPage; around: Around }) => {
  const { text, one } = total(page, around.count)
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
  const chips: Chip[] = [
    ...list.status.map((one): Chip => [`Status: ${statusLabel(one)}`, drop('status', one)]),
    ...list.role.map((one): Chip => [`Role: ${roleLabel(one)}`, drop('role', one)]),
    ...list.customRole.map((one): Chip => [`Custom role: ${nameOf(around.roles, one)}`, drop('customRole', one)]),
    ...list.group.map((one): Chip => [`Group: ${nameOf(around.groups, one)}`, drop('group', one)]),
    ...list.region.map((one): Chip => [`Region: ${nameOf(around.regions, one)}`, drop('region', one)]),
    ...list.area.map((one): Chip => [`Area: ${nameOf(around.areas, one)}`, drop('area', one)]),
  ]
  if (list.twoFactor !== null)
    chips.push([`Two-factor: ${list.twoFactor ? 'On' : 'Off'}`, without({ twoFactor: null })])
  if (list.inactive !== null) chips.push([`Inactive: ${list.inactive} days or more`, without({ inactive: null })])
  if (list.permission !== null)
    chips.push([`Can: ${permissions[list.permission].label}`, without({ permission: null })])
  return <FilterChips base={base} chips={chips} q={list.q} />
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
  const sees = can(actor, 'invitations.view')
  return (
    <table class="grid members">
      <caption class="vh">
        Organization members, by {columns[list.sort].label.toLowerCase()}
        {list.descending ? ', last first' : ''}
      </caption>
      <Heads
        columns={columns}
        classes={classes}
        sort={list.sort}
        descending={list.descending}
        href={(sort, descending) => base + writeMemberList(list, { sort, descending })}
      />
      <tbody {...opensPanel}>
        {page.rows.map((row) => (
          <Row
            row={row}
            href={`${base}/${shortId(row.id)}${query}`}
            opens={row.status === 'invited' && sees ? `${base}/${shortId(row.id)}/invitation${query}` : undefined}
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
export type RowProps = {
  row: Omit<MemberRow, 'k0' | 'k1'>
  href: string
  /** Where somebody Invited is found: their invitation's panel. */
  opens?: string | undefined
  current: boolean
  now: Date
  zone: string
}
export const Row = ({ row, href, opens = href, current, now, zone }: RowProps) => {
  const invite = inviteOf(row.invite, row.invite_expires_at, now)
  return (
    <tr>
      <th scope="row" class="name">
        <a href={opens} aria-current={current ? 'true' : undefined}>
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

type EmptyProps = { actor: Actor; base: string; list: MemberList; around: Around }
const Empty = ({ actor, base, list, around }: EmptyProps) => {
  const filters = filterCount(list)
  const words: string[] = []
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
    <NothingHere
      title={words.length > 1 ? 'Nobody matches all of this' : 'Nobody here'}
      text={
        words.length > 0
          ? `People who ${words.join(', and who ')} would be listed here.`
          : 'The people of the organization are listed here.'
      }
      base={base}
      q={list.q}
      filters={filters}
    >
      {words.length === 0 && can(actor, 'members.invite') && addUser(base)}
    </NothingHere>
  )
}
