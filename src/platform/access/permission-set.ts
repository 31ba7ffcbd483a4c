import { type Actor, reach } from './actor.ts'
import { allPermissions, type Permission, permissions } from './permissions.ts'

/*
 * Who may change what a custom role or a group gives to those in it (product.md, "Permissions"): nobody gives what they don't
 * hold, nobody changes their own permissions, and nobody the access of somebody who holds a permission that they lack.
 */

/** A custom role or a group, as far as these rules look. */
export type PermissionSet = {
  kind: 'role' | 'group'
  permissions: Permission[]
  /** The actor holds it, or is in it. */
  mine: boolean
  /** Somebody who holds it, or is in it, holds a permission that the actor lacks. */
  above: boolean
}

/** What the actor doesn't hold, or only in their own group. */
export const lackedBy = (actor: Actor): Permission[] =>
  allPermissions.filter((permission) => reach(actor, permission) !== 'organization')

/** Why what it gives stays as it is, as a sentence; null: the actor may change it. An Admin holds everything by being one. */
export function closedTo(actor: Actor, { kind, mine, above }: PermissionSet): string | null {
  const role = kind === 'role'
  if (mine && actor.membership.organizationRole !== 'admin')
    return `${role ? 'You hold this role' : 'You are in this group'} yourself, and nobody changes their own permissions. Ask an Admin.`
  if (above)
    return `Somebody ${role ? 'who holds this role' : 'in this group'} has a permission that you don’t have, so you can’t change their access. Ask an Admin.`
  return null
}

/** A permission of these in quotes, as sentences name it. */
export const quoted = (names: Permission[]): string => names.map((name) => `“${permissions[name].label}”`).join(', ')

/** What is wrong with giving `after` in the place of `before`, or null. */
export function notTheirs(actor: Actor, before: Permission[], after: Permission[]): string | null {
  const lacked = lackedBy(actor)
  const given = after.filter((one) => !before.includes(one) && lacked.includes(one))
  const taken = before.filter((one) => !after.includes(one) && lacked.includes(one))
  if (given.length > 0) return `You can’t give ${quoted(given)}, which you don’t have yourself`
  if (taken.length > 0) return `You can’t take away ${quoted(taken)}, which you don’t have yourself`
  return null
}

/** Whether somebody may get more by it. */
export const givesMore = (before: Permission[], after: Permission[]): boolean =>
  after.some((one) => !before.includes(one))

/** What was chosen, each once and in the order of the list. */
export const inOrder = <T extends { permissions: Permission[] }>(input: T | null): T | null =>
  input && { ...input, permissions: allPermissions.filter((one) => input.permissions.includes(one)) }
