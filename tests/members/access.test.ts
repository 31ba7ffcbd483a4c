import { describe, expect, test } from 'vitest'
import { type Actor, can, reach } from '../../src/platform/access/actor.ts'
import {
  allPermissions,
  type Grants,
  isPermission,
  type OrganizationRole,
  organizationRoles,
  type Permission,
  permissions,
  rightsOf,
} from '../../src/platform/access/permissions.ts'
import { makeCustomRole, makeGroup, organization } from '../support/world.ts'

/** The same numbers in every run. */
function numbers(seed: number) {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const roles = Object.keys(organizationRoles) as OrganizationRole[]
const actorWith = (somebody: Grants, groupId = 'own'): Actor => ({
  accountId: 'a',
  timeZone: 'UTC',
  organization: { id: 'o', slug: 'o', name: 'O', accessVersion: 1 },
  membership: {
    id: 'm',
    firstName: '',
    lastName: '',
    email: '',
    avatar: null,
    organizationRole: somebody.organizationRole,
    groupId,
    groupName: somebody.groupName,
    managesGroup: somebody.managesGroup,
  },
  rights: rightsOf(somebody),
})

const viewing: Permission[] = ['members.view', 'invitations.view', 'cases.view', 'claims.view', 'usage.view']

/** What product.md says, said again in other words: how far somebody may do this kind of thing. */
function expected(somebody: Grants, permission: Permission): 'organization' | 'group' | null {
  const granted = somebody.grants.some(([name]) => name === permission)
  switch (somebody.organizationRole) {
    case 'admin':
      return 'organization'
    case 'viewer':
      return viewing.includes(permission) ? 'organization' : null
    case 'developer':
      return permission === 'developer.tools' ? 'organization' : null
    case 'member':
      if (granted) return 'organization'
      return somebody.managesGroup &&
        ['members.view', 'members.invite', 'members.edit', 'invitations.view'].includes(permission)
        ? 'group'
        : null
  }
}

function someone(next: (below: number) => number): Grants {
  const of = <T>(list: readonly T[]): T => list[next(list.length)] as T
  const organizationRole = of(roles)
  const names = [...allPermissions, 'no.such', '__proto__', 'constructor', 'toString', '']
  const grants = Array.from({ length: next(12) }, (): Grants['grants'][number] => {
    const kind = of(['group', 'role', 'direct'] as const)
    return [of(names), kind, kind === 'direct' ? '' : of(['Property', 'Lead', 'Night desk'])]
  })
  return {
    organizationRole,
    groupName: 'Property',
    managesGroup: organizationRole !== 'admin' && next(3) === 0,
    grants,
  }
}

describe('whatever somebody was granted, by whatever way', () => {
  const next = numbers(20_261_122)
  const crowd = Array.from({ length: 2000 }, () => someone(next))

  test('they may do exactly what their role, its ceiling and their grants say', () => {
    for (const somebody of crowd) {
      const actor = actorWith(somebody)
      for (const permission of allPermissions) {
        const far = expected(somebody, permission)
        expect([somebody, permission, reach(actor, permission)]).toEqual([somebody, permission, far])
        expect(can(actor, permission)).toBe(far !== null)
        expect(can(actor, permission, { group_id: 'own' })).toBe(far !== null)
        expect(can(actor, permission, { group_id: 'other' })).toBe(far === 'organization')
      }
    }
  })

  test('every right names every source that it has, and no other', () => {
    for (const somebody of crowd)
      for (const right of rightsOf(somebody)) {
        const grants = somebody.grants.filter(([name]) => name === right.permission)
        const from = (kind: string) => right.sources.filter((source) => source.from === kind)
        expect(from('group').map((one) => 'name' in one && one.name)).toEqual(
          grants.filter(([, kind]) => kind === 'group').map(([, , name]) => name),
        )
        expect(from('custom_role').map((one) => 'name' in one && one.name)).toEqual(
          grants.filter(([, kind]) => kind === 'role').map(([, , name]) => name),
        )
        expect(from('direct')).toHaveLength(grants.filter(([, kind]) => kind === 'direct').length)
        const managed =
          somebody.managesGroup &&
          ['members.view', 'members.invite', 'members.edit', 'invitations.view'].includes(right.permission)
        expect(from('group_manager')).toEqual(managed ? [{ from: 'group_manager', name: 'Property' }] : [])
        const own = expected({ ...somebody, grants: [], managesGroup: false }, right.permission) !== null
        expect(from('organization_role')).toEqual(
          own ? [{ from: 'organization_role', name: organizationRoles[somebody.organizationRole].label }] : [],
        )
        expect(right.sources.length).toBeGreaterThan(0)
      }
  })

  test('what is above the ceiling is listed, with its sources, and isn’t effective', () => {
    let above = 0
    for (const somebody of crowd)
      for (const right of rightsOf(somebody)) {
        expect(right.effective).toBe(expected(somebody, right.permission) !== null)
        if (!right.effective) {
          above++
          expect(['viewer', 'developer']).toContain(somebody.organizationRole)
        }
      }
    expect(above).toBeGreaterThan(500)
  })

  test('rights come once each, in the order of the list, and a name that is no permission gives none', () => {
    for (const somebody of crowd) {
      const names = rightsOf(somebody).map(({ permission }) => permission)
      expect(names).toEqual(allPermissions.filter((one) => names.includes(one)))
      for (const name of names) expect(isPermission(name)).toBe(true)
    }
  })

  test('another grant never takes anything away', () => {
    for (const somebody of crowd.slice(0, 300))
      for (const permission of allPermissions.slice(0, 6)) {
        const more = actorWith({ ...somebody, grants: [...somebody.grants, [permission, 'direct', '']] })
        const before = actorWith(somebody)
        for (const one of allPermissions) {
          if (reach(before, one) === 'organization') expect(reach(more, one)).toBe('organization')
          if (reach(before, one) === 'group') expect(reach(more, one)).not.toBeNull()
        }
      }
  })
})

describe('the list of permissions', () => {
  test('a Viewer’s are the ones for looking, but for the audit log', () => {
    const viewer = actorWith({ organizationRole: 'viewer', groupName: '', managesGroup: false, grants: [] })
    expect(viewer.rights.map(({ permission }) => permission)).toEqual(viewing)
    expect(allPermissions.filter((one) => one.endsWith('.view') && !viewing.includes(one))).toEqual(['audit.view'])
  })
  test('holds no name that every object has', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', 'members', 'MEMBERS.VIEW'])
      expect([name, isPermission(name)]).toEqual([name, false])
  })
  test('is the one of product.md', () => {
    expect(allPermissions).toHaveLength(30)
    for (const [name, { label, help, area }] of Object.entries(permissions)) {
      expect(name).toMatch(/^[a-z]+\.[a-z]+$/)
      for (const text of [label, help, area]) expect(text).toMatch(/^[A-Z]/)
    }
    expect(new Set(Object.values(permissions).map(({ label }) => label)).size).toBe(allPermissions.length)
  })
})

test('the database tells the same: group, several roles and direct grants at once, and only one’s own', async () => {
  const world = await organization()
  const { db, here } = world
  const next = numbers(7)
  const pick = () => allPermissions.filter(() => next(5) === 0)
  const given = { desk: pick(), lead: pick(), night: pick(), direct: pick(), other: pick() }
  const desk = await makeGroup(db, here.id, 'Desk', given.desk)
  await makeGroup(db, here.id, 'Other desk', given.other)
  const lead = await makeCustomRole(db, here.id, 'Lead', given.lead)
  const night = await makeCustomRole(db, here.id, 'Night', given.night)
  await makeCustomRole(db, here.id, 'Nobody’s', given.other)
  for (const role of ['member', 'viewer', 'developer'] as const) {
    const person = await world.add({
      first: 'Pat',
      last: role,
      role,
      group: desk,
      customRoles: [lead, night],
      permissions: given.direct,
    })
    const { text } = await world.ana.get(`members/${person.id}`)
    const panel = text.slice(text.indexOf('May Because of'))
    for (const permission of allPermissions) {
      const sources = [
        ...(expected({ organizationRole: role, groupName: '', managesGroup: false, grants: [] }, permission)
          ? [`Role: ${organizationRoles[role].label}`]
          : []),
        ...(given.direct.includes(permission) ? ['Given directly'] : []),
        ...(given.desk.includes(permission) ? ['Group: Desk'] : []),
        ...(given.lead.includes(permission) ? ['Custom role: Lead'] : []),
        ...(given.night.includes(permission) ? ['Custom role: Night'] : []),
      ]
      const { label } = permissions[permission]
      if (sources.length > 0) expect(panel).toContain(`${label} ${sources.join('; ')}`)
      else expect(panel).not.toContain(` ${label} Given`)
    }
    expect(panel).not.toContain('Other desk')
    expect(panel).not.toContain('Nobody’s')
  }
})
