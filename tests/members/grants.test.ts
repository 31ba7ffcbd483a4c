import { expect, test } from 'vitest'
import { type Access, type Choices, decideAccess } from '../../src/members/access/rules.ts'
import { mayChangeAccess } from '../../src/members/rules.ts'
import type { Actor } from '../../src/platform/access/actor.ts'
import {
  allPermissions,
  type Grants,
  type OrganizationRole,
  organizationRoles,
  type Permission,
  rightsOf,
} from '../../src/platform/access/permissions.ts'

/* nobody grants what they don't hold, by role, group, custom role, directly, by the mark, or by lifting a ceiling. */

function numbers(seed: number) {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
const viewing = ['members.view', 'invitations.view', 'cases.view', 'claims.view', 'usage.view']
const managing = ['members.view', 'members.invite', 'members.edit', 'invitations.view']

/** What somebody may do in effect, said again in other words: name -> everywhere, or in the group. */
function inEffect(access: Access, { groups, roles }: Choices): Map<string, string> {
  const given = [
    ...(groups.find(({ id }) => id === access.group)?.permissions ?? []),
    ...roles.filter(({ id }) => access.customRoles.includes(id)).flatMap(({ permissions }) => permissions),
    ...access.permissions,
  ]
  const found = new Map<string, string>()
  if (access.manages) for (const name of managing) found.set(name, access.group)
  for (const name of given) found.set(name, 'everywhere')
  if (access.role === 'admin') return new Map(allPermissions.map((name) => [name, 'everywhere']))
  if (access.role === 'viewer') return new Map(viewing.map((name) => [name, 'everywhere']))
  if (access.role === 'developer') return new Map([['developer.tools', 'everywhere']])
  return found
}

const grantsOf = (access: Access, { groups, roles }: Choices): Grants['grants'] => [
  ...(groups.find(({ id }) => id === access.group)?.permissions ?? []).map((name): Grants['grants'][number] => [
    name,
    'group',
    'G',
  ]),
  ...roles
    .filter(({ id }) => access.customRoles.includes(id))
    .flatMap(({ permissions }) => permissions.map((name): Grants['grants'][number] => [name, 'role', 'R'])),
  ...access.permissions.map((name): Grants['grants'][number] => [name, 'direct', '']),
]

function graph(next: (below: number) => number) {
  const some = (odds: number) => allPermissions.filter(() => next(odds) === 0)
  const source = (kind: string, n: number) => ({
    id: `${kind}${n}`,
    name: `${kind} ${n}`,
    permissions: some(9) as string[],
  })
  const choices: Choices = {
    groups: [0, 1, 2, 3].map((n) => ({ ...source('g', n), is_default: n === 0 })),
    roles: [0, 1, 2, 3, 4].map((n) => source('r', n)),
  }
  const someAccess = (): Access => {
    const role = (Object.keys(organizationRoles) as OrganizationRole[])[next(7)] ?? 'member'
    const group = role === 'admin' ? 'g0' : `g${next(4)}`
    return {
      role,
      group,
      manages: group !== 'g0' && next(3) === 0,
      customRoles: role === 'admin' ? [] : choices.roles.filter(() => next(4) === 0).map(({ id }) => id),
      permissions: some(12),
    }
  }
  const actor = (access: Access): Actor => ({
    accountId: 'a',
    timeZone: 'UTC',
    organization: { id: 'o', slug: 'o', name: 'O', accessVersion: 1 },
    membership: {
      id: 'actor',
      firstName: '',
      lastName: '',
      email: '',
      avatar: null,
      organizationRole: access.role,
      groupId: access.group,
      groupName: '',
      managesGroup: access.manages,
    },
    rights: rightsOf({
      organizationRole: access.role,
      groupName: '',
      managesGroup: access.manages,
      grants: grantsOf(access, choices),
    }),
  })
  const person = (access: Access) => ({
    id: 'person',
    account_id: 'b',
    status: 'active',
    managed: true,
    lastAdmin: false,
    group_id: access.group,
    organization_role: access.role,
    manages_group: access.manages,
    role_ids: access.customRoles,
    grants: grantsOf(access, choices),
    rights: rightsOf({
      organizationRole: access.role,
      groupName: '',
      managesGroup: access.manages,
      grants: grantsOf(access, choices),
    }),
  })
  return { choices, someAccess, actor, person }
}

test('over 500 random organizations nobody comes to hold by an act what the actor doesn’t', () => {
  const next = numbers(20)
  const seen = { allowed: 0, refused: 0, more: 0, lifted: 0, above: 0 }
  for (let n = 0; n < 500; n++) {
    const { choices, someAccess, actor: actorWith, person: personWith } = graph(next)
    for (let k = 0; k < 12; k++) {
      const mine: Access = { ...someAccess(), role: next(6) === 0 ? 'admin' : 'member' }
      mine.permissions = [
        ...new Set<Permission>([...mine.permissions, 'members.access', ...allPermissions.filter(() => next(2) === 0)]),
      ]
      const theirs = someAccess()
      const actor = actorWith(mine)
      const person = personWith(theirs)
      const held = inEffect(mine, choices)
      const covers = (name: string, where: string) => held.get(name) === 'everywhere' || held.get(name) === where
      const before = inEffect(theirs, choices)
      const isAbove = [...before].some(([name, where]) => !covers(name, where))
      expect(mayChangeAccess(actor, person) !== null).toBe(isAbove)
      if (isAbove) {
        seen.above++
        continue
      }
      // Now and then only one thing is another one, so that much is allowed.
      const other = someAccess()
      const part = (['role', 'group', 'manages', 'customRoles', 'permissions'] as const)[next(5)] ?? 'role'
      const asked = next(2) === 0 ? other : { ...theirs, [part]: other[part] }
      const decision = decideAccess(actor, person, choices, asked)
      if (decision.errors) {
        seen.refused++
        // A refusal has a reason: something anew that isn't the actor's, or what goes with Admin and the Default group.
        const anew = [
          ...(asked.role !== theirs.role
            ? [...inEffect({ ...asked, group: '', manages: false, customRoles: [], permissions: [] }, choices).keys()]
            : []),
          ...grantsOf(asked, choices).map(([name]) => name),
          ...inEffect(asked, choices).keys(),
          ...(asked.manages ? managing : []),
        ]
        const odd = (asked.role === 'admin' && asked.group !== 'g0') || (asked.manages && asked.group === 'g0')
        expect(odd || anew.some((name) => held.get(name) !== 'everywhere')).toBe(true)
        continue
      }
      seen.allowed++
      const after = inEffect(decision.access, choices)
      for (const [name, where] of after) {
        if (before.get(name) === 'everywhere' || before.get(name) === where) continue
        seen.more++
        if (decision.access.role !== theirs.role && ['viewer', 'developer'].includes(theirs.role)) seen.lifted++
        expect([n, k, name, covers(name, where)]).toEqual([n, k, name, true])
      }
      // Nor what a ceiling hides today: a source given anew is the actor's altogether.
      const had = grantsOf(theirs, choices).map(([name]) => name)
      for (const [name] of grantsOf(decision.access, choices))
        if (!had.includes(name)) expect([n, k, name, held.get(name)]).toEqual([n, k, name, 'everywhere'])
      expect(decision.access.role === 'admin' && decision.access.group !== 'g0').toBe(false)
      expect(decision.access.manages && decision.access.group === 'g0').toBe(false)
      if (theirs.manages && decision.access.group !== theirs.group) expect(decision.access.manages).toBe(false)
    }
  }
  for (const [name, count] of Object.entries(seen)) expect([name, count > 50]).toEqual([name, true])
})
