import {
  columns,
  filterCount,
  type InvitationList,
  placeIn,
  type Sort,
  timeframes,
  writeInvitationList,
} from '../../src/invitations/list-state.ts'
import type { InvitationPage } from '../../src/invitations/page.ts'
import type { Around } from '../../src/invitations/queries.ts'
import { approvals, invitationStatuses } from '../../src/invitations/rules.ts'
import { type Actor, can } from '../../src/platform/access/actor.ts'
import { shortId } from '../../src/platform/ids.ts'
import {
  type Chip,
  Chips,
  changesPeople,
  DownloadMenu,
  Downloads,
  Empty,
  Heads,
  opensPanel,
  Pager,
  total,
} from '../parts/list.tsx'
import { roleLabel } from '../parts/roles.ts'
import { Tabs } from '../parts/tabs.tsx'
import { day } from '../parts/time.tsx'
import { AskCounts, Filters } from './filters.tsx'
import { Row } from './row.tsx'
import { nameOf } from './words.ts'

export type HistoryProps = {
  actor: Actor
  base: string
  list: InvitationList
  noticed: boolean
  page: InvitationPage
  around: Around
  now: Date
}

const countsHref = ({ base, list }: HistoryProps) => `${base}/counts${writeInvitationList(list)}`
const downloads = (actor: Actor) => can(actor, 'members.download')

/** Permissions > Invitation history: everything but the panel. */
export const History = (props: HistoryProps) => {
  const { actor, base, list, around } = props
  return (
    <div class="list" id="list">
      {around.panel && (
        <a class="skip" href="#panel">
          Skip to the invitation of {nameOf(around.panel)}
        </a>
      )}
      <div class="head">
        <h1>Permissions</h1>
        <Tabs actor={actor} section="Permissions" current="/invitations" />
      </div>
      <Toolbar {...props} />
      <Filters base={base} list={list} roles={around.roles} facets={around.facets ?? undefined} />
      <AskCounts href={countsHref(props)} />
      <div {...changesPeople}>
        <Invitations {...props} />
      </div>
    </div>
  )
}

const Toolbar = ({ actor, base, list }: HistoryProps) =>
  downloads(actor) && (
    <div class="row toolbar">
      <span class="gap" />
      <DownloadMenu base={base} query={writeInvitationList(list)} what="every one listed" />
    </div>
  )

/** What a search, filter, sort or page changes. */
export const Invitations = (props: HistoryProps) => {
  const { base, list, noticed, page, around } = props
  const at = (step: 'before' | 'after') => page[step] && base + writeInvitationList(list, { [step]: page[step] })
  return (
    <div id="people">
      {noticed && (
        <p class="note" role="status">
          Part of this address wasn’t understood, so it was left out.
        </p>
      )}
      <div class="found">
        <output for="q">
          <Count {...props} />
        </output>
        <Chips base={base} chips={chipsOf(base, list, around)} q={list.q} />
      </div>
      <Table {...props} />
      {page.rows.length === 0 ? (
        <Nothing {...props} />
      ) : (
        <Pager page={page} count={around.count} before={at('before')} after={at('after')} />
      )}
    </div>
  )
}

/** The swap of all that, and what stands elsewhere and follows from the same address. */
export const InvitationsSwap = (props: HistoryProps) => (
  <>
    <Invitations {...props} />
    {downloads(props.actor) && (
      <Downloads base={props.base} query={writeInvitationList(props.list)} what="every one listed" swap />
    )}
    <AskCounts href={countsHref(props)} swap />
    <div id="panel" hidden data-hx-swap-oob="true" />
  </>
)

const Count = ({ list, page, around }: HistoryProps) => {
  const { text, one } = total(page, around.count)
  const narrowed = list.q !== '' || filterCount(list) > 0
  return (
    <>
      <b>{text}</b> {one ? 'invitation' : 'invitations'}
      {narrowed && (one ? ' matches' : ' match')}
    </>
  )
}

const span = ({ from, to }: InvitationList): string =>
  from && to ? `${day(from)} to ${day(to)}` : from ? `Since ${day(from)}` : `Until ${day(to ?? '')}`

function chipsOf(base: string, list: InvitationList, { roles }: Around): Chip[] {
  const without = (change: Partial<InvitationList>) => base + writeInvitationList(list, change)
  const less = <T,>(values: T[], value: T) => values.filter((one) => one !== value)
  const chips: Chip[] = [
    ...list.status.map(
      (one): Chip => [`Status: ${invitationStatuses[one]}`, without({ status: less(list.status, one) })],
    ),
    ...list.role.map((one): Chip => [`Role: ${roleLabel(one)}`, without({ role: less(list.role, one) })]),
    ...list.customRole.map(
      (one): Chip => [
        `Custom role: ${roles.find(({ id }) => id === one)?.name ?? 'unknown'}`,
        without({ customRole: less(list.customRole, one) }),
      ],
    ),
  ]
  if (list.timeframe) chips.push([timeframes[list.timeframe].label, without({ timeframe: null })])
  if (list.from ?? list.to) chips.push([span(list), without({ from: null, to: null })])
  for (const one of list.approval)
    chips.push([`Approval: ${approvals[one]}`, without({ approval: less(list.approval, one) })])
  if (list.attention) chips.push(['Needs attention', without({ attention: false })])
  return chips
}

const classes: Record<Sort, string> = {
  name: 'c-name',
  email: '',
  status: 'c-state',
  role: 'c-role',
  invited: 'c-day',
  expires: 'c-day c-until',
  approval: 'c-ok',
  sender: 'c-by',
}

const Table = ({ actor, base, list, page, around, now }: HistoryProps) => {
  const query = placeIn(list)
  return (
    <table class="grid invites">
      <caption class="vh">
        Invitation history, by {columns[list.sort].label.toLowerCase()}
        {list.descending ? ', last first' : ''}
      </caption>
      <Heads
        columns={columns}
        classes={classes}
        sort={list.sort}
        descending={list.descending}
        downFirst={(sort) => sort === 'invited' || sort === 'expires'}
        href={(sort, descending) => base + writeInvitationList(list, { sort, descending })}
      />
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

const Nothing = ({ actor, base, list }: HistoryProps) => {
  const filters = filterCount(list)
  const narrowed = filters > 0 || list.q !== ''
  return (
    <Empty
      title={
        narrowed
          ? filters + (list.q ? 1 : 0) > 1
            ? 'No invitation matches all of this'
            : 'No invitation here'
          : 'Nobody was invited yet'
      }
      text={
        narrowed
          ? 'Invitations that match the search and the filters would be listed here.'
          : 'Every invitation is listed here, with what became of it, for as long as the organization exists.'
      }
      base={base}
      q={list.q}
      filters={filters}
    >
      {!narrowed && can(actor, 'members.invite') && (
        <a class="btn main" href={`${base}/new`} data-hx-boost="false">
          Invite member
        </a>
      )}
    </Empty>
  )
}
