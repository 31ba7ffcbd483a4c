import { type Status, statuses } from '../../src/platform/access/status.ts'

/** The mark of a status (app.css, .st) and its word. */
export const statusMark: Record<Status, string> = {
  active: 'st active',
  invited: 'st invited',
  blocked: 'st blocked',
  suspended: 'st suspended',
  ended: 'st ended',
  not_started: 'st',
  removed: 'st revoked',
}

const invites = {
  '': { label: 'Added', mark: 'dim' },
  pending_approval: { label: 'Pending approval', mark: 'st approval' },
  pending_activation: { label: 'Pending activation', mark: 'st invited' },
  active: { label: 'Active', mark: 'st active' },
  rejected: { label: 'Rejected', mark: 'st rejected' },
  expired: { label: 'Invitation expired', mark: 'st expired' },
  revoked: { label: 'Revoked', mark: 'st revoked' },
}

/** How the invitation stands that brought, or should bring, somebody here. It expires by the clock alone. */
export const inviteOf = (stored: string, expires: Date | null, now: Date) =>
  invites[
    stored === 'pending_activation' && expires && expires <= now ? 'expired' : (stored as keyof typeof invites)
  ] ?? invites['']

export const statusLabel = (status: string): string => statuses[status as Status] ?? status
