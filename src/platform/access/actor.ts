import type { OrganizationRole, Permission, Right } from './permissions.ts'
import { dayOf } from './status.ts'

/** What a session may open: anything else than full opens only the pages of its own stage. */
export type Stage = 'password' | 'full' | 'new_password' | 'enroll'

/** Where somebody at a stage goes on. */
export const pageOfStage: Record<Stage, string> = {
  password: '/sign-in/two-factor',
  full: '/',
  new_password: '/sign-in/new-password',
  enroll: '/sign-in/enroll',
}

/** Who is signed in, wherever they are. Times are instants; `idHash` is the SHA-256 of the session's id. */
export type Visitor = {
  session: { idHash: Buffer; stage: Stage; createdAt: Date; confirmedAt: Date | null }
  account: { id: string; email: string; username: string | null; timeZone: string; isSupport: boolean }
  /**
   * `needed`: the first day, YYYY-MM-DD in UTC, on which one of their open organizations requires it, and that one's name; whoever
   * lacks it then is at the stage of enrolling, whatever they opened before.
   */
  twoFactor: { on: boolean; needed: { from: string; by: string } | null }
  /** Organizations they may choose between, by name, at most 100; one that isn't open for them says why, and nothing else. */
  organizations: { slug: string; name: string; open: boolean }[]
}

/** Which organization requires two-factor by now, if any does. */
export const neededNow = ({ twoFactor: { needed } }: Visitor, now: Date) =>
  needed && needed.from <= dayOf(now) ? needed : null

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
    /** The name of their picture (avatars/routes.ts). */
    avatar: string | null
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
