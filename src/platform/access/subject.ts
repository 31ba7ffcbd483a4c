import { type Actor, reach } from './actor.ts'
import { type Permission, permissions, type Right } from './permissions.ts'

/* What every rule about an act of one person on another one begins with. */

/** The person whom an act is about, as far as the rules look: `rights` with those that aren't effective. */
export type Subject = {
  id: string
  group_id: string
  account_id: string | null
  status: string
  rights: Right[]
  /** The organization manages the account: it holds the account's only membership (product.md, "Who may change an account"). */
  managed: boolean
  /** The account is support staff's: it opens more than this organization. */
  is_support?: boolean | null
}

/** Why not: a permission that the actor lacks, or a sentence. Null: it may be done. */
export type Refusal = { needs: Permission } | { because: string } | null

export const removed: Refusal = { because: 'They were removed. Take them back first.' }

export const everywhere = (actor: Actor, permission: Permission): Refusal =>
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

export const notAbove = (actor: Actor, subject: Subject): Refusal => {
  const held = above(actor, subject)
  return held && { because: `They hold “${permissions[held].label}”, which you don’t. Ask somebody who does.` }
}

export const isSelf = (actor: Actor, subject: Subject) => subject.id === actor.membership.id
