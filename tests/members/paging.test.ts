import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { bounds } from '../../src/members/in-order.ts'
import type { Sort } from '../../src/members/list-state.ts'
import { sortKey } from '../../src/platform/fold.ts'
import { readId } from '../../src/platform/ids.ts'
import type { Browser } from '../support/browser.ts'
import { days, makeCustomRole, makeGroup, makeRegion, organization, type PersonDetails } from '../support/world.ts'

type Known = PersonDetails & { id: string; status: string; groupName: string; inviteKey: string }

let ana: Browser
let people: Known[] = []
let lead = ''
let places: { region: string; area: string; groups: string[] } = { region: '', area: '', groups: [] }

const firsts = ['Ana', 'Björn', 'Chloé', 'Đức', 'Ελένη', 'Федор', 'أحمد', '美玲', 'Lakshmi', 'Zoë', "O'Neil", 'ana']
const lasts = ['Ångström', 'van den Heuvel', 'Li', 'Li An', '', 'Wiśniewska', 'Zhang', '陈', 'Nguyễn Thị', 'Álvarez']

beforeAll(async () => {
  const world = await organization()
  const { db, here, clock } = world
  ana = world.ana
  const groups = [world.intake, await makeGroup(db, here.id, 'Alpha'), await makeGroup(db, here.id, 'Zulu')]
  const names = new Map([
    [here.defaultGroup, 'Default'],
    [world.intake, 'Intake'],
    [groups[1], 'Alpha'],
    [groups[2], 'Zulu'],
  ])
  lead = await makeCustomRole(db, here.id, 'Lead adjuster')
  const nordics = await makeRegion(db, here.id, 'Nordics', ['Oslo', 'Bergen'])
  places = { region: nordics.id, area: nordics.areas[0] ?? '', groups: groups as string[] }
  const invites = ['', 'active', 'pending_activation', 'pending_approval', 'expired', 'rejected', 'revoked']
  for (let n = 0; n < 170; n++) {
    const invite = invites[n % 7] ?? ''
    const invited = !['', 'active'].includes(invite)
    const late = n % 3 === 0
    const details: PersonDetails = {
      first: firsts[n % firsts.length] ?? '',
      last: lasts[(n * 7) % lasts.length] ?? '',
      email: `p${(n * 37) % 170}@${n % 5 ? 'harbor' : 'vale'}.example`.replace('@', `.${Date.now()}${Math.random()}@`),
      role: (['member', 'member', 'viewer', 'developer'] as const)[n % 4] ?? 'member',
      group: n % 4 ? (groups[n % 3] as string) : here.defaultGroup,
      twoFactor: !invited && n % 2 === 0,
      customRoles: n % 6 === 0 ? [lead] : [],
      region: n % 5 === 0 ? nordics.id : null,
      area: n % 10 === 0 ? (nordics.areas[0] ?? null) : null,
      invited,
      invite,
      ...(invite === 'pending_activation' ? { inviteExpires: new Date(clock.now.getTime() + (late ? -1 : 1)) } : {}),
      ...(n % 8 && !invited ? { lastActive: new Date(clock.now.getTime() - days(n % 50)) } : {}),
      suspended: !invited && n % 13 === 0,
      removed: n % 17 === 0,
      ...(n % 19 === 0 && !invited ? { endsOn: '2026-11-21' } : {}),
      ...(n % 23 === 0 && n % 19 && !invited ? { startsOn: '2026-11-23' } : {}),
    }
    const { id } = await world.add(details)
    const status = details.removed
      ? 'removed'
      : invited
        ? 'invited'
        : details.suspended
          ? 'suspended'
          : details.endsOn
            ? 'ended'
            : details.startsOn
              ? 'not_started'
              : 'active'
    const inviteKey = invite === 'pending_activation' ? (late ? 'expired' : invite) : invite || 'added'
    people.push({ ...details, id, status, groupName: names.get(details.group ?? '') ?? '', inviteKey })
  }
  const known = [world.ana, world.vera, world.dev, world.gus, world.ian, world.mia].map(({ person }) => person)
  for (const person of known) {
    const role = { Ana: 'admin', Vera: 'viewer', Dev: 'developer' }[person.first] ?? 'member'
    const inIntake = ['Gus', 'Ian'].includes(person.first)
    people.push({
      ...person,
      role: role as 'admin',
      group: inIntake ? world.intake : here.defaultGroup,
      groupName: inIntake ? 'Intake' : 'Default',
      status: 'active',
      inviteKey: 'added',
      twoFactor: false,
      // Ana's own visits make her active.
      ...(person.first === 'Ana' ? { lastActive: clock.now } : {}),
    } as Known)
  }
  people = people.filter((one) => one.id)
  await ana.get('members')
}, 120_000)

const bytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
const name = (one: Known) => sortKey(one.last ?? '', one.first ?? '')
const keys: Record<Sort, (one: Known) => string[]> = {
  first_name: (one) => [sortKey(one.first ?? '', one.last ?? '')],
  last_name: (one) => [name(one)],
  email: (one) => [one.email ?? ''],
  status: (one) => [one.status, name(one)],
  role: (one) => [one.role ?? 'member', name(one)],
  group: (one) => [sortKey(one.groupName), name(one)],
  two_factor: (one) => [one.twoFactor ? '1' : '0', name(one)],
  last_active: (one) => [one.lastActive ? one.lastActive.toISOString() : ''],
  invite: (one) => [one.inviteKey, name(one)],
}

const inOrder = (found: Known[], sort: Sort, descending: boolean) =>
  [...found]
    .sort((a, b) => {
      const [x, y] = [
        [...keys[sort](a), a.id],
        [...keys[sort](b), b.id],
      ]
      for (let at = 0; at < x.length; at++) {
        const order = bytes(x[at] ?? '', y[at] ?? '')
        if (order !== 0) return descending ? -order : order
      }
      return 0
    })
    .map((one) => one.id)

const idsIn = (html: string) =>
  [...html.matchAll(/<th scope="row" class="name"><a href="[^"]*\/members\/([\w-]+)/g)].map(
    ([, id]) => readId(id ?? '') ?? '',
  )
const linkIn = (html: string, rel: string) =>
  new RegExp(`rel="${rel}" href="([^"]+)"`).exec(html)?.[1]?.replaceAll('&amp;', '&') ?? null

/** Every id of the list, from the first page to the last by Next, and back again by Previous. */
async function walk(query: string) {
  const forth: (string | undefined)[] = []
  let answer = await ana.get(`members${query}`)
  expect(answer.status).toBe(200)
  forth.push(...idsIn(answer.html))
  for (let next = linkIn(answer.html, 'next'); next; next = linkIn(answer.html, 'next')) {
    answer = await ana.get(next)
    forth.push(...idsIn(answer.html))
  }
  const back: (string | undefined)[] = idsIn(answer.html)
  for (let previous = linkIn(answer.html, 'prev'); previous; previous = linkIn(answer.html, 'prev')) {
    answer = await ana.get(previous)
    back.unshift(...idsIn(answer.html))
  }
  return { forth, back }
}

const sorts = Object.keys(keys) as Sort[]
const present = (one: Known) => one.status !== 'removed'

type Case = { title: string; query: () => string; keeps: (one: Known) => boolean }
const filters: Case[] = [
  { title: 'everybody', query: () => '', keeps: present },
  { title: 'one status', query: () => 'status=invited', keeps: (one) => one.status === 'invited' },
  {
    title: 'two statuses, one of them removed',
    query: () => 'status=removed&status=active',
    keeps: (one) => ['removed', 'active'].includes(one.status),
  },
  { title: 'removed', query: () => 'status=removed', keeps: (one) => one.status === 'removed' },
  {
    title: 'a role and two-factor',
    query: () => 'role=viewer&two_factor=on',
    keeps: (one) => present(one) && one.role === 'viewer' && one.twoFactor === true,
  },
  {
    title: 'an organization role or a custom role',
    query: () => `role=developer&role=${lead}`,
    keeps: (one) => present(one) && (one.role === 'developer' || (one.customRoles ?? []).includes(lead)),
  },
  {
    title: 'a custom role in two groups',
    query: () => `role=${lead}&group=${places.groups[0]}&group=${places.groups[1]}`,
    keeps: (one) =>
      present(one) && (one.customRoles ?? []).includes(lead) && places.groups.slice(0, 2).includes(one.group ?? ''),
  },
  {
    title: 'a region and a status',
    query: () => `region=${places.region}&status=active&status=suspended`,
    keeps: (one) => one.region === places.region && ['active', 'suspended'].includes(one.status),
  },
  { title: 'an area', query: () => `area=${places.area}`, keeps: (one) => present(one) && one.area === places.area },
  {
    title: 'a word of the name',
    query: () => 'q=zhang',
    keeps: (one) => present(one) && one.last === 'Zhang',
  },
  {
    title: 'one letter and a filter',
    query: () => 'q=l&two_factor=off',
    keeps: (one) =>
      present(one) &&
      !one.twoFactor &&
      [one.first, one.last].some((word) => /(^| )l/i.test((word ?? '').normalize('NFKD'))),
  },
]

describe.each([
  ['with ordinary bounds', 10_000, 3_000, 3],
  ['when a walk ends in the middle of a part, whose matches go on behind it', 10_000, 30, 1],
  ['when every walk ends early and what matches is gathered', 7, 3, 3],
])('%s', (_, walkBound, walkInPart, partsWalked) => {
  beforeEach(() => {
    bounds.walk = walkBound
    bounds.walkInPart = walkInPart
    bounds.partsWalked = partsWalked
    return () => {
      bounds.walk = 10_000
      bounds.walkInPart = 3_000
      bounds.partsWalked = 3
    }
  })
  describe.each(filters)('$title', ({ query, keeps }) => {
    test.each(sorts.flatMap((sort) => [[sort, false] as const, [sort, true] as const]))(
      'sorted by %s, descending %s: every page forward and backward, nobody twice, nobody missed',
      async (sort, descending) => {
        const expected = inOrder(people.filter(keeps), sort, descending)
        const { forth, back } = await walk(`?${query()}&sort=${descending ? '-' : ''}${sort}`)
        expect(forth).toEqual(expected)
        expect(back).toEqual(expected)
      },
    )
  })
})
