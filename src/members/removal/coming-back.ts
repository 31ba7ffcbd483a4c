import type { Actor } from '../../platform/access/actor.ts'
import {
  type Grants,
  type OrganizationRole,
  type Permission,
  permissions,
  rightsOf,
} from '../../platform/access/permissions.ts'
import { beyond } from '../rules.ts'

type Named = { id: string; name: string; permissions: string[] | null }

/** What somebody held when they were removed. */
export type Held = {
  organization_role: OrganizationRole
  group_id: string
  group_name: string
  in_default_group: boolean
  grants: Grants['grants']
  customRoles: Named[]
  defaultGroup: Named
}

/** Something that doesn't come back: what it was, and what the actor lacks for it. */
export type LeftOut = {
  what: 'organization_role' | 'group' | 'custom_role' | 'direct'
  name: string
  lacks: Permission[]
}

/**
 * What of it comes back by this actor: nothing that grants a permission which they don't hold. A role left out becomes
 * Member, a group left out the Default group. `stops`: what that one grants beyond the actor, so that nothing can come back.
 */
export function comingBack(actor: Actor, held: Held) {
  const grantedBy = (organizationRole: OrganizationRole, names: readonly string[] | null): Permission[] => {
    const grants = (names ?? []).map((name): Grants['grants'][number] => [name, 'direct', ''])
    return beyond(actor, [], rightsOf({ organizationRole, groupName: '', managesGroup: false, grants }), held.group_id)
  }
  const names = (kind: 'group' | 'direct') => held.grants.filter(([, from]) => from === kind).map(([name]) => name)
  const leftOut: LeftOut[] = []
  const comes = (what: LeftOut['what'], name: string, lacks: Permission[]): boolean => {
    if (lacks.length > 0) leftOut.push({ what, name, lacks })
    return lacks.length === 0
  }

  const role = comes('organization_role', held.organization_role, grantedBy(held.organization_role, []))
  const group = held.in_default_group || comes('group', held.group_name, grantedBy('member', names('group')))
  const roles = held.customRoles.filter((one) => comes('custom_role', one.name, grantedBy('member', one.permissions)))
  const direct = names('direct').filter((name) => comes('direct', name, grantedBy('member', [name])))
  return {
    organizationRole: role ? held.organization_role : ('member' as const),
    group: group ? { id: held.group_id, name: held.group_name } : held.defaultGroup,
    customRoles: roles,
    direct,
    leftOut,
    stops: group && !held.in_default_group ? [] : grantedBy('member', held.defaultGroup.permissions),
  }
}
export type ComingBack = ReturnType<typeof comingBack>

/** Why nobody can take them back now, as a sentence; null when nothing is in the way. */
export function inTheWay(
  person: { isBack: unknown; invitedAgain: unknown; addressIsTaken: unknown; defaultGroup: { name: string } },
  { stops }: ComingBack,
): string | null {
  if (person.isBack) return 'They are a member here again, by another invitation. What they held before stays behind.'
  if (person.invitedAgain)
    return 'They have been invited here again. Revoke that invitation first, or wait until they join.'
  if (person.addressIsTaken) return 'Somebody else here has their address now. Change that first.'
  const [first] = stops
  return first
    ? `Everybody in the group ${person.defaultGroup.name} holds “${permissions[first].label}”, which you don’t. Ask somebody who does.`
    : null
}
