import type { Child } from 'hono/jsx'
import type { Invitation } from '../../src/invitations/panel.ts'
import { approvals } from '../../src/invitations/rules.ts'
import { type Actor, fullName } from '../../src/platform/access/actor.ts'
import { shortId } from '../../src/platform/ids.ts'
import { Icon } from '../parts/icon.tsx'
import { Lines } from '../parts/lines.tsx'
import { mailTo } from '../parts/mail-to.ts'
import { roleLabel } from '../parts/roles.ts'
import { ExactTime } from '../parts/time.tsx'
import { acts, isDanger } from './acts.ts'
import { Letter } from './letter.tsx'
import { Row } from './row.tsx'
import { Timeline, zoneOf } from './timeline.tsx'
import { Where } from './where.tsx'
import { nameOf, stateOf } from './words.ts'

type Props = {
  invitation: Invitation
  actor: Actor
  now: Date
  /** A mail server is configured. */
  mails: boolean
  /** The list that the panel stands beside, and where it is; the acts lead back to the history alone. */
  beside: 'history' | 'members'
  back: string
  children?: Child
}

const closes = { 'data-hx-boost': 'true', 'data-hx-target': '#people', 'data-hx-swap': 'outerMorph show:none' }
const actsHere = {
  'data-hx-boost:inherited': 'true',
  'data-hx-target:inherited': '#panel',
  'data-hx-swap:inherited': 'outerHTML show:none',
}

/** One invitation: where it is, what it offers, what happened. The same component beside the list and in a swap. */
export const InvitationPanel = ({ invitation, actor, now, mails, beside, back, children }: Props) => {
  const zone = actor.timeZone
  const { mark, label } = stateOf(invitation, now)
  const { foot, corrects, again } = acts(actor, invitation, now)
  const ofHistory = beside === 'history'
  const here = `/o/${actor.organization.slug}/invitations/${shortId(invitation.id)}`
  const href = (act: string) => `${here}/${act}${ofHistory ? back.replace(/^[^?]*/, '') : ''}`
  const inPlace = ofHistory ? actsHere : {}
  return (
    <section class="panel" id="panel" aria-labelledby="who" tabindex={-1}>
      <header>
        <a class="back" href={back} {...closes}>
          {ofHistory ? 'Invitation history' : 'Organization members'}
        </a>{' '}
        <Letter />
        <div>
          <h2 id="who">{nameOf(invitation)}</h2>
          <span class={mark}>{label}</span>
        </div>
        <a class="icon close" href={back} aria-label="Close" {...closes}>
          <Icon name="close" />
        </a>
      </header>
      <section class="answer">
        <h3>Where is it?</h3>
        <p>
          <Where invitation={invitation} now={now} zone={zone} mails={mails} />
        </p>
      </section>
      <section {...(corrects ? inPlace : {})}>
        <h3>Invitation</h3>
        <dl class="facts">
          <dt>Email</dt>
          <dd>
            <a href={mailTo(invitation.email)} data-hx-boost="false">
              {invitation.email}
            </a>{' '}
            {corrects && (
              <a href={href('address')}>
                Correct<span class="vh"> address</span>
              </a>
            )}
          </dd>
          <Facts invitation={invitation} zone={zone} />
        </dl>
      </section>
      {invitation.message && (
        <section>
          <h3>Message</h3>
          <p>
            <Lines text={invitation.message} />
          </p>
        </section>
      )}
      <section>
        <h3>
          Timeline <small>times in {zoneOf(now, zone)}</small>
        </h3>
        <Timeline invitation={invitation} now={now} zone={zone} />
      </section>
      {foot.length > 0 && (
        <footer {...inPlace}>
          {foot.map(({ act, label }, n) => (
            <>
              <a class={isDanger(act) ? 'btn danger' : n === 0 ? 'btn main' : 'btn'} href={href(act)}>
                {label}
              </a>{' '}
            </>
          ))}
        </footer>
      )}
      {again && (
        <footer>
          <a class="btn main" href={`${here.replace(/[^/]*$/, 'new')}?email=${encodeURIComponent(invitation.email)}`}>
            Invite again
          </a>
        </footer>
      )}
      {children}
    </section>
  )
}

/** A row's Actions: the same entries as the panel's foot, as the menu that app.js opens. `query` is the list's place. */
export const InvitationActs = ({
  invitation,
  actor,
  now,
  query,
}: Pick<Props, 'invitation' | 'actor' | 'now'> & { query: string }) => {
  const here = `/o/${actor.organization.slug}/invitations/${shortId(invitation.id)}`
  const { foot, corrects } = acts(actor, invitation, now)
  const entries = corrects ? [...foot, { act: 'address', label: 'Correct address' }] : foot
  return (
    <ul class="items" id="acts" popover="auto" aria-label={`Actions: ${nameOf(invitation)}`}>
      {entries.map(({ act, label }) => (
        <li>
          <a class={isDanger(act) ? 'danger' : undefined} href={`${here}/${act}${query}`}>
            {label}
          </a>
        </li>
      ))}
      {entries.length === 0 && (
        <li>
          <small>There is nothing that you may change.</small>
          <a href={here + query}>Open details</a>
        </li>
      )}
    </ul>
  )
}

/** What it offers, and how it came to be. */
export const Facts = ({ invitation, zone }: { invitation: Invitation; zone: string }) => {
  const manages = (invitation.offer as { manages_group?: boolean } | null)?.manages_group
  const place = [invitation.region_name, invitation.area_name].filter(Boolean).join(', ')
  return (
    <>
      <dt>Invited on</dt>
      <dd>
        <ExactTime at={invitation.created_at} zone={zone} />
      </dd>
      <dt>Expires</dt>
      <dd>
        {invitation.expires_at ? (
          <ExactTime at={invitation.expires_at} zone={zone} />
        ) : (
          `${invitation.valid_days} days after it is sent`
        )}
      </dd>
      <dt>Role, group</dt>
      <dd>
        {[
          roleLabel(invitation.organization_role),
          ...invitation.custom_roles.map(({ name }) => name),
          `${invitation.group_name ?? 'a group that is gone'}${manages ? ' (Group manager)' : ''}`,
        ].join(', ')}
      </dd>
      {place && (
        <>
          <dt>Region, area</dt>
          <dd>{place}</dd>
        </>
      )}
      <dt>Sent by</dt>
      <dd>{invitation.sender ? fullName(invitation.sender) : invitation.sender_name || 'Somebody who is gone'}</dd>
      <dt>Approval</dt>
      <dd>{approvals[invitation.approval as keyof typeof approvals]}</dd>
    </>
  )
}

/** What an act changed elsewhere on the screen: app.js puts the fresh row in its place and says `said` in the toast. */
export const InvitationNews = ({
  said,
  invitation,
  href,
  actor,
  now,
}: { said: string; href: string } & Pick<Props, 'invitation' | 'actor' | 'now'>) => (
  <template data-said={said}>
    <table>
      <tbody>
        <Row row={invitation} href={href} current now={now} zone={actor.timeZone} />
      </tbody>
    </table>
  </template>
)
