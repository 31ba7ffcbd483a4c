import { organizationRoles } from '../platform/access/permissions.ts'
import type { InvitationList } from './list-state.ts'
import { approvals } from './rules.ts'

/** The values of the three columns that an index holds in this order before invited on (invitation_by_state). */
export type State = { status: string; approval: string; role: string }

const allStatuses = ['active', 'expired', 'pending_activation', 'pending_approval', 'rejected', 'revoked']

/** What may be stored of the columns that the filters ask for; a role that may be a custom one instead isn't told by its column. */
export function storedOf({ status, approval, role, customRole, attention }: InvitationList) {
  const stored = new Set<string>(status.length > 0 ? status : allStatuses)
  if (stored.has('expired')) stored.add('pending_activation')
  return {
    status: [...stored].filter((one) => !attention || one.startsWith('pending')),
    approval: approval.length > 0 ? approval : Object.keys(approvals),
    role: role.length > 0 && customRole.length === 0 ? role : Object.keys(organizationRoles),
  }
}

/** Whether any filter looks at these columns. */
export const asksState = ({ status, approval, role, customRole, attention }: InvitationList): boolean =>
  status.length > 0 || approval.length > 0 || attention || (role.length > 0 && customRole.length === 0)
