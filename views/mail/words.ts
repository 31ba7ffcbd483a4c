import type { Facts } from '../../src/mail/facts.ts'
import { organizationRoles } from '../../src/platform/access/permissions.ts'

/** The name of a role as screens have it. */
export const roleName = (role: string): string =>
  organizationRoles[role as keyof typeof organizationRoles]?.label ?? role

/** Whoever is invited, by name where there is one. */
export const whoIsInvited = ({ invitee, inviteeEmail }: Pick<Facts, 'invitee' | 'inviteeEmail'>): string =>
  invitee ? `${invitee} (${inviteeEmail})` : inviteeEmail

/** Somebody by name; who has left in the meantime has none. */
export const somebody = (name: string): string => name || 'Somebody'

/** Codes are asked for after a password, by a link to choose a new one, and again of somebody signed in. */
export const whoTriedCodes = 'Whoever tried them had the password, the mailbox or an open browser of the account.'
