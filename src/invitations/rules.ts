import type { OrganizationRole, Permission } from '../platform/access/permissions.ts'

/** The states of an invitation by their names in addresses and tables, with the words of the screens (product.md). */
export const invitationStatuses = {
  pending_approval: 'Pending approval',
  pending_activation: 'Pending activation',
  active: 'Active',
  rejected: 'Rejected',
  expired: 'Invitation expired',
  revoked: 'Revoked',
} as const
export type InvitationStatus = keyof typeof invitationStatuses

export const approvals = {
  not_needed: 'Not needed',
  waiting: 'Waiting',
  approved: 'Approved',
  denied: 'Denied',
} as const
export type Approval = keyof typeof approvals

/** When an organization asks for approval (organization.invitation_approval). */
export type ApprovalRule = 'never' | 'unless_admin' | 'always'

/** How an invitation stands at this moment: it expires by the clock alone, at the very instant of expires_at. */
export const statusAt = (
  { status, expires_at }: { status: string; expires_at: Date | string | null },
  now: Date,
): InvitationStatus =>
  status === 'pending_activation' && expires_at !== null && new Date(expires_at) <= now
    ? 'expired'
    : (status as InvitationStatus)

/** May still be accepted, approved or sent again under its present row. */
export const isOpen = (status: InvitationStatus): boolean =>
  status === 'pending_approval' || status === 'pending_activation'

/** How often an invitation may be sent again on one day in UTC. */
export const resendsADay = 5

export const day = 86_400_000

/** What an invitation offers, as it was (invitation.offer, beside organization_role). */
export type Offer = {
  group_id: string
  manages_group: boolean
  role_ids: string[]
  permissions: Permission[]
  region_id: string | null
  area_id: string | null
}

/** Older rows, and those of the seed, leave out what they don't offer. */
export const offerOf = (stored: unknown): Offer => ({
  manages_group: false,
  role_ids: [],
  permissions: [],
  region_id: null,
  area_id: null,
  ...(stored as { group_id: string }),
})

/** The same as what Add user and the access rules call it (members/new/draft.ts). */
export const givenBy = (role: OrganizationRole, offer: Offer) => ({
  role,
  group: offer.group_id,
  manages: offer.manages_group,
  customRoles: offer.role_ids,
  permissions: offer.permissions,
  region_id: offer.region_id,
  area_id: offer.area_id,
})

export const offered = (given: ReturnType<typeof givenBy>): Offer => ({
  group_id: given.group,
  manages_group: given.manages,
  role_ids: given.customRoles,
  permissions: given.permissions,
  region_id: given.region_id,
  area_id: given.area_id,
})

/** What an invitation is that goes back to those who approve: nothing of the last decision, and no link in force. */
export const waitingAgain = {
  status: 'pending_approval',
  approval: 'waiting',
  decided_by: null,
  decided_at: null,
  reason: '',
  expires_at: null,
  reminded_at: null,
  opened_at: null,
} as const

/** Whether an invitation by this person waits for somebody's approval first. */
export const needsApproval = (rule: ApprovalRule, senderRole: OrganizationRole): boolean =>
  rule === 'always' || (rule === 'unless_admin' && senderRole !== 'admin')
