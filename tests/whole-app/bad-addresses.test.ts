import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { columns } from '../../src/members/list-state.ts'
import { newId, shortId } from '../../src/platform/ids.ts'
import { writePosition } from '../../src/platform/web/table.ts'
import type { Answer } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import { makeCustomRole, makeRegion, organization } from '../support/world.ts'
import { nasty, numbers } from './nasty.ts'

type World = Awaited<ReturnType<typeof organization>>
let world: World
let ids: Record<string, string>
let closeWorld: () => Promise<void>
afterAll(() => closeWorld())
beforeAll(async () => {
  // Of its own, for what is stored of anybody is counted.
  const own = await freshDatabase()
  closeWorld = own.close
  world = await organization({ database: own })
  const nordics = await makeRegion(world.db, world.here.id, 'Nordics', ['Oslo'])
  const role = await makeCustomRole(world.db, world.here.id, 'Lead')
  ids = { group: world.intake, region: nordics.id, area: nordics.areas[0] ?? '', role }
  for (let n = 0; n < 55; n++)
    await world.add({
      first: `First*${n}%`,
      last: `Last'"\\${n % 7}`,
      email: `p${n}.${newId()}@example.org`,
      group: n % 2 ? world.intake : world.here.defaultGroup,
      invited: n % 9 === 0,
      invite: n % 9 === 0 ? 'pending_activation' : '',
      twoFactor: n % 3 === 1,
    })
})

/** Nothing that came in made the program stumble. */
const expectNoStumble = (answer: Answer, what: string, statuses = [200]) => {
  expect(statuses, `${what}: ${answer.status}`).toContain(answer.status)
  expect(world.log, what).toEqual([])
}
const notice = 'Part of this address wasn’t understood'

describe('searching for anything', () => {
  test.each(nasty.map((text, n) => [n, text] as const))('%i', async (_, text) => {
    for (const browser of [world.ana, world.ana.swap, world.gus]) {
      const answer = await browser.get(`members?q=${encodeURIComponent(text)}`)
      expectNoStumble(answer, text.slice(0, 40))
      expect(answer.html).not.toContain('<script>alert')
      expect(answer.html).not.toContain('<img src=x')
    }
  })
  test('a search is cut to 200 characters, whole ones', async () => {
    const long = `${'ab'.repeat(99)}é👩🏽`
    const { html } = await world.ana.get(`members?q=${encodeURIComponent(`${long}${'x'.repeat(10_000)}`)}`)
    const value = /<input id="q"[^>]*value="([^"]*)"/.exec(html)?.[1] ?? ''
    expect([...value].length).toBe(200)
    expect(value).toBe([...`${long}${'x'.repeat(200)}`].slice(0, 200).join(''))
  })
  test('bytes that are no text are read as something', async () => {
    for (const raw of ['%ff', '%c3%28', '%ed%a0%80', '%', '%zz', '%e2%82', '+%2B+', '%u0041'])
      expectNoStumble(await world.ana.get(`members?q=${raw}`), raw)
  })
})

describe('an address that was changed by hand', () => {
  test('unknown parameters are ignored without a word', async () => {
    const [plain, odd] = [
      await world.ana.get('members'),
      await world.ana.get('members?utm_source=x&page=3&offset=1e9&__proto__=1&constructor=2&limit=100000'),
    ]
    expect(odd.html).toBe(plain.html)
  })
  const malformed = [
    'status=nonsense',
    'status=ACTIVE',
    'status=__proto__',
    'status=constructor',
    'status=toString',
    'role=root',
    'role=constructor',
    'group=1',
    'group=../x',
    'region=%00',
    'area=null',
    'two_factor=yes',
    'two_factor=ON',
    'inactive=0',
    'inactive=-1',
    'inactive=1e3',
    'inactive=99999999999',
    'inactive=30.5',
    'inactive=%2030',
    'sort=password_hash',
    'sort=constructor',
    'sort=--email',
    'sort=email,id',
    'sort=email%00',
    'after=x',
    'after=%00',
    'before=0*x*y',
    `after=${'9'.repeat(3000)}`,
  ]
  test.each(malformed)('%s falls back to the default, and the page says so', async (query) => {
    for (const browser of [world.ana, world.ana.swap]) {
      const answer = await browser.get(`members?${query}`)
      expectNoStumble(answer, query)
      expect(answer.text).toContain(notice)
      expect(answer.text).toContain('61 people'.slice(3))
    }
    expect((await world.ana.get('members')).text).not.toContain(notice)
  })
  test('an empty parameter is none', async () => {
    const plain = await world.ana.get('members')
    const empty = await world.ana.get(
      'members?q=&status=&role=&group=&region=&area=&two_factor=&inactive=&sort=&after=&before=',
    )
    expect(empty.html).toBe(plain.html)
  })
  test('repeated filters are alternatives, repeated choices the first of them', async () => {
    expectNoStumble(await world.ana.get(`members?${'status=active&'.repeat(500)}status=invited`), 'many of one')
    expectNoStumble(
      await world.ana.get(`members?${Array.from({ length: 300 }, () => `group=${newId()}`).join('&')}`),
      'many groups',
    )
    const twice = await world.ana.get('members?sort=email&sort=-status')
    expect(twice.html).toContain('aria-sort="ascending"')
    expectNoStumble(twice, 'two sorts')
    const both = await world.ana.get(`members?after=x&before=y`)
    expect(both.text).toContain(notice)
  })
})

describe('a place in the list that was tampered with', () => {
  const links = async (sort: string) => {
    const { html } = await world.ana.get(`members?sort=${sort}`)
    const href = /rel="next" href="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const after = new URL(href, 'http://x').searchParams.get('after') ?? ''
    expect(after).not.toBe('')
    return after
  }
  const values = [
    '',
    'x',
    'true',
    '%true',
    '%false',
    '%maybe',
    '-infinity',
    'infinity',
    'now',
    '2026-13-45',
    '2026-11-22T12:00:00.000Z',
    // Years that a Date has and the database hasn't.
    '-271821-04-20T00:00:00.000Z',
    '-000001-04-20T00:00:00.000Z',
    '0000-01-01T00:00:00.000Z',
    '+010000-09-13T00:00:00.000Z',
    '99999-01-01',
    '0',
    '-1',
    '9e99',
    '\u0001',
    '\u{10ffff}',
    "'",
    '\\',
    '%25',
    '%2A',
    '%',
    'a'.repeat(400),
    newId(),
  ]

  test.each(Object.keys(columns).flatMap((sort) => [sort, `-${sort}`]))(
    'sorted by %s: nothing breaks it',
    async (sort) => {
      const good = await links(sort)
      const [count = '', id = '', ...keys] = good.split('*')
      const tampered = new Set<string>()
      for (let at = 0; at < good.length; at++) {
        tampered.add(good.slice(0, at) + good.slice(at + 1))
        for (const letter of ['*', '%', 'A', '\u0000', 'é'])
          tampered.add(good.slice(0, at) + letter + good.slice(at + 1))
      }
      for (const value of values) {
        for (let at = 0; at < keys.length; at++)
          tampered.add([count, id, ...keys.map((key, n) => (n === at ? value : key))].join('*'))
        tampered.add([value, id, ...keys].join('*'))
        tampered.add([count, value, ...keys].join('*'))
        tampered.add([count, id, ...keys, value].join('*'))
        tampered.add([count, id, value, value].join('*'))
      }
      const next = numbers(sort.length)
      const some = [...tampered].filter((_, n, all) => n >= all.length - 130 || next(6) === 0)
      // The place is read and asked for in the same way among seven people; among all of them once in five times.
      for (const [n, text] of some.entries()) {
        // Of the two ways one, and in the other direction the other.
        const name = n % 2 === (sort.startsWith('-') ? 0 : 1) ? 'after' : 'before'
        const whom = n % 10 < 2 ? '' : '&status=invited'
        const answer = await world.ana.get(`members?sort=${sort}${whom}&${name}=${encodeURIComponent(text)}`)
        expectNoStumble(answer, `${name}=${text}`)
      }
    },
  )
  test('of another sort it is not taken', async () => {
    for (const [from, to] of [
      ['email', 'group'],
      ['group', 'email'],
      ['status', 'last_name'],
    ] as const)
      expect((await world.ana.get(`members?sort=${to}&after=${encodeURIComponent(await links(from))}`)).text).toContain(
        notice,
      )
  })
  test('at the very ends it gives an empty or a first page, and a way back', async () => {
    const end = encodeURIComponent(writePosition({ values: ['\u{10ffff}'], id: newId(), count: 1_000_000 }))
    const answer = await world.ana.get(`members?after=${end}`)
    expectNoStumble(answer, 'the end')
    expect(answer.html).toMatch(/rel="prev"|Nobody here/)
  })
})

test('200 addresses of random parts never stumble', async () => {
  const next = numbers(42)
  const of = <T>(list: readonly T[]): T => list[next(list.length)] as T
  const names = [
    'q',
    'status',
    'role',
    'group',
    'region',
    'area',
    'two_factor',
    'inactive',
    'sort',
    'after',
    'before',
    'x',
  ]
  const good: Record<string, string[]> = {
    status: ['active', 'invited', 'removed', 'ended'],
    role: ['admin', 'member', 'viewer', ids.role ?? ''],
    group: [ids.group ?? '', shortId(ids.group ?? '')],
    region: [ids.region ?? ''],
    area: [ids.area ?? ''],
    two_factor: ['on', 'off'],
    inactive: ['1', '30', '9999'],
    sort: Object.keys(columns).flatMap((one) => [one, `-${one}`]),
    q: ['last', 'f', 'first*1', '美玲', 'example.org'],
  }
  for (let n = 0; n < 200; n++) {
    const query = Array.from({ length: 1 + next(8) }, () => {
      const name = of(names)
      const value = next(3) > 0 && good[name] ? of(good[name]) : of(nasty).slice(0, 500)
      return `${name}=${encodeURIComponent(value)}`
    }).join('&')
    const browser = of([world.ana, world.ana.swap, world.gus, world.vera])
    expectNoStumble(
      await browser.get(`members${of(['', `/${world.mia.person.id}`, '/me'])}?${query}`),
      query,
      [200, 404],
    )
    if (n % 10 === 0) expectNoStumble(await world.ana.get(`members.csv?${query}`), query)
  }
})

test('after all of that nothing was logged', () => {
  expect(world.log).toEqual([])
})
