import { type Actor, can, reach } from '../platform/access/actor.ts'
import { type Permission, permissions, type Right } from '../platform/access/permissions.ts'

/** The person whom an act is about, as far as the rules look: `rights` with those that aren't effective. */
export type Subject = {
  id: string
  group_id: string
  account_id: string | null
  status: string
  rights: Right[]
  /** The organization manages the account: it holds the account's only membership (product.md, "Who may change an account"). */
  managed: boolean
}

/** Why not: a permission that the actor lacks, or a sentence. Null: it may be done. */
export type Refusal = { needs: Permission } | { because: string } | null

const self: Refusal = { because: 'Nobody changes their own role, group, permissions or status. Ask another Admin.' }
const removed: Refusal = { because: 'They were removed. Take them back first.' }

const everywhere = (actor: Actor, permission: Permission): Refusal =>
  reach(actor, permission) === 'organization' ? null : { needs: permission }

/** A permission that somebody holds and the actor lacks; for them the actor is not the one to act (product.md, "Permissions"). */
export function above(actor: Actor, subject: Subject): Permission | null {
  const found = subject.rights.find(
    ({ permission, effective, scope }) => effective && !holds(actor, permission, scope, subject.group_id),
  )
  return found?.permission ?? null
}

/** Whether the actor holds it as far as this goes: everywhere, or in that group. */
export const holds = (actor: Actor, permission: Permission, scope: Right['scope'], group: string): boolean => {
  const far = reach(actor, permission)
  return far === 'organization' || (far === 'group' && scope === 'group' && group === actor.membership.groupId)
}

const notAbove = (actor: Actor, subject: Subject): Refusal => {
  const held = above(actor, subject)
  return held && { because: `They hold “${permissions[held].label}”, which you don’t. Ask somebody who does.` }
}

const isSelf = (actor: Actor, subject: Subject) => subject.id === actor.membership.id

/** Names, title and phones: everybody's whom the actor may edit, a Group manager's own group included. */
export const mayEdit = (actor: Actor, subject: Subject): Refusal =>
  !can(actor, 'members.edit', subject) ? { needs: 'members.edit' } : subject.status === 'removed' ? removed : null

/** Region and area beside them, which a Group manager leaves alone. */
export const mayPlace = (actor: Actor, subject: Subject): Refusal =>
  everywhere(actor, 'members.edit') ?? (subject.status === 'removed' ? removed : null)

/** Organization role, custom roles, group, Group manager and direct permissions. */
export const mayChangeAccess = (actor: Actor, subject: Subject): Refusal =>
  everywhere(actor, 'members.access') ??
  (isSelf(actor, subject) ? self : subject.status === 'removed' ? removed : notAbove(actor, subject))

/** Start and end date, suspending and reactivating. */
export const mayChangeStatus = (actor: Actor, subject: Subject): Refusal =>
  everywhere(actor, 'members.edit') ??
  (isSelf(actor, subject) ? self : subject.status === 'removed' ? removed : notAbove(actor, subject))

export const maySuspend = (actor: Actor, subject: Subject & { suspended_at: unknown }): Refusal =>
  mayChangeStatus(actor, subject) ??
  (subject.suspended_at || subject.status === 'invited' ? { because: 'There is nothing to suspend.' } : null)

export const mayReactivate = (actor: Actor, subject: Subject & { suspended_at: unknown }): Refusal =>
  mayChangeStatus(actor, subject) ?? (subject.suspended_at ? null : { because: 'They aren’t suspended.' })

export const mayRemove = (actor: Actor, subject: Subject): Refusal =>
  everywhere(actor, 'members.remove') ??
  (isSelf(actor, subject)
    ? { because: 'You can’t remove yourself. Ask another Admin.' }
    : subject.status === 'removed'
      ? { because: 'They were removed already.' }
      : subject.status === 'invited'
        ? { because: 'They were invited and haven’t joined, so there is nothing to remove them from.' }
        : notAbove(actor, subject))

/** How long somebody removed can be taken back, in ms. */
export const takeBackFor = 30 * 86_400_000

/** What they held and the actor can't give stays behind (removal/coming-back.ts), so it doesn't matter here. */
export function mayTakeBack(actor: Actor, subject: Subject & { removed_at: Date | string | null }, now: Date): Refusal {
  const refusal = everywhere(actor, 'members.remove')
  if (refusal) return refusal
  if (!subject.removed_at) return { because: 'They weren’t removed.' }
  if (!subject.account_id) return { because: 'They never joined. A new invitation is the way.' }
  return now.getTime() - new Date(subject.removed_at).getTime() < takeBackFor
    ? null
    : { because: 'They were removed more than 30 days ago. A new invitation is the way back.' }
}

/** A reset link to the present address, and ending their sessions: for anybody with an account here. */
export const mayHelpSignIn = (actor: Actor, subject: Subject): Refusal =>
  everywhere(actor, 'members.credentials') ??
  (subject.status === 'removed'
    ? removed
    : subject.account_id === null
      ? { because: 'They have no account yet.' }
      : isSelf(actor, subject)
        ? { because: 'Your own is in your profile.' }
        : notAbove(actor, subject))

/** Email, username, password and block: only where the organization manages the account. */
export const mayManageAccount = (actor: Actor, subject: Subject): Refusal =>
  mayHelpSignIn(actor, subject) ??
  (subject.managed ? null : { because: 'They are a member elsewhere too, so only they themselves can change this.' })

export const mayUnblock = (actor: Actor, subject: Subject): Refusal =>
  mayManageAccount(actor, subject) ?? (subject.status === 'blocked' ? null : { because: 'They aren’t blocked.' })

/**
 * What of `after` the actor can't give: permissions they don't hold, which somebody would hold, or hold anew, or hold in
 * effect only by the change from `before` (product.md, "Permissions"; R-20).
 */
export function beyond(actor: Actor, before: Right[], after: Right[], group: string): Permission[] {
  const was = new Map(before.map((right) => [right.permission, right]))
  return after
    .filter((right) => {
      const old = was.get(right.permission)
      const same =
        old && (old.effective || !right.effective) && (old.scope === 'organization' || right.scope === 'group')
      return !same && !holds(actor, right.permission, right.scope, group)
    })
    .map(({ permission }) => permission)
}
