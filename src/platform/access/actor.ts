import type { OrganizationRole, Permission, Right } from './permissions.ts'

/** What a session may open: anything else than full opens only the pages of its own stage. */
export type Stage = 'password' | 'full' | 'new_password' | 'enroll'

/** Who is signed in, wherever they are. Times are instants; `idHash` is the SHA-256 of the session's id. */
export type Visitor = {
  session: { idHash: Buffer; stage: Stage; createdAt: Date; confirmedAt: Date | null }
  account: { id: string; email: string; username: string | null; timeZone: string; isSupport: boolean }
  /** Organizations they may choose between, by name, at most 100. */
  organizations: { slug: string; name: string }[]
}

/** Who is asking, in the organization of the address. Exists only with an Active membership there. */
export type Actor = {
  accountId: string
  timeZone: string
  /** `accessVersion` is what anybody's access here was read at (turn.ts). */
  organization: { id: string; slug: string; name: string; accessVersion: number }
  membership: {
    id: string
    firstName: string
    lastName: string
    email: string
    organizationRole: OrganizationRole
    groupId: string
    groupName: string
    managesGroup: boolean
  }
  rights: Right[]
}

/** A membership that opens nothing at the moment, and why. */
export type Standing = 'suspended' | 'ended' | 'not_started'

/** How far a permission of the actor reaches: everywhere, the own group, or not at all. */
export function reach(actor: Actor, permission: Permission): 'organization' | 'group' | null {
  const right = actor.rights.find((one) => one.permission === permission)
  return right?.effective ? right.scope : null
}

/** May the actor do this kind of thing, at least somewhere? With a `member`: to somebody of that group? */
export function can(actor: Actor, permission: Permission, member?: { group_id: string }): boolean {
  const far = reach(actor, permission)
  if (far === 'group' && member) return member.group_id === actor.membership.groupId
  return far !== null
}

/** The name to show for somebody: their names, or the address where they have none. */
export const fullName = (person: { first_name: string; last_name: string; email?: string }): string =>
  `${person.first_name} ${person.last_name}`.trim() || (person.email ?? '')
