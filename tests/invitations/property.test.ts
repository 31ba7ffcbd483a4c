import { beforeAll, expect, test } from 'vitest'
import { couldGive, isCovered } from '../../src/invitations/givers.ts'
import { givenBy, type Offer } from '../../src/invitations/rules.ts'
import type { Choices } from '../../src/members/access/rules.ts'
import { asActor, type Giver } from '../../src/platform/access/giver.ts'
import {
  allPermissions,
  type Grants,
  type OrganizationRole,
  type Permission,
} from '../../src/platform/access/permissions.ts'
import { newId } from '../../src/platform/ids.ts'
import { organization, signedIn } from '../support/world.ts'
import { at } from './acting.ts'
import { invitationOf, invited } from './invited.ts'

/*
 * whatever roles and groups there are, nobody who lacks a permission that an invitation would give, in effect, sends it again,
 * gives its link away or answers for it.
 */

/** The same numbers in every run (mulberry32). */
function numbers(seed: number) {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
const next = numbers(20)
const some = <T>(all: readonly T[], chance: number): T[] => all.filter(() => next() < chance)
const one = <T>(all: readonly T[]): T => all[Math.floor(next() * all.length)] as T

const roles: OrganizationRole[] = ['admin', 'viewer', 'developer', 'member', 'member', 'member']

type Source = { id: string; name: string; permissions: Permission[] }
type Held = { role: OrganizationRole; group: Source; manages: boolean; custom: Source[]; direct: Permission[] }

/** What somebody may do everywhere, said anew and plainly: by the role's own list, its ceiling, and every grant. */
function everywhere({ role, group, custom, direct }: Held): Set<Permission> {
  if (role === 'admin') return new Set(allPermissions)
  if (role === 'viewer') return new Set(allPermissions.filter((name) => /\.view$/.test(name) && name !== 'audit.view'))
  if (role === 'developer') return new Set(['developer.tools'])
  return new Set([...group.permissions, ...custom.flatMap(({ permissions }) => permissions), ...direct])
}

const source = (name: string, chance: number): Source => ({
  id: newId(),
  name,
  permissions: some(allPermissions, chance),
})

function graph() {
  const wide = one([0.05, 0.3, 0.9])
  const groups = [source('Default', 0.02), source('Wide', wide), source('Narrow', 0.05)]
  const custom = [source('Lead', wide / 2), source('Clerk', 0.05)]
  const held = (offer: boolean): Held => {
    const role = offer ? one(roles) : one(['admin', 'member', 'member', 'member'] as const)
    const group = role === 'admin' ? groups[0] : one(groups)
    return {
      role,
      group: group as Source,
      manages: role !== 'admin' && group !== groups[0] && next() < 0.3,
      custom: role === 'admin' ? [] : some(custom, 0.4),
      direct: some(allPermissions, offer ? 0.03 : one([0.1, 0.6, 0.95])),
    }
  }
  return { groups, custom, offer: held(true), people: [held(false), held(false), held(false)] as [Held, Held, Held] }
}

const asGiver = (held: Held): Giver => ({
  id: newId(),
  account_id: newId(),
  first_name: 'G',
  last_name: '',
  email: 'g@example.org',
  status: 'active',
  organization_role: held.role,
  group_id: held.group.id,
  group_name: held.group.name,
  manages_group: held.manages,
  grants: [
    ...held.group.permissions.map((name): Grants['grants'][number] => [name, 'group', held.group.name]),
    ...held.custom.flatMap(({ name, permissions }) =>
      permissions.map((permission): Grants['grants'][number] => [permission, 'role', name]),
    ),
    ...held.direct.map((name): Grants['grants'][number] => [name, 'direct', '']),
  ],
})

const offerOf = ({ group, manages, custom, direct }: Held): Offer => ({
  group_id: group.id,
  manages_group: manages,
  role_ids: custom.map(({ id }) => id),
  permissions: direct,
  region_id: null,
  area_id: null,
})

/** Whether what they would hold goes beyond what the giver holds. In the own group a Group manager gives nothing but a place. */
function isBeyond(giver: Held, offer: Held): boolean {
  const own = everywhere(giver)
  const given = [...everywhere(offer)]
  return given.some((name) => !own.has(name))
}

const here = { id: newId(), slug: 'x', name: 'X', accessVersion: 1 }

test('of 500 random role graphs nobody covers what they couldn’t give', () => {
  let [passed, stopped] = [0, 0]
  for (let n = 0; n < 500; n++) {
    const { groups, custom, offer, people } = graph()
    const choices: Choices = {
      groups: groups.map((group, at) => ({ ...group, is_default: at === 0 })),
      roles: custom,
    }
    const around = { choices, regions: [] }
    const asked = givenBy(offer.role, offerOf(offer))
    const [sender, approver] = people.map(asGiver) as [Giver, Giver, Giver]
    for (const [at, giver] of people.map(asGiver).entries()) {
      const could = couldGive(asActor(giver, here), asked, around)
      if (could) expect(isBeyond(people[at] as Held, offer), `graph ${n}`).toBe(false)
      could ? passed++ : stopped++
    }
    const invitation = { invited_by: sender.id, decided_by: approver.id, givers: [sender, approver] }
    const plain = isCovered({ ...invitation, approval: 'not_needed' }, here, asked, around)
    expect(plain).toBe(couldGive(asActor(sender, here), asked, around))
    if (isCovered({ ...invitation, approval: 'approved' }, here, asked, around) && !plain) {
      expect(isBeyond(people[1], offer), `graph ${n}, approved`).toBe(false)
      expect(everywhere(people[1]).has('invitations.approve')).toBe(true)
    }
    // Nobody who isn't Active anymore answers for anything.
    const gone = [sender, approver].map((giver) => ({ ...giver, status: 'suspended' }))
    expect(isCovered({ ...invitation, approval: 'approved', givers: gone }, here, asked, around)).toBe(false)
  }
  expect(passed).toBeGreaterThan(100)
  expect(stopped).toBeGreaterThan(100)
})

let world: Awaited<ReturnType<typeof organization>>
beforeAll(async () => {
  world = await organization()
})

test('through the front door of 100 of them, nobody sends again or copies what they couldn’t give', async () => {
  const { db } = world
  let [passed, stopped] = [0, 0]
  for (let n = 0; n < 100; n++) {
    const { groups, custom, offer, people } = graph()
    const organization_id = world.here.id
    const defaultGroup = groups[0] as Source
    defaultGroup.id = world.here.defaultGroup
    defaultGroup.permissions = []
    const fresh = groups.slice(1)
    const named = (one: Source) => ({
      id: one.id,
      organization_id,
      name: `${one.name} ${n}`,
      sort_name: `${one.name} ${n}`,
    })
    await db.insertInto('member_group').values(fresh.map(named)).execute()
    await db.insertInto('custom_role').values(custom.map(named)).execute()
    const inGroups = fresh.flatMap(({ id, permissions }) =>
      permissions.map((permission) => ({ organization_id, group_id: id, permission })),
    )
    const inRoles = custom.flatMap(({ id, permissions }) =>
      permissions.map((permission) => ({ organization_id, role_id: id, permission })),
    )
    if (inGroups.length) await db.insertInto('group_permission').values(inGroups).execute()
    if (inRoles.length) await db.insertInto('custom_role_permission').values(inRoles).execute()
    const [held] = people
    const person = await world.add({
      first: `P${n}`,
      role: held.role as 'admin',
      group: held.group.id,
      manages: held.manages,
      customRoles: held.custom.map(({ id }) => id),
      permissions: held.direct,
    })
    const ivo = await invited(world, {
      role: offer.role,
      group: offer.group.id,
      manages: offer.manages,
      customRoles: offer.custom.map(({ id }) => id),
      offers: offer.direct,
    })
    const browser = await signedIn(world, person, world.here)
    const link = await browser.post(at(ivo, 'link'), { version: '1' })
    const sent = await browser.post(at(ivo, 'resend'), { version: '1', days: '7' })
    const row = await invitationOf(world, ivo)
    if (isBeyond(held, offer)) {
      expect([403, 404], `graph ${n}`).toContain(sent.status)
      expect([403, 404], `graph ${n}`).toContain(link.status)
      expect(row.generation).toBe(1)
    }
    sent.status === 303 ? passed++ : stopped++
    expect(link.status === 200).toBe(sent.status === 303)
  }
  expect(passed).toBeGreaterThan(10)
  expect(stopped).toBeGreaterThan(10)
}, 240_000)
