import type { Decidable } from '../../src/invitations/approval/queries.ts'
import { day } from '../../src/invitations/rules.ts'
import { fullName } from '../../src/platform/access/actor.ts'
import { type OrganizationRole, organizationRoles, permissions } from '../../src/platform/access/permissions.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { ActButtons } from '../parts/act-frame.tsx'
import { ErrorSummary } from '../parts/field.tsx'
import { Lines } from '../parts/lines.tsx'
import { sent } from '../parts/sent.ts'
import { TextArea } from '../parts/text-area.tsx'
import { ExactTime } from '../parts/time.tsx'

type Props = { invitation: Decidable; action: string; back: string; form?: Form | undefined; now: Date; zone: string }

const gone = 'Not there anymore'

/** What is decided about, each part by its name. */
function factsOf(invitation: Decidable): [label: string, value: string | null][] {
  const { organization_role, offer, choices, regions } = invitation
  const nameIn = (list: { id: string; name: string }[], id: string | null) =>
    id && (list.find((other) => other.id === id)?.name ?? gone)
  const role = organizationRoles[organization_role as OrganizationRole]
  return [
    ['Email', invitation.email],
    ['Role', `${role.label}: ${role.help}`],
    ['Group', nameIn(choices.groups, offer.group_id)],
    ['Group manager', offer.manages_group ? 'Manages the group' : null],
    ['Custom roles', offer.role_ids.map((id) => nameIn(choices.roles, id)).join(', ') || null],
    ['Region', nameIn(regions, offer.region_id)],
    [
      'Area',
      nameIn(
        regions.flatMap(({ areas }) => areas),
        offer.area_id,
      ),
    ],
    ['Permissions', offer.permissions.map((name) => permissions[name]?.label ?? gone).join(', ') || null],
    ['Message', invitation.message || null],
    ['Sent by', invitation.sender_name],
  ]
}

const Facts = ({ invitation, zone }: { invitation: Decidable; zone: string }) => (
  <dl class="facts">
    {factsOf(invitation).map(
      ([label, value]) =>
        value !== null && (
          <>
            <dt>{label}</dt>
            <dd>
              <bdi>
                <Lines text={value} />
              </bdi>
            </dd>
          </>
        ),
    )}
    <dt>On</dt>
    <dd>
      <ExactTime at={invitation.created_at} zone={zone} />
    </dd>
  </dl>
)

/** From now on it can be accepted, for as long as its sender chose. */
export const Approve = ({ invitation, action, back, form, now, zone, mails }: Props & { mails: boolean }) => (
  <form {...sent(action)}>
    <ErrorSummary form={form} />
    <Facts invitation={invitation} zone={zone} />
    <p class="note">
      {mails
        ? 'Their letter goes out when you approve.'
        : 'No mail server is set up, so nothing is mailed: copy the link afterwards.'}{' '}
      They can accept until <ExactTime at={new Date(now.getTime() + invitation.valid_days * day)} zone={zone} />.
    </p>
    <input type="hidden" name="version" value={String(invitation.version)} />
    <ActButtons label="Approve" back={back} />
  </form>
)

export const Deny = ({ invitation, action, back, form, zone }: Props) => (
  <form {...sent(action)}>
    <ErrorSummary form={form} />
    <Facts invitation={invitation} zone={zone} />
    <p class="note">Whoever was to be invited is told nothing. The sender is told, with your reason.</p>
    <TextArea label="Reason" name="reason" form={form} rows={4} maxlength={500} required />
    <input type="hidden" name="version" value={String(invitation.version)} />
    <ActButtons label="Deny" back={back} danger />
  </form>
)

/** Somebody else was quicker. */
export const Decided = ({ invitation, back, zone }: { invitation: Decidable; back: string; zone: string }) => (
  <>
    <p role="alert">
      {invitation.decider ? <bdi>{fullName(invitation.decider)}</bdi> : 'Somebody who is no longer here'}{' '}
      {invitation.approval === 'denied' ? 'denied' : 'approved'} it already
      {invitation.decided_at && (
        <>
          , on <ExactTime at={invitation.decided_at} zone={zone} />
        </>
      )}
      . Nothing was changed by you.
    </p>
    <div class="row">
      <a class="btn main" href={back}>
        Open the invitation
      </a>
    </div>
  </>
)
