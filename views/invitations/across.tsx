import {
  type AcrossList,
  columns,
  filterCount,
  placeIn,
  type Sort,
  writeAcrossList,
} from '../../src/invitations/across/list-state.ts'
import type { AcrossFacets, AcrossPage, AcrossPanel } from '../../src/invitations/across/queries.ts'
import { type Timeframe, timeframes } from '../../src/invitations/list-state.ts'
import type { SendProps } from '../../src/invitations/resend/form.tsx'
import { invitationStatuses } from '../../src/invitations/rules.ts'
import { shortId } from '../../src/platform/ids.ts'
import { withCounts } from '../../src/platform/web/query.ts'
import { Icon } from '../parts/icon.tsx'
import { Boxes, type Chip, Chips, changesPeople, Empty, Filter, Find, Head, Pager, total } from '../parts/list.tsx'
import { SupportTabs } from '../parts/support-tabs.tsx'
import { DayOf } from '../parts/time.tsx'
import { InvitationAct } from './act.tsx'
import { AskCounts, boxes, CountsByLink } from './filters.tsx'
import { Letter } from './letter.tsx'
import { Facts } from './panel.tsx'
import { Resend } from './resend.tsx'
import { Timeline, zoneOf } from './timeline.tsx'
import { Where } from './where.tsx'
import { nameOf, stateOf } from './words.ts'

const base = '/support/invitations'

type ListProps = {
  list: AcrossList
  noticed: boolean
  page: AcrossPage
  facets?: AcrossFacets | undefined
  now: Date
  zone: string
}

const countsHref = (list: AcrossList) => `${base}/counts${writeAcrossList(list)}`

/** Invitations of every organization that allows support access. */
export const Across = (props: ListProps) => (
  <div class="list" id="list">
    <div class="head">
      <h1>Support</h1>
      <SupportTabs current={base} />
    </div>
    <Search list={props.list} facets={props.facets} />
    <AskCounts href={countsHref(props.list)} />
    <div {...changesPeople}>
      <AcrossRows {...props} />
    </div>
  </div>
)

/** What a search, a filter, a sort or a page changes. */
const AcrossRows = ({ list, noticed, page, now, zone }: ListProps) => {
  const at = (step: 'before' | 'after') => page[step] && base + writeAcrossList(list, { [step]: page[step] })
  return (
    <div id="people">
      {noticed && (
        <p class="note" role="status">
          Part of this address wasn’t understood, so it was left out.
        </p>
      )}
      <div class="found">
        <output for="q">
          <Count list={list} page={page} />
        </output>
        <Chips base={base} chips={chipsOf(list)} q={list.q} />
      </div>
      <table class="grid audit">
        <caption class="vh">
          Invitations, by {columns[list.sort].label.toLowerCase()}
          {list.descending ? ', last first' : ''}
        </caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Organization</th>
            <SortHead list={list} sort="email" label="Email" />
            <th scope="col">Status</th>
            <SortHead list={list} sort="invited" label="Invited on, sent by" />
          </tr>
        </thead>
        <tbody>
          {page.rows.map((row) => (
            <Row row={row} now={now} zone={zone} />
          ))}
        </tbody>
      </table>
      {page.rows.length === 0 ? (
        <Nothing list={list} />
      ) : (
        <Pager page={page} count={null} before={at('before')} after={at('after')} />
      )}
    </div>
  )
}

/** The swap of all that, and what follows from the same address. */
export const AcrossSwap = (props: ListProps) => (
  <>
    <AcrossRows {...props} />
    <AskCounts href={countsHref(props.list)} swap />
  </>
)

const Count = ({ list, page }: Pick<ListProps, 'list' | 'page'>) => {
  const { text, one } = total(page, null)
  const narrowed = list.q !== '' || filterCount(list) > 0
  return (
    <>
      <b>{text}</b> {one ? 'invitation' : 'invitations'}
      {narrowed && (one ? ' matches' : ' match')}
    </>
  )
}

function chipsOf(list: AcrossList): Chip[] {
  const chips = list.status.map((one): Chip => {
    const others = list.status.filter((other) => other !== one)
    return [`Status: ${invitationStatuses[one]}`, base + writeAcrossList(list, { status: others })]
  })
  if (list.timeframe) chips.push([timeframes[list.timeframe].label, base + writeAcrossList(list, { timeframe: null })])
  return chips
}

/** What sorts; the dates begin with the last. */
const SortHead = ({ list, sort, label }: { list: AcrossList; sort: Sort; label: string }) => (
  <Head
    label={label}
    class="by"
    current={list.sort === sort}
    descending={list.descending}
    downFirst={sort === 'invited'}
    href={(descending) => base + writeAcrossList(list, { sort, descending })}
  />
)

const Nothing = ({ list }: { list: AcrossList }) => {
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
          ? 'Invitations of the organizations that allow support access would be listed here, where they match the search and the filters.'
          : 'Every invitation of the organizations that allow support access is listed here, with what became of it.'
      }
      base={base}
      q={list.q}
      filters={filters}
    />
  )
}

const Row = ({ row, now, zone }: { row: AcrossPage['rows'][number]; now: Date; zone: string }) => {
  const { mark, label } = stateOf(row, now)
  return (
    <tr>
      <td>
        <a href={`${base}/${shortId(row.id)}`} data-hx-boost="false">
          <bdi>{nameOf(row)}</bdi>
        </a>
      </td>
      <td>
        <bdi>{row.organization_name}</bdi>
      </td>
      <td>{row.email}</td>
      <td>
        <span class={mark}>{label}</span>
      </td>
      <td>
        <DayOf at={row.created_at} zone={zone} />
        {row.sender_name && (
          <>
            , <bdi>{row.sender_name}</bdi>
          </>
        )}
      </td>
    </tr>
  )
}

type OptionsProps = { list: AcrossList; facets?: AcrossFacets | undefined }

/** The options of each filter, by the id that they are replaced by when their counts have come. */
const optionsOf = ({ list, facets }: OptionsProps) => ({
  status: <Boxes name="status" options={boxes(invitationStatuses, list.status, facets?.status)} />,
  timeframe: (
    <Boxes
      name="timeframe"
      type="radio"
      options={[
        { value: '', label: 'Any time', checked: list.timeframe === null },
        ...(Object.keys(timeframes) as Timeframe[]).flatMap((one) =>
          boxes({ [one]: timeframes[one].label }, list.timeframe ? [list.timeframe] : [], facets?.timeframe[one]),
        ),
      ]}
    />
  ),
})

/** The options with their counts, each in its place: they come after the page. */
export const AcrossCounts = (props: OptionsProps) => (
  <>
    {Object.entries(optionsOf(props)).map(([name, options]) => (
      <div id={`of-${name}`} data-hx-swap-oob="true">
        {options}
      </div>
    ))}
  </>
)

const Search = ({ list, facets }: OptionsProps) => {
  const options = optionsOf({ list, facets })
  return (
    <Find
      base={base}
      what="invitations"
      label="Invitations"
      q={list.q}
      count={filterCount(list)}
      show="Show invitations"
      columns={columns}
      sort={list.sort}
      descending={list.descending}
      usual="-invited"
    >
      <Filter label="Status">
        <div id="of-status">{options.status}</div>
      </Filter>
      <Filter label="Timeframe">
        <div id="of-timeframe">{options.timeframe}</div>
      </Filter>
      <CountsByLink href={base + withCounts(placeIn(list))} counted={facets !== undefined} />
    </Find>
  )
}

type PanelProps = { invitation: AcrossPanel; now: Date; zone: string; mails: boolean }

/** The invitation's panel, as the organization itself has it, with the one act of support staff. */
export const AcrossInvitation = ({ invitation, now, zone, mails }: PanelProps) => {
  const { mark, label } = stateOf(invitation, now)
  const sent = invitation.status === 'pending_activation' || invitation.status === 'expired'
  return (
    <section class="panel alone" id="panel" aria-labelledby="who" tabindex={-1}>
      <header>
        <a class="back" href={base}>
          Invitations
        </a>{' '}
        <Letter />
        <div>
          <h1 class="who" id="who">
            {nameOf(invitation)}
          </h1>
          <span class={mark}>{label}</span>
        </div>
        <a class="icon close" href={base} aria-label="Close">
          <Icon name="close" />
        </a>
      </header>
      <section class="answer">
        <h2>Where is it?</h2>
        <p>
          <Where invitation={invitation} now={now} zone={zone} mails={mails} />
        </p>
      </section>
      <section>
        <h2>Invitation</h2>
        <dl class="facts">
          <dt>Organization</dt>
          <dd>
            <bdi>{invitation.organization_name}</bdi>
          </dd>
          <dt>Email</dt>
          <dd>
            {invitation.email}{' '}
            <a href={`/support/people?email=${encodeURIComponent(invitation.email)}`}>
              Why can’t they get in<span class="vh"> with {invitation.email}</span>?
            </a>
          </dd>
          <Facts invitation={invitation} zone={zone} />
        </dl>
      </section>
      <section>
        <h2>
          Timeline <small>times in {zoneOf(now, zone)}</small>
        </h2>
        <Timeline invitation={invitation} now={now} zone={zone} />
      </section>
      {sent && (
        <footer>
          <a class="btn main" href={`${base}/${shortId(invitation.id)}/resend`}>
            Resend invitation
          </a>
        </footer>
      )}
    </section>
  )
}

/** Before it is sent again: to which address, for which organization. */
export const AcrossResend = ({ now, ...props }: SendProps & { now: Date }) => (
  <InvitationAct invitation={props.invitation} now={now} words={{ title: 'Resend invitation' }} back={props.back} alone>
    <p>
      It invites to <bdi>{props.invitation.organization.name}</bdi>, whose log says that you sent it again.
    </p>
    <Resend {...props} />
  </InvitationAct>
)
