import type { MemberPanel } from '../../src/members/queries.ts'
import { fullName } from '../../src/platform/access/actor.ts'
import {
  type Grants,
  type OrganizationRole,
  organizationRoles,
  permissions,
  type Right,
  rightsOf,
  type Source,
} from '../../src/platform/access/permissions.ts'
import { Avatar } from '../navigation.tsx'
import { Icon } from '../parts/icon.tsx'
import { Day, ExactTime, Time } from '../parts/time.tsx'
import { inviteOf, roleLabel, statusLabel, statusMark } from './words.ts'

type Props = {
  person: MemberPanel
  /** Where the list is that the panel belongs to; null for somebody who may see only themselves. */
  back: string | null
  now: Date
  zone: string
}

type Heading = 'h1' | 'h2' | 'h3'
type Part = { person: MemberPanel; Title: Heading }

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

const moment = (text: unknown): Date | null => (text ? new Date(String(text)) : null)

/** One person: who they are, what they may do and why. The same component beside the list, in a swap, and alone. */
export const Panel = ({ person, back, now, zone }: Props) => {
  const name = fullName(person)
  const rights = rightsOf({
    organizationRole: person.organization_role as OrganizationRole,
    groupName: person.group_name,
    managesGroup: person.manages_group,
    grants: person.grants as Grants['grants'],
  })
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
        <Avatar person={person} big />
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
      <Contact person={person} Title={Title} />
      <Place person={person} Title={Title} />
      <Rights rights={rights} role={person.organization_role} Title={Title} />
      <Dates person={person} now={now} zone={zone} Title={Title} />
    </section>
  )
}

const none = <span class="dim">–</span>

const Contact = ({ person, Title }: Part) => (
  <section>
    <Title>Contact</Title>
    <dl class="facts">
      <dt>Email</dt>
      <dd>
        <a href={`mailto:${person.email}`}>{person.email}</a>
      </dd>
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

const Place = ({ person, Title }: Part) => (
  <section>
    <Title>Roles and group</Title>
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
      <dd>{person.has_two_factor ? 'On' : 'Off'}</dd>
    </dl>
  </section>
)

const Rights = ({ rights, role, Title }: { rights: Right[]; role: string; Title: Heading }) => {
  const effective = rights.filter((right) => right.effective)
  const above = rights.filter((right) => !right.effective)
  return (
    <section>
      <Title id="rights">Permissions</Title>
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

const Dates = ({ person, now, zone, Title }: Part & { now: Date; zone: string }) => {
  const seen = moment(person.last_active_at)
  const added = moment(person.created_at)
  const invite = inviteOf(person.invite, moment(person.invite_expires_at), now)
  return (
    <section>
      <Title>Dates</Title>
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
            <dt>Removed</dt>
            <dd>{<ExactTime at={new Date(String(person.removed_at))} zone={zone} />}</dd>
          </>
        )}
      </dl>
    </section>
  )
}
