import { afterAll, beforeAll, expect, test } from 'vitest'
import { bounds } from '../../src/members/in-order.ts'
import {
  allPermissions,
  type Grants,
  type OrganizationRole,
  type Permission,
  permissions,
  rightsOf,
} from '../../src/platform/access/permissions.ts'
import type { Browser } from '../support/browser.ts'
import { makeCustomRole, makeGroup, organization, type PersonDetails } from '../support/world.ts'
import { csvRows } from './sheet.ts'

let world: Awaited<ReturnType<typeof organization>>
type Somebody = { email: string; grants: Grants; details: PersonDetails; status: string }
const everybody: Somebody[] = []

function numbers(seed: number) {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const kept = { ...bounds }
afterAll(() => Object.assign(bounds, kept))

beforeAll(async () => {
  world = await organization()
  const { db, here } = world
  const next = numbers(23)
  const some = (odds: number) => allPermissions.filter(() => next(odds) === 0)
  const groups = [{ id: here.defaultGroup, permissions: some(9) }]
  for (const permission of groups[0]?.permissions ?? [])
    await db
      .insertInto('group_permission')
      .values({ organization_id: here.id, group_id: here.defaultGroup, permission })
      .execute()
  for (const name of ['North', 'South', 'Marine']) {
    const permissions = some(7)
    groups.push({ id: await makeGroup(db, here.id, name, permissions), permissions })
  }
  const roles: { id: string; permissions: Permission[] }[] = []
  for (const name of ['Lead', 'Night', 'Audit']) {
    const permissions = some(7)
    roles.push({ id: await makeCustomRole(db, here.id, name, permissions), permissions })
  }
  // Another organization's tables have the same permissions, and count for nothing here.
  await makeGroup(db, world.elsewhere.id, 'North', allPermissions)
  await makeCustomRole(db, world.elsewhere.id, 'Lead', allPermissions)

  const names = ['member', 'member', 'member', 'viewer', 'developer', 'admin'] as const
  for (let n = 0; n < 130; n++) {
    const role: OrganizationRole = names[next(n % 9 === 0 ? 6 : 5)] ?? 'member'
    const group = groups[role === 'admin' ? 0 : next(4)] ?? groups[0]
    const manages = role !== 'admin' && group !== groups[0] && next(5) === 0
    const held = role === 'admin' ? [] : roles.filter(() => next(4) === 0)
    const direct = some(25)
    const details: PersonDetails = {
      first: `P${n}`,
      last: `L${next(40)}`,
      role,
      group: group?.id ?? '',
      manages,
      customRoles: held.map(({ id }) => id),
      permissions: direct,
      ...(next(8) === 0 ? { suspended: true } : next(8) === 0 ? { removed: true } : {}),
    }
    const person = await world.add(details)
    everybody.push({
      email: person.email,
      details,
      status: details.suspended ? 'suspended' : details.removed ? 'removed' : 'active',
      grants: {
        organizationRole: role,
        groupName: '',
        managesGroup: manages,
        grants: [
          ...(group?.permissions ?? []).map((name): Grants['grants'][number] => [name, 'group', '']),
          ...held.flatMap((one) => one.permissions.map((name): Grants['grants'][number] => [name, 'role', ''])),
          ...direct.map((name): Grants['grants'][number] => [name, 'direct', '']),
        ],
      },
    })
  }
  const defaultGrants = (groups[0]?.permissions ?? []).map((name): Grants['grants'][number] => [name, 'group', ''])
  const standard = (
    browser: { person: { email: string } },
    organizationRole: OrganizationRole,
    group: 'default' | 'intake',
    managesGroup = false,
  ) =>
    everybody.push({
      email: browser.person.email,
      details: { role: organizationRole, group: group === 'intake' ? world.intake : here.defaultGroup },
      status: 'active',
      grants: { organizationRole, groupName: '', managesGroup, grants: group === 'default' ? defaultGrants : [] },
    })
  standard(world.ana, 'admin', 'default')
  standard(world.vera, 'viewer', 'default')
  standard(world.dev, 'developer', 'default')
  standard(world.gus, 'member', 'intake', true)
  standard(world.ian, 'member', 'intake')
  standard(world.mia, 'member', 'default')
}, 60_000)

const can = ({ grants }: Somebody, permission: Permission) =>
  rightsOf(grants).some((right) => right.permission === permission && right.effective)
const expected = (permission: Permission, fits: (one: Somebody) => boolean = (one) => one.status !== 'removed') =>
  everybody
    .filter((one) => can(one, permission) && fits(one))
    .map(({ email }) => email)
    .toSorted()

const next = (html: string) => /rel="next" href="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&')
async function listed(browser: Browser, query: string): Promise<string[]> {
  const found: string[] = []
  let path: string | undefined = `members?${query}`
  while (path) {
    const { html, status } = await browser.get(path)
    expect(status).toBe(200)
    const body = /<tbody.*?<\/tbody>/s.exec(html)?.[0] ?? ''
    found.push(...[...body.matchAll(/<tr><th.*?<\/td><td>([^<]*@[^<]*)<\/td>/gs)].map(([, email = '']) => email))
    path = next(html)
  }
  return found
}

test.each(allPermissions)('%s: those listed are exactly those who hold it in effect', async (permission) => {
  const found = await listed(world.ana, `permission=${permission}`)
  expect(found.toSorted()).toEqual(expected(permission))
})

test.each([
  ['a long walk', kept],
  ['everything gathered', { walk: 5, walkInPart: 2 }],
])(
  'in every order, and with every other filter: %s',
  async (_, limits) => {
    Object.assign(bounds, limits)
    for (const permission of ['claims.edit', 'members.view', 'audit.view'] as const) {
      for (const sort of ['first_name', '-email', 'status', '-role', 'group', 'two_factor', '-last_active', 'invite'])
        expect([sort, (await listed(world.ana, `permission=${permission}&sort=${sort}`)).toSorted()]).toEqual([
          sort,
          expected(permission),
        ])
      const others: [string, (one: Somebody) => boolean][] = [
        ['status=suspended', (one) => one.status === 'suspended'],
        ['status=removed', (one) => one.status === 'removed'],
        ['status=removed&status=active&sort=group', (one) => one.status !== 'suspended'],
        [
          'role=viewer&role=member',
          (one) => one.status !== 'removed' && ['viewer', 'member'].includes(one.details.role ?? ''),
        ],
        [
          `group=${world.here.defaultGroup}&sort=role`,
          (one) => one.status !== 'removed' && one.details.group === world.here.defaultGroup,
        ],
        ['q=l1', (one) => one.status !== 'removed' && (one.details.last ?? '').startsWith('L1')],
        ['two_factor=on', () => false],
      ]
      for (const [query, fits] of others)
        expect([query, (await listed(world.ana, `permission=${permission}&${query}`)).toSorted()]).toEqual([
          query,
          expected(permission, fits),
        ])
    }
    Object.assign(bounds, kept)
  },
  60_000,
)

test('the download has the same people', async () => {
  for (const permission of ['claims.edit', 'members.edit'] as const) {
    const { html } = await world.ana.get(`members.csv?permission=${permission}`)
    const rows = csvRows(html)
    expect(
      rows
        .slice(1)
        .map((row) => row[2] ?? '')
        .toSorted(),
    ).toEqual(expected(permission))
  }
})

test('a Group manager asks it of their own group alone', async () => {
  const found = await listed(world.gus, 'permission=members.edit')
  expect(found).toEqual([world.gus.person.email])
})

test('it is said what is listed, and the filter is taken away by its chip', async () => {
  const { html, text } = await world.ana.get('members?permission=members.edit&status=active')
  expect(text).toContain('Can: Edit members')
  expect(text).toContain('Group managers can in their own group')
  expect(html).toContain('<option value="members.edit" selected')
  expect(html).toContain(`href="/o/${world.here.slug}/members?status=active"`)
  expect((await world.ana.get('members?permission=claims.edit')).text).not.toContain('Group managers can')
  const odd = await world.ana.get('members?permission=__proto__')
  expect(odd.text).toContain('Part of this address wasn’t understood')
  expect(odd.text).not.toContain('Can:')
})

test('the page of the question has every permission, and keeps the search and the filters', async () => {
  const { html } = await world.ana.get('members?status=active&q=l1')
  const href = /id="who-can" href="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? ''
  const page = await world.ana.get(href)
  for (const name of allPermissions) {
    expect(page.text).toContain(permissions[name].help)
    expect(page.html).toContain(`members?q=l1&amp;status=active&amp;permission=${name}"`)
  }
  expect((await world.mia.get('members/who')).status).toBe(403)
  expect((await world.stella.get(`/o/${world.here.slug}/members/who`)).status).toBe(404)
})
