import { type AcrossList, writeAcrossList } from '../../src/invitations/across/list-state.ts'
import type { AcrossPage, AcrossPanel } from '../../src/invitations/across/queries.ts'
import { type Timeframe, timeframes } from '../../src/invitations/list-state.ts'
import type { SendProps } from '../../src/invitations/resend/form.tsx'
import { invitationStatuses } from '../../src/invitations/rules.ts'
import { shortId } from '../../src/platform/ids.ts'
import { Icon } from '../parts/icon.tsx'
import { changesPeople } from '../parts/list.tsx'
import { SupportTabs } from '../parts/support-tabs.tsx'
import { DayOf } from '../parts/time.tsx'
import { InvitationAct } from './act.tsx'
import { Letter } from './letter.tsx'
import { Facts } from './panel.tsx'
import { Resend } from './resend.tsx'
import { Timeline, zoneOf } from './timeline.tsx'
import { Where } from './where.tsx'
import { nameOf, stateOf } from './words.ts'

const base = '/support/invitations'

type ListProps = { list: AcrossList; noticed: boolean; page: AcrossPage; now: Date; zone: string }

/** Invitations of every organization that allows support access. */
export const Across = ({ list, noticed, page, now, zone }: ListProps) => (
  <div class="list">
    <div class="head">
      <h1>Support</h1>
      <SupportTabs current={base} />
    </div>
    <div {...changesPeople}>
      <Search list={list} />
      <AcrossRows list={list} noticed={noticed} page={page} now={now} zone={zone} />
    </div>
  </div>
)

/** What a search, a filter or a page changes. */
export const AcrossRows = ({ list, noticed, page, now, zone }: ListProps) => (
  <div id="people">
    {noticed && (
      <p class="note" role="status">
        Part of this address wasn’t understood, so it was left out.
      </p>
    )}
    {(list.q || list.status.length > 0 || list.timeframe) && (
      <p class="found">
        <a href={base} data-hx-boost="false">
          Clear search and filters
        </a>
      </p>
    )}
    {page.rows.length === 0 ? (
      <p class="empty">No invitation is like that in the organizations that allow support access.</p>
    ) : (
      <table class="grid audit">
        <caption class="vh">Invitations, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Organization</th>
            <th scope="col">Email</th>
            <th scope="col">Status</th>
            <th scope="col">Invited, sent by</th>
          </tr>
        </thead>
        <tbody>
          {page.rows.map((row) => (
            <Row row={row} now={now} zone={zone} />
          ))}
        </tbody>
      </table>
    )}
    <nav class="pager" aria-label="Pages">
      {page.before && (
        <a class="btn" href={base + writeAcrossList(list, { before: page.before })} rel="prev">
          Newer
        </a>
      )}{' '}
      {page.after && (
        <a class="btn" href={base + writeAcrossList(list, { after: page.after })} rel="next">
          Older
        </a>
      )}
    </nav>
  </div>
)

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

const Search = ({ list }: { list: AcrossList }) => (
  <form class="find" role="search" aria-label="Invitations" autocomplete="off" action={base}>
    <div class="q">
      <label class="vh" for="q">
        Search invitations
      </label>
      <input id="q" name="q" type="search" value={list.q} placeholder="Search name, email, sender" maxlength={200} />
      <button class="icon">
        <Icon name="search" />
        <span class="vh">Search</span>
      </button>
      <kbd aria-hidden="true" />
    </div>
    <div class="row">
      <label>
        Status{' '}
        <select name="status">
          <option value="">Any</option>
          {Object.entries(invitationStatuses).map(([status, label]) => (
            <option value={status} selected={list.status.some((one) => one === status)}>
              {label}
            </option>
          ))}
        </select>
      </label>{' '}
      <label>
        Invited{' '}
        <select name="timeframe">
          <option value="">Any time</option>
          {(Object.keys(timeframes) as Timeframe[]).map((name) => (
            <option value={name} selected={list.timeframe === name}>
              {timeframes[name].label}
            </option>
          ))}
        </select>
      </label>{' '}
      <button class="btn">Show</button>
    </div>
  </form>
)

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
