import type { Child } from 'hono/jsx'
import type { MemberPanel } from '../../src/members/queries.ts'
import { neverJoined, seesInvitation } from '../../src/members/rules.ts'
import { type Actor, can, fullName } from '../../src/platform/access/actor.ts'
import {
  type Grants,
  type OrganizationRole,
  organizationRoles,
  permissions,
  type Right,
  rightsOf,
  type Source,
} from '../../src/platform/access/permissions.ts'
import { dayOf } from '../../src/platform/access/status.ts'
import { shortId } from '../../src/platform/ids.ts'
import { Avatar } from '../navigation.tsx'
import { Icon } from '../parts/icon.tsx'
import { mailTo } from '../parts/mail-to.ts'
import { roleLabel } from '../parts/roles.ts'
import { Day, ExactTime, Time } from '../parts/time.tsx'
import { acts } from './acts.ts'
import { Row } from './members.tsx'
import { inviteOf, statusLabel, statusMark } from './words.ts'

type Props = {
  person: MemberPanel
  /** Where the list is that the panel belongs to; null for somebody who may see only themselves. */
  back: string | null
  actor: Actor
  now: Date
  zone: string
  children?: Child
}

type Heading = 'h1' | 'h2' | 'h3'
type Part = { person: MemberPanel; Title: Heading }
type Zoned = { now: Date; zone: string }

const sourceText = (source: Source): string => {
  switch (source.from) {
    case 'organization_role':
      return `Role: ${source.name}`
    case 'custom_role':
      return `Custom role: ${source.name}`
    case 'group':
      return `Group: ${source.name}`
    case 'group_manager':
      return `Group manager of ${source.name}`
    case 'direct':
      return 'Given directly'
  }
}

const rightsIn = (person: MemberPanel) =>
  rightsOf({
    organizationRole: person.organization_role as OrganizationRole,
    groupName: person.group_name,
    managesGroup: person.manages_group,
    grants: person.grants as Grants['grants'],
  })

const moment = (text: unknown): Date | null => (text ? new Date(String(text)) : null)

/** One person: who they are, what they may do and why. The same component beside the list, in a swap, and alone. */
export const Panel = ({ person, back, actor, now, zone, children }: Props) => {
  const name = fullName(person)
  const rights = rightsIn(person)
  const open = acts(actor, { ...person, rights }, now)
  const href = (act: string) =>
    `/o/${actor.organization.slug}/members/${shortId(person.id)}/${act}${back?.replace(/^[^?]*/, '') ?? ''}`
  const [Name, Title]: [Heading, Heading] = back ? ['h2', 'h3'] : ['h1', 'h2']
  const closes = { 'data-hx-boost': 'true', 'data-hx-target': '#people', 'data-hx-swap': 'outerMorph show:none' }
  return (
    <section class={back ? 'panel' : 'panel alone'} id="panel" aria-labelledby="who" tabindex={-1}>
      <header>
        {back && (
          <a class="back" href={back} {...closes}>
            Organization members
          </a>
        )}{' '}
        <Avatar person={person} slug={actor.organization.slug} big />
        <div>
          <Name id="who">{name}</Name>
          {person.title && (
            <>
              <small>{person.title}</small>
              <br />
            </>
          )}
          <span class={statusMark[person.status as keyof typeof statusMark]}>{statusLabel(person.status)}</span>
        </div>
        {back && (
          <a class="icon close" href={back} aria-label="Close" {...closes}>
            <Icon name="close" />
          </a>
        )}
      </header>
      <Again person={person} actor={actor} />
      <NeverJoined person={person} to={seesInvitation(actor, person) ? href('invitation') : null} />
      <Contact
        person={person}
        Title={Title}
        now={now}
        change={open.more.some(({ act }) => act === 'account') ? href('account') : null}
      />
      <Place
        person={person}
        Title={Title}
        change={open.main.some(({ act }) => act === 'access') ? href('access') : null}
        today={dayOf(now)}
        reason={can(actor, 'settings.security')}
      />
      <Rights rights={rights} role={person.organization_role} person={person} Title={Title} />
      <Dates person={person} now={now} zone={zone} Title={Title} actor={actor} />
      <Foot open={open} href={href} profile={profileOf(actor, person)} />
      {children}
    </section>
  )
}

/** Of somebody removed, whom old events name by this place: where they are now. */
const Again = ({ person: { again }, actor }: Pick<Props, 'person' | 'actor'>) => {
  if (!again || !(can(actor, 'members.view', again) || again.id === actor.membership.id)) return null
  return (
    <section>
      <p class="note">
        {again.status === 'invited' ? 'They have been invited here again. ' : 'They are a member here again. '}
        <a href={`/o/${actor.organization.slug}/members/${shortId(again.id)}`}>See them as they are now</a>. What stands
        here was before{again.status !== 'invited' && ', and there is nothing to take back'}.
      </p>
    </section>
  )
}

/** What became of the invitation of somebody who never came; who declined is nobody here. */
const outcomeOf = ({ invite, removed_by }: MemberPanel): string =>
  invite === 'revoked' ? 'revoked' : invite === 'rejected' ? (removed_by ? 'denied' : 'declined') : 'ended'

/** Of somebody removed who never was a member: so, and where what happened is told. */
const NeverJoined = ({ person, to }: { person: MemberPanel; to: string | null }) =>
  neverJoined(person) && (
    <section {...(to ? actsHere : {})}>
      <p class="note">
        They never joined: their invitation was {outcomeOf(person)}.{' '}
        {to && (
          <>
            <a href={to}>Open the invitation</a>.
          </>
        )}
      </p>
    </section>
  )

const actsHere = {
  'data-hx-boost:inherited': 'true',
  'data-hx-target:inherited': '#panel',
  'data-hx-swap:inherited': 'outerHTML show:none',
}

/** Where one edits oneself, when it is oneself: the page has the picture too, and leads on to what only some may change. */
const profileOf = (actor: Actor, person: MemberPanel) =>
  person.id === actor.membership.id ? `/o/${actor.organization.slug}/profile` : null

type Open = { open: ReturnType<typeof acts>; href: (act: string) => string; profile: string | null }

/** What the actor may do to this person, and nothing else. */
const Foot = ({ open: { main, more, danger }, href, profile }: Open) => {
  if (!profile && !main.length && !more.length && !danger.length) return null
  return (
    <footer {...actsHere}>
      {profile && (
        <a class="btn" href={profile} data-hx-boost="false">
          Edit profile
        </a>
      )}{' '}
      {(profile ? main.filter(({ act }) => act !== 'edit') : main).map(({ act, label }) => (
        <a class="btn" href={href(act)}>
          {label}
        </a>
      ))}{' '}
      {more.length > 0 && (
        <details class="menu up" name="bar">
          <summary class="btn">
            More
            <Icon name="chevron" />
          </summary>
          <ul class="items">
            {more.map(({ act, label }) => (
              <li>
                <a href={href(act)}>{label}</a>
              </li>
            ))}
          </ul>
        </details>
      )}{' '}
      {danger.map(({ act, label }) => (
        <a class="btn danger" href={href(act)}>
          {label}
        </a>
      ))}
    </footer>
  )
}

/** A row's Actions: the same entries as the panel's foot, as the menu that app.js opens. `query` is the list's place. */
export const RowActs = ({ person, actor, now, query }: Pick<Props, 'person' | 'actor' | 'now'> & { query: string }) => {
  const { main, more, danger } = acts(actor, { ...person, rights: rightsIn(person) }, now)
  const here = `/o/${actor.organization.slug}/members/${shortId(person.id)}`
  const profile = profileOf(actor, person)
  const entries = [...(profile ? main.filter(({ act }) => act !== 'edit') : main), ...more]
  return (
    <ul class="items" id="acts" popover="auto" aria-label={`Actions: ${fullName(person)}`}>
      {profile && (
        <li>
          <a href={profile} data-hx-boost="false">
            Edit profile
          </a>
        </li>
      )}
      {entries.map(({ act, label }) => (
        <li>
          <a href={`${here}/${act}${query}`}>{label}</a>
        </li>
      ))}
      {danger.map(({ act, label }) => (
        <li class={entries.length > 0 ? 'sep' : undefined}>
          <a class="danger" href={`${here}/${act}${query}`}>
            {label}
          </a>
        </li>
      ))}
      {!profile && entries.length + danger.length === 0 && (
        <li>
          <small>There is nothing that you may change.</small>
          <a href={here + query}>Open details</a>
        </li>
      )}
    </ul>
  )
}

/** What an act changed elsewhere on the screen: app.js puts the fresh row in its place and says `said` in the toast. */
export const News = ({
  said,
  person,
  href,
  now,
  zone,
}: { said: string; href: string } & Omit<Part, 'Title'> & Zoned) => (
  <template data-said={said}>
    <table>
      <tbody>
        <Row
          row={{
            ...person,
            last_active_at: moment(person.last_active_at) as Date,
            invite_expires_at: moment(person.invite_expires_at),
          }}
          href={href}
          current
          now={now}
          zone={zone}
        />
      </tbody>
    </table>
  </template>
)

const none = <span class="dim">–</span>

type Changing = Part & { now: Date /** Where an address that waits can be canceled. */; change: string | null }

const Contact = ({ person, Title, now, change }: Changing) => (
  <section {...(change ? actsHere : {})}>
    <Title>Contact</Title>
    <dl class="facts">
      <dt>Email</dt>
      <dd>
        <a href={mailTo(person.email)} data-hx-boost="false">
          {person.email}
        </a>
      </dd>
      {change && person.new_email && (moment(person.new_email_expires_at) ?? now) > now && (
        <>
          <dt>New email</dt>
          <dd>
            {person.new_email}, <a href={change}>waits to be confirmed</a>
          </dd>
        </>
      )}
      {person.username && (
        <>
          <dt>Username</dt>
          <dd>{person.username}</dd>
        </>
      )}
      <dt>Cell phone</dt>
      <dd>{person.cell_phone || none}</dd>
      <dt>Office phone</dt>
      <dd>
        {person.office_phone || none}
        {person.office_phone && person.extension && `, ext. ${person.extension}`}
      </dd>
      <dt>Region, area</dt>
      <dd>{[person.region_name, person.area_name].filter(Boolean).join(', ') || none}</dd>
    </dl>
  </section>
)

type Placing = Part & {
  change: string | null
  today: string /** Why somebody is exempt is for those who decide it. */
  reason: boolean
}

const Place = ({ person, Title, change, today, reason }: Placing) => (
  <section {...(change ? actsHere : {})}>
    <Title>
      Roles and group{' '}
      {change && (
        <a href={change}>
          Change<span class="vh"> roles and group</span>
        </a>
      )}
    </Title>
    <dl class="facts">
      <dt>Organization role</dt>
      <dd>
        {roleLabel(person.organization_role)}
        <br />
        <small>{organizationRoles[person.organization_role as OrganizationRole]?.help}</small>
      </dd>
      <dt>Custom roles</dt>
      <dd>{person.custom_roles.map((role) => role.name).join(', ') || none}</dd>
      <dt>Group</dt>
      <dd>
        {person.group_name}
        {person.manages_group && ', Group manager'}
      </dd>
      <dt>Two-factor</dt>
      <dd>
        {person.has_two_factor ? 'On' : 'Off'}
        {person.two_factor_from && person.exempt_until && person.exempt_until >= today && (
          <>
            , exempt until <Day date={person.exempt_until} />
            {reason && (
              <>
                {': '}
                <bdi>{person.exempt_reason}</bdi>
              </>
            )}
          </>
        )}
      </dd>
    </dl>
  </section>
)

const Rights = ({
  rights,
  role,
  person,
  Title,
}: Part & {
  rights: Right[]
  role: string
}) => {
  const effective = rights.filter((right) => right.effective)
  const above = rights.filter((right) => !right.effective)
  return (
    <section>
      <Title id="rights">Permissions</Title>
      {person.removed_at && (
        <p class="muted">
          {neverJoined(person)
            ? 'Nothing of this was ever theirs.'
            : 'What they held before they were removed. Nothing of it opens anything now.'}
        </p>
      )}
      {rights.length === 0 ? (
        <p class="muted">None. The role Member has no rights of its own, and nothing else grants any.</p>
      ) : (
        <table class="rights" aria-labelledby="rights">
          <thead>
            <tr>
              <th scope="col">May</th>
              <th scope="col">Because of</th>
            </tr>
          </thead>
          <tbody>
            {[...effective, ...above].map((right) => (
              <tr>
                <th scope="row">
                  {permissions[right.permission].label}
                  {right.scope === 'group' && ' (own group)'}
                </th>
                <td>
                  {right.sources.map(sourceText).join('; ')}
                  {!right.effective && (
                    <>
                      <br />
                      <b>Not effective:</b> {roleLabel(role)} can’t have it
                    </>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

const Dates = ({ person, now, zone, Title, actor }: Part & Zoned & { actor: Actor }) => {
  const seen = moment(person.last_active_at)
  const added = moment(person.created_at)
  const invite = inviteOf(person.invite, moment(person.invite_expires_at), now)
  return (
    <section>
      <Title>
        Dates{' '}
        {can(actor, 'audit.view') && (
          <a href={`/o/${actor.organization.slug}/audit?person=${shortId(person.id)}`}>History</a>
        )}
      </Title>
      <dl class="facts">
        <dt>Last active</dt>
        <dd>{seen ? <Time at={seen} now={now} zone={zone} /> : <span class="dim">Never</span>}</dd>
        <dt>Invite status</dt>
        <dd>
          <span class={invite.mark}>{invite.label}</span>
        </dd>
        <dt>In the table since</dt>
        <dd>{added && <ExactTime at={added} zone={zone} />}</dd>
        <dt>Start date</dt>
        <dd>{person.starts_on ? <Day date={person.starts_on} /> : none}</dd>
        <dt>End date</dt>
        <dd>{person.ends_on ? <Day date={person.ends_on} /> : none}</dd>
        {person.suspended_at && (
          <>
            <dt>Suspended</dt>
            <dd>{<ExactTime at={new Date(String(person.suspended_at))} zone={zone} />}</dd>
          </>
        )}
        {person.removed_at && (
          <>
            <dt>{neverJoined(person) ? `Invitation ${outcomeOf(person)}` : 'Removed'}</dt>
            <dd>
              <ExactTime at={new Date(String(person.removed_at))} zone={zone} />
              {person.removed_by && (
                <>
                  {' '}
                  by <bdi>{fullName(person.removed_by)}</bdi>
                </>
              )}
            </dd>
            {person.removed_reason && (
              <>
                <dt>Reason</dt>
                <dd>
                  <bdi>{person.removed_reason}</bdi>
                </dd>
              </>
            )}
          </>
        )}
      </dl>
    </section>
  )
}
