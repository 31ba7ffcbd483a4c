import { isCovered, stillThere } from '../invitations/givers.ts'
import { givenBy, offerOf, statusAt } from '../invitations/rules.ts'
import { can } from '../platform/access/actor.ts'
import { asActor } from '../platform/access/giver.ts'
import type { OrganizationRole } from '../platform/access/permissions.ts'
import type { Link } from '../platform/links.ts'
import type { Invitation } from './invitation.ts'

/** How long the link stays in the browser after it left the address, in seconds: long enough to sign in on the way. */
export const keptFor = 60 * 60

/** So long nobody is told again that a new link was asked for, in ms. */
export const askedEvery = 24 * 3_600_000

/**
 * What the invitation gives today: exactly what was offered, but for roles, a region or an area that were deleted since. Without
 * its group it gives nothing (`isStillCovered`).
 */
export const granted = (invitation: Invitation) =>
  stillThere(givenBy(invitation.organization_role as OrganizationRole, offerOf(invitation.offer)), invitation)
export type Granted = ReturnType<typeof granted>

/** Whether its sender or its approver could still give that. */
export const isStillCovered = (invitation: Invitation): boolean =>
  isCovered(invitation, invitation.organization, granted(invitation), invitation)

/**
 * Whether this link opens this invitation now: it is the last one of it, in time, and whoever copied it, if that is how it came, may
 * still invite there. What another one copied since is another link. A copied one proves no address, so it gives nobody new one that
 * an account can still take back.
 */
export function opens(link: Link, invitation: Invitation, now: Date): boolean {
  if (link.generation !== invitation.generation || statusAt(invitation, now) !== 'pending_activation') return false
  if (link.channel === 'mail') return true
  if (invitation.kept_for_other && !invitation.account) return false
  const copier = asActor(
    invitation.givers.find(({ id }) => id === link.by),
    invitation.organization,
  )
  return copier !== null && can(copier, 'members.invite', { group_id: granted(invitation).group })
}

/** How whoever opens it stands to the address that it is for. */
export type Standing =
  /** Nobody has an account with it, and nobody is signed in. */
  | 'new'
  /** Somebody is signed in with another account. */
  | 'other'
  /** There is an account with it, and nobody is signed in. */
  | 'sign_in'
  /** Signed in with it. */
  | 'known'
  /** The same; but neither the account nor this link has shown that the address is theirs. */
  | 'unproven'

export function standingOf(link: Link, { account }: Invitation, signedInAs: string | null): Standing {
  if (signedInAs !== null && signedInAs !== account?.id) return 'other'
  if (!account) return 'new'
  if (signedInAs === null) return 'sign_in'
  return link.channel === 'mail' || account.email_verified_at ? 'known' : 'unproven'
}
