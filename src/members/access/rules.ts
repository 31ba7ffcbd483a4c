import type { Actor } from '../../platform/access/actor.ts'
import {
  type Grants,
  givenBy,
  isPermission,
  managed,
  type OrganizationRole,
  organizationRoles,
  type Permission,
  permissions,
  rightsOf,
} from '../../platform/access/permissions.ts'
import { holds, type Subject } from '../../platform/access/subject.ts'
import { lastAdmin } from '../last-admin.ts'
import { beyond } from '../rules.ts'

type Source = { id: string; name: string; permissions: string[] }
/** Everything that there is to choose from. */
export type Choices = { groups: (Source & { is_default: boolean })[]; roles: Source[] }

/** What somebody is given: each source of rights by itself. */
export type Access = {
  role: OrganizationRole
  group: string
  manages: boolean
  customRoles: string[]
  permissions: Permission[]
}

type Person = Subject & {
  organization_role: OrganizationRole
  manages_group: boolean
  role_ids: string[]
  grants: Grants['grants']
  lastAdmin: boolean
}

/** What they are given now. Names that are no permission of this version are left alone. */
export const accessOf = (person: Person, choices: Choices): Access => ({
  role: person.organization_role,
  group: person.group_id,
  manages: person.manages_group,
  customRoles: choices.roles.filter(({ id }) => person.role_ids.includes(id)).map(({ id }) => id),
  permissions: person.grants.flatMap(([name, kind]) => (kind === 'direct' && isPermission(name) ? [name] : [])),
})

export type AccessErrors = Partial<Record<'role' | 'group' | 'group_manager' | 'custom_role' | 'permission', string>>

/** The first of these permissions that the actor lacks, everywhere or, with `group`, in it. */
const lacking = (actor: Actor, names: readonly string[], group?: string): Permission | null =>
  names.find(
    (name): name is Permission =>
      isPermission(name) && !holds(actor, name, group ? 'group' : 'organization', group ?? ''),
  ) ?? null

const label = (name: Permission) => `“${permissions[name].label}”`
const withheld = (what: string, name: Permission) => `${what} ${label(name)}, which you don’t hold.`

/** Why the actor can't give what this source holds: a sentence, or null. */
export const whyNotRole = (actor: Actor, role: OrganizationRole): string | null => {
  const name = lacking(actor, givenBy(role))
  return name && withheld(`${organizationRoles[role].label} holds`, name)
}
export const whyNotSource = (actor: Actor, { name, permissions }: Source): string | null => {
  const found = lacking(actor, permissions)
  return found && withheld(`${name} gives`, found)
}
export const whyNotManager = (actor: Actor, group: string): string | null => {
  const name = lacking(actor, managed, group)
  return name && withheld('A Group manager has', name)
}
export const whyNotPermission = (actor: Actor, name: Permission): string | null =>
  lacking(actor, [name]) && 'You don’t hold it yourself.'

const rightsWith = (access: Access, choices: Choices) => {
  const group = choices.groups.find(({ id }) => id === access.group)
  const held = choices.roles.filter(({ id }) => access.customRoles.includes(id))
  return rightsOf({
    organizationRole: access.role,
    groupName: group?.name ?? '',
    managesGroup: access.manages,
    grants: [
      ...(group?.permissions ?? []).map((name): Grants['grants'][number] => [name, 'group', '']),
      ...held.flatMap((role) => role.permissions.map((name): Grants['grants'][number] => [name, 'role', role.name])),
      ...access.permissions.map((name): Grants['grants'][number] => [name, 'direct', '']),
    ],
  })
}

const without = <T>(list: readonly T[], other: readonly T[]) => list.filter((one) => !other.includes(one))
const isSame = (a: Access, b: Access) =>
  a.role === b.role &&
  a.group === b.group &&
  a.manages === b.manages &&
  [...without(a.customRoles, b.customRoles), ...without(b.customRoles, a.customRoles)].length === 0 &&
  [...without(a.permissions, b.permissions), ...without(b.permissions, a.permissions)].length === 0

const nobody: Person = {
  id: '',
  group_id: '',
  account_id: null,
  status: '',
  rights: [],
  managed: false,
  organization_role: '' as OrganizationRole,
  manages_group: false,
  role_ids: [],
  grants: [],
  lastAdmin: false,
}

/** The same of somebody who isn't here yet: all of it is given anew. */
export const decideFirstAccess = (actor: Actor, choices: Choices, asked: Access) =>
  decideAccess(actor, nobody, choices, asked)

type Decision = { errors: AccessErrors } | { errors?: never; access: Access; changed: boolean; said: string }

/**
 * What becomes of a person of whom the actor asks this (product.md, "Permissions"), or why it can't be. A source that is
 * given anew is judged by all that it holds, whatever the person has already and whatever a ceiling hides of it at the moment: it
 * outlasts both.
 */
export function decideAccess(actor: Actor, person: Person, choices: Choices, asked: Access): Decision {
  const now = accessOf(person, choices)
  const errors: AccessErrors = {}
  const group = choices.groups.find(({ id }) => id === asked.group)
  if (!group) return { errors: { group: 'This group isn’t there anymore. Choose another one.' } }
  const gone = asked.customRoles.some((id) => !choices.roles.some((role) => role.id === id))
  if (gone) errors.custom_role = 'One of the roles that you chose isn’t there anymore. The others are still chosen.'

  const moved = group.id !== now.group
  const stopsManaging = now.manages && moved
  const manages = asked.manages && !stopsManaging
  const isAdmin = asked.role === 'admin'
  const endingRoles = isAdmin ? asked.customRoles : []
  const access = { ...asked, manages, customRoles: isAdmin ? [] : asked.customRoles }

  if (isAdmin && !group.is_default)
    errors.role =
      now.role === 'admin' && moved
        ? `Admin goes with the Default group, so it ends with the move to ${group.name}. Choose the new role.`
        : `Admin goes with the Default group. Choose that group, or another role for ${group.name}.`
  else if (manages && group.is_default)
    errors.group_manager = 'Nobody manages the Default group. Choose another group, or leave this out.'
  if (person.lastAdmin && !isAdmin) errors.role = lastAdmin

  const refuse = (field: keyof AccessErrors, why: string | null) => {
    if (why) errors[field] ??= why
  }
  if (asked.role !== now.role) refuse('role', whyNotRole(actor, asked.role))
  if (moved) refuse('group', whyNotSource(actor, group))
  if (manages && !(now.manages && !moved)) refuse('group_manager', whyNotManager(actor, group.id))
  for (const role of choices.roles)
    if (access.customRoles.includes(role.id) && !now.customRoles.includes(role.id))
      refuse('custom_role', whyNotSource(actor, role))
  for (const name of without(access.permissions, now.permissions))
    refuse('permission', lacking(actor, [name]) && `You don’t hold ${label(name)} yourself.`)
  if (Object.keys(errors).length > 0) return { errors }

  const [lifted] = beyond(actor, person.rights, rightsWith(access, choices), group.id)
  if (lifted)
    return {
      errors: {
        role: `As ${organizationRoles[asked.role].label} they would hold ${label(lifted)} in effect, which you don’t. Take away what gives it, or ask somebody who holds it.`,
      },
    }
  const said = [
    ...(stopsManaging ? ['They don’t manage their former group anymore.'] : []),
    ...(endingRoles.length > 0 ? ['Their custom roles ended: an Admin has none.'] : []),
  ]
  const changed = !isSame(access, now)
  return { access, changed, said: changed ? ['Access changed.', ...said].join(' ') : 'Nothing was different.' }
}
