import type { Invitation } from '../../src/joining/invitation.ts'
import type { Granted, Standing } from '../../src/joining/rules.ts'
import { organizationRoles, permissions } from '../../src/platform/access/permissions.ts'
import type { Form } from '../../src/platform/web/form.ts'
import { ErrorSummary, Field } from '../parts/field.tsx'
import { Lines } from '../parts/lines.tsx'
import { NewPasswordFields } from '../parts/new-password.tsx'
import { ExactTime } from '../parts/time.tsx'

type Props = {
  invitation: Invitation
  granted: Granted
  standing: Standing
  /** The address of whoever is signed in. */
  signedInAs: string
  zone: string
  token: string
  form?: Form | undefined
}

/** Who invites to what, and what there is to do for whoever opened the link. */
export const Join = (props: Props) => {
  const { invitation, form } = props
  const { sender_name, organization, message } = invitation
  return (
    <>
      <h1>
        Join <bdi>{organization.name}</bdi>
      </h1>
      <ErrorSummary form={form} />
      <p>
        {sender_name ? <bdi>{sender_name}</bdi> : 'Somebody'} invites you to join <bdi>{organization.name}</bdi> on
        Rollcall.
      </p>
      {message && (
        <div class="field">
          <blockquote class="note">
            <Lines text={message} />
          </blockquote>
        </div>
      )}
      <div class="field">
        <Offer {...props} />
      </div>
      <Way {...props} />
    </>
  )
}

const Offer = ({ invitation, granted, zone }: Props) => {
  const { choices, regions, expires_at } = invitation
  const group = choices.groups.find(({ id }) => id === granted.group)
  const roles = choices.roles.filter(({ id }) => granted.customRoles.includes(id)).map(({ name }) => name)
  const region = regions.find(({ id }) => id === granted.region_id)
  const area = region?.areas.find(({ id }) => id === granted.area_id)
  const facts: [label: string, value: string][] = [
    ['For', invitation.email],
    ['Role', `${organizationRoles[granted.role].label}: ${organizationRoles[granted.role].help.toLowerCase()}`],
    ...(roles.length > 0 ? [['Custom roles', roles.join(', ')] as [string, string]] : []),
    ...(group && !group.is_default
      ? [['Group', granted.manages ? `${group.name}, as Group manager` : group.name] as [string, string]]
      : []),
    ...(region ? [['Region', area ? `${region.name}, ${area.name}` : region.name] as [string, string]] : []),
    ...(granted.permissions.length > 0
      ? [['Permissions', granted.permissions.map((name) => permissions[name].label).join(', ')] as [string, string]]
      : []),
  ]
  return (
    <dl class="facts">
      {facts.map(([label, value]) => (
        <>
          <dt>{label}</dt>
          <dd>
            <bdi>{value}</bdi>
          </dd>
        </>
      ))}
      {expires_at && (
        <>
          <dt>Until</dt>
          <dd>
            <ExactTime at={new Date(expires_at)} zone={zone} />
          </dd>
        </>
      )}
    </dl>
  )
}

/** What to do now; each by how they stand to the address. */
const Way = (props: Props) => {
  const { standing, signedInAs, invitation, token, form } = props
  switch (standing) {
    case 'other':
      return (
        <>
          <p class="note">
            You are signed in as <bdi>{signedInAs}</bdi>, and the invitation is for <bdi>{invitation.email}</bdi>. To
            accept it, sign out here first: you come back to it.
          </p>
          <form method="post" action="/join/switch">
            <input type="hidden" name="token" value={token} />
            <input type="hidden" name="switch" value="on" />
            <button class="btn main">Sign out and go on</button>
          </form>
          <p class="foot">
            <a href="/">Stay signed in</a>
          </p>
        </>
      )
    case 'sign_in':
      return (
        <>
          <p>
            There is an account with <bdi>{invitation.email}</bdi>. Sign in with it, and you come back here to accept.
          </p>
          <p>
            <a class="btn main" href="/sign-in?next=/join">
              Sign in
            </a>
          </p>
          <p class="foot">
            <a href="/cannot-sign-in">Can’t sign in?</a> <a href="/join/decline">Decline</a>
          </p>
        </>
      )
    case 'unproven':
      return (
        <p class="note">
          Nobody has confirmed yet that <bdi>{invitation.email}</bdi> is your address, and a link that was passed on
          doesn’t show it. Ask whoever gave you this link to send the invitation by mail, and open that one.
        </p>
      )
    default:
      return (
        <>
          <form method="post" action="/join">
            <input type="hidden" name="token" value={token} />
            <Field
              label="First name"
              name="first_name"
              value={invitation.first_name}
              autocomplete="given-name"
              maxlength={100}
              required
              form={form}
            />
            <Field
              label="Last name"
              name="last_name"
              value={invitation.last_name}
              autocomplete="family-name"
              maxlength={100}
              hint="Leave empty if you have one name"
              form={form}
            />
            {standing === 'new' ? (
              <>
                <p class="field">
                  You will sign in with <b>{invitation.email}</b> and a password that you choose now.
                </p>
                <NewPasswordFields form={form} />
              </>
            ) : (
              <p class="field">
                You are signed in as <bdi>{signedInAs}</bdi>. Your password stays as it is.
              </p>
            )}
            <button class="btn main">Accept and join</button>
          </form>
          <p class="foot">
            <a href="/join/decline">Decline</a>
          </p>
        </>
      )
  }
}
