import { inflateRawSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { columns as invitationColumns } from '../../src/invitations/list-state.ts'
import { columns } from '../../src/members/list-state.ts'
import { organizationTables } from '../../src/platform/database/guard.ts'
import { newId, shortId } from '../../src/platform/ids.ts'
import { writePosition } from '../../src/platform/web/table.ts'
import type { Answer, Browser } from '../support/browser.ts'
import { addPerson, signedIn } from '../support/world.ts'
import { canariesOf, dump, everybody, everythingOf, leaked, type Principal } from './everybody.ts'

let world: Awaited<ReturnType<typeof everybody>>
let canaries: string[][]
let admin: Browser
beforeAll(async () => {
  world = await everybody()
  canaries = await canariesOf(world.db, world.there)
  admin = await world.enter('admin')
})

/** A v7 id of the same moment that nobody has. */
const nobody = newId()

const same = (answer: Answer, ...asked: string[]) =>
  asked.reduce(
    (text, one) => text.replaceAll(one, ':asked'),
    everythingOf({ ...answer, headers: new Headers([...answer.headers].filter(([name]) => name !== 'date')) }),
  )

describe('foreign and missing are one answer, to the byte', () => {
  const signed: Principal[] = ['admin', 'viewer', 'group manager', 'developer', 'member']

  test.each(signed)('to a %s asking for a person', async (who) => {
    const browser = await world.enter(who)
    for (const from of [browser, browser.swap])
      for (const form of [(id: string) => id, shortId]) {
        const [foreign, missing] = [form(world.there.person.id), form(nobody)]
        const [one, two] = [await from.get(`members/${foreign}`), await from.get(`members/${missing}`)]
        expect(same(one, foreign)).toBe(same(two, missing))
        expect([403, 404]).toContain(one.status)
      }
  })

  test.each([...signed, 'suspended', 'removed', 'stranger', 'must change password'] as Principal[])(
    'to a %s asking for an organization',
    async (who) => {
      const browser = await world.enter(who)
      for (const from of [browser, browser.swap])
        for (const path of ['', '/members', '/members/me', `/members/${nobody}`, '/members.csv', '/nothing']) {
          // As a browser that wasn't on its way anywhere.
          const ask = (slug: string) => {
            from.cookies.delete('next')
            return from.get(`/o/${slug}${path}`)
          }
          const [one, two] = [await ask(world.there.slug), await ask('no-such-organization')]
          expect(same(one, world.there.slug)).toBe(same(two, 'no-such-organization'))
        }
    },
  )

  test('in a filter, and in the place where a page begins', async () => {
    const { there } = world
    for (const [name, foreign] of Object.entries({
      group: there.group,
      role: there.role,
      region: there.region,
      area: there.area,
    }))
      for (const from of [admin, admin.swap]) {
        const ids = [shortId(foreign), shortId(nobody)] as const
        const [one, two] = [await from.get(`members?${name}=${ids[0]}`), await from.get(`members?${name}=${ids[1]}`)]
        expect(one.status).toBe(200)
        expect(same(one, ids[0], foreign)).toBe(same(two, ids[1], nobody))
        expect(one.text).toContain('Nobody here')
      }
    const at = (id: string) => encodeURIComponent(writePosition({ values: ['k'], id, count: 50 }))
    const [one, two] = [
      await admin.get(`members?after=${at(there.person.id)}`),
      await admin.get(`members?after=${at(nobody)}`),
    ]
    expect(same(one, shortId(there.person.id))).toBe(same(two, shortId(nobody)))
  })
})

describe('nothing of another organization is found', () => {
  test('by any order, direction, filter or search', async () => {
    const { there } = world
    const queries = [
      ...Object.keys(columns).flatMap((sort) => [`sort=${sort}`, `sort=-${sort}`]),
      'status=invited&status=active&status=removed',
      'inactive=30',
      'two_factor=off',
      'two_factor=on',
      'role=admin&role=member',
      ...[there.person.first, there.person.email, there.invited.email, 'str', 's', there.group, '%', '_'].map(
        (text) => `q=${encodeURIComponent(text)}`,
      ),
      `group=${there.group}&group=${world.here.group}`,
      `role=${there.role}&role=${world.here.role}`,
    ]
    for (const who of ['admin', 'viewer', 'group manager'] as const) {
      const browser = await world.enter(who)
      for (const query of queries)
        for (const from of [browser, browser.swap]) {
          const answer = await from.get(`members?${query}`)
          expect([query, answer.status]).toEqual([query, 200])
          expect(leaked(canaries, answer, query), query).toEqual([])
        }
    }
  })

  test('in the history of invitations, by any order, filter, search or panel', async () => {
    const { there } = world
    const queries = [
      ...Object.keys(invitationColumns).flatMap((sort) => [`sort=${sort}`, `sort=-${sort}`]),
      'status=pending_activation&status=expired&status=pending_approval',
      'attention=yes',
      'timeframe=90d',
      `role=${there.role}&role=member`,
      ...[there.invited.email, 'str', 's', '%'].map((text) => `q=${encodeURIComponent(text)}`),
    ]
    for (const who of ['admin', 'viewer', 'group manager'] as const) {
      const browser = await world.enter(who)
      for (const query of queries)
        for (const [from, path] of [
          [browser, 'invitations'],
          [browser.swap, 'invitations'],
          [browser.swap, 'invitations/counts'],
        ] as const) {
          const answer = await from.get(`${path}?${query}`)
          expect([query, answer.status]).toEqual([query, 200])
          expect(leaked(canaries, answer, query), query).toEqual([])
        }
    }
    const csv = await admin.get('invitations.csv')
    expect(csv.status).toBe(200)
    expect(leaked(canaries, csv)).toEqual([])
  })

  test('in a file, of either kind', async () => {
    for (const query of ['', '?status=invited&status=active&status=removed', `?group=${world.there.group}`]) {
      const csv = await admin.get(`members.csv${query}`)
      expect(csv.status).toBe(200)
      expect(leaked(canaries, csv, query)).toEqual([])
      const excel = await admin.get(`members.xlsx${query}`)
      const text = unzip(excel.bytes)
      expect(text).toContain('<sheetData')
      expect(leaked(canaries, { ...excel, html: text }, query)).toEqual([])
    }
    // What it would look like: the own people are in both.
    expect((await admin.get('members.csv')).html).toContain(world.here.person.email)
    expect(unzip((await admin.get('members.xlsx')).bytes)).toContain(world.here.person.email)
  })

  test('in a refusal, which names the own Admins alone', async () => {
    for (const who of ['member', 'suspended', 'ended', 'not started'] as const) {
      const answer = await (await world.enter(who)).get('members')
      expect(answer.status).toBe(403)
      expect(answer.text).toContain(world.people.get('admin')?.email)
      expect(leaked(canaries, answer)).toEqual([])
    }
  })
})

describe('somebody in two organizations', () => {
  let both: Browser
  let inThere: { id: string; email: string }
  beforeAll(async () => {
    const person = await addPerson(world.db, world.here, world.clock.now, {
      first: 'Bo',
      last: 'Both',
      role: 'admin',
      email: 'bo.here@example.org',
    })
    inThere = await addPerson(world.db, world.there, world.clock.now, {
      first: 'Bo',
      last: 'Both',
      email: 'bo.there@strangercanary.example',
      accountId: person.accountId ?? '',
    })
    canaries = await canariesOf(world.db, world.there)
    both = await signedIn(world, person, world.here)
  })

  test('sees of the other one only its name, in the switcher', async () => {
    const known = [world.there.slug, world.there.name].map((one) => one.toLowerCase())
    for (const path of ['members', 'members/me', 'members?sort=-email', 'members?q=both']) {
      const answer = await both.get(path)
      expect(answer.status).toBe(200)
      const rest = answer.html
        .replaceAll(`href="/o/${world.there.slug}"`, '')
        .replace(/<ul class="items">.*?<\/ul>/s, '')
      expect(answer.html.toLowerCase()).toContain(known[0])
      expect(leaked(canaries, { ...answer, html: rest })).toEqual([])
    }
  })

  test('holds in each only what that one gives', async () => {
    expect((await both.get(`/o/${world.there.slug}/members`)).status).toBe(403)
    expect((await both.get(`/o/${world.there.slug}/members/me`)).text).toContain(inThere.email)
    expect((await both.get(`/o/${world.here.slug}/members/${inThere.id}`)).status).toBe(404)
    expect((await both.get(`/o/${world.there.slug}/members/${world.there.person.id}`)).status).toBe(403)
  })
})

test('the same address, name and username side by side are two people', async () => {
  const email = `same.${newId()}@example.org`
  const ours = await addPerson(world.db, world.here, world.clock.now, {
    first: 'Sam',
    last: 'Same',
    email,
    invited: true,
  })
  const theirs = await addPerson(world.db, world.there, world.clock.now, {
    first: 'Sam',
    last: 'Same',
    email,
    invited: true,
  })
  const answer = await admin.get(`members?q=${email}`)
  expect(answer.text).toContain('1 person matches')
  expect(answer.html).toContain(shortId(ours.id))
  expect(answer.html).not.toContain(shortId(theirs.id))
})

test('every table has rows of the other organization, so that a leak of any would be seen', async () => {
  const rows = await dump(world.db, world.there)
  for (const table of [...organizationTables, 'organization', 'account'])
    expect([table, rows[table]?.length ?? 0]).not.toEqual([table, 0])
  expect(canaries.length).toBeGreaterThan(25)
})

test('nothing was logged', () => {
  expect(world.log).toEqual([])
})

/** The texts of a zip file's entries, by its directory at the end. */
function unzip(file: Buffer): string {
  const end = file.lastIndexOf('PK\x05\x06')
  let at = file.readUInt32LE(end + 16)
  const texts: string[] = []
  while (file.readUInt32LE(at) === 0x02014b50) {
    const [method, size] = [file.readUInt16LE(at + 10), file.readUInt32LE(at + 20)]
    const [name, extra, comment] = [28, 30, 32].map((place) => file.readUInt16LE(at + place)) as [
      number,
      number,
      number,
    ]
    const local = file.readUInt32LE(at + 42)
    const start = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28)
    const data = file.subarray(start, start + size)
    texts.push((method === 8 ? inflateRawSync(data) : data).toString('utf8'))
    at += 46 + name + extra + comment
  }
  return texts.join('\n')
}
