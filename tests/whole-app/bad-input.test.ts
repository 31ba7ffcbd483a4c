import { request as httpRequest } from 'node:http'
import { type AddressInfo, connect as connectSocket } from 'node:net'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { routesOf } from '../../src/app.tsx'
import { columns } from '../../src/members/list-state.ts'
import { newId, shortId } from '../../src/platform/ids.ts'
import { signLink } from '../../src/platform/links.ts'
import type { App } from '../../src/platform/web/app-context.ts'
import { Failure } from '../../src/platform/web/failures.ts'
import { readForm } from '../../src/platform/web/form.ts'
import { createHttpServer } from '../../src/platform/web/serve.ts'
import { writePosition } from '../../src/platform/web/table.ts'
import { setUpToken } from '../../src/set-up/token.ts'
import { actOn } from '../support/acts.ts'
import { type Answer, Browser } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import { makeCustomRole, makeRegion, organization, startApp } from '../support/world.ts'
import { dump } from './everybody.ts'

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

/** The same numbers in every run, so that what is found can be found again. */
function numbers(seed: number) {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const nasty = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\u0001',
  '\u0007\u001b[31m',
  '\t\r\n',
  '\u200e\u202eevil',
  '\ufeff',
  '\ufffd',
  '\u{10ffff}',
  '👩‍👩‍👧‍👦',
  'Z̷͑a̶͠l̴͝g̸o̵',
  'İıſK',
  'ﷺ'.repeat(30),
  '%',
  '_',
  '%%%',
  '\\',
  '\\\\%',
  "'",
  "'; drop table membership; --",
  "' or '1'='1",
  '"',
  '$1',
  '$$',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  'javascript:alert(1)',
  '../../etc/passwd',
  'null',
  'undefined',
  'NaN',
  'true',
  '-0',
  '1e309',
  '9'.repeat(400),
  'a'.repeat(10_000),
  `\u202e${'b'.repeat(199)}`,
  '()[]{}^$*+?.|',
  '🇩🇪'.repeat(150),
  'a '.repeat(5000),
]

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
      // The place is read and asked for in the same way among seven people; among all of them once in ten times.
      for (const [n, text] of some.entries())
        for (const name of ['after', 'before']) {
          const whom = n % 10 === 0 ? '' : '&status=invited'
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

/** Every form of the app where it can be filled in, with what it takes. */
type Form = { route: string; browser: () => Promise<Browser>; path: () => string; fields: Record<string, string> }
let first: ReturnType<typeof startApp>
let closeFirst: () => Promise<void>
beforeAll(async () => {
  const database = await freshDatabase()
  closeFirst = database.close
  first = startApp(database)
})
afterAll(() => closeFirst())

const password = 'a bridge over the quiet river'
const forms: Form[] = [
  {
    route: 'POST /sign-in',
    browser: async () => new Browser(world.app),
    path: () => '/sign-in',
    fields: { login: 'nobody@example.org', password, next: '/' },
  },
  {
    route: 'POST /sign-in/new-password',
    browser: async () => {
      const person = await world.enter({ first: 'Nina' })
      await world.db
        .updateTable('session')
        .set({ stage: 'new_password' })
        .where('account_id', '=', person.person.accountId ?? '')
        .execute()
      await world.db
        .updateTable('account')
        .set({ must_change_password: true })
        .where('id', '=', person.person.accountId ?? '')
        .execute()
      return person
    },
    path: () => '/sign-in/new-password',
    fields: { password, password_again: password, next: '/' },
  },
  { route: 'POST /sign-out', browser: async () => new Browser(world.app), path: () => '/sign-out', fields: {} },
  {
    route: 'POST /reset-password/:token',
    browser: async () => new Browser(world.app),
    path: () => resetPath,
    fields: { password, password_again: password },
  },
  // What it carries is no text: it works, or it doesn't.
  {
    route: 'POST /confirm-email',
    browser: async () => new Browser(world.app),
    path: () => '/confirm-email',
    fields: {},
  },
  {
    route: 'POST /setup',
    browser: async () => new Browser(first.app),
    path: () => `/setup?token=${setUpToken(first.services.key)}`,
    fields: {
      organization: 'Lantern Claims',
      first_name: 'Ada',
      last_name: 'Admin',
      email: 'ada@example.org',
      password,
      password_again: password,
    },
  },
]
for (const name of ['suspend', 'reactivate'])
  forms.push({
    route: `POST /o/:slug/members/:id/${name}`,
    browser: async () => world.ana,
    path: () => `/o/${world.here.slug}/${actOn((name === 'suspend' ? world.mia : world.ian).person, name)}`,
    fields: { version: '1' },
  })
forms.push({
  route: 'POST /o/:slug/members/:id/edit',
  browser: async () => world.ana,
  path: () => `/o/${world.here.slug}/${actOn(world.dev.person, 'edit')}`,
  fields: {
    version: '1',
    first_name: 'A',
    last_name: 'B',
    title: 'C',
    cell_phone: '1',
    office_phone: '2',
    extension: '3',
  },
})
forms.push({
  route: 'POST /o/:slug/members/:id/access',
  browser: async () => world.ana,
  path: () => `/o/${world.here.slug}/${actOn(world.vera.person, 'access')}`,
  get fields() {
    return { version: '1', role: 'viewer', group: shortId(world.here.defaultGroup) }
  },
})
forms.push({
  route: 'POST /o/:slug/members/:id/dates',
  browser: async () => world.ana,
  path: () => `/o/${world.here.slug}/${actOn(world.gus.person, 'dates')}`,
  fields: { version: '1', starts_on: '', ends_on: '2030-01-01' },
})
/** Acts on how somebody signs in. */
const more: Record<string, Record<string, string>> = {
  account: { username: 'vera.v', email: 'vera.v@example.org' },
  'account/cancel': {},
  unblock: {},
  'sign-out': {},
  password: { how: 'typed', password, password_again: password },
  'reset-link': { block_now: 'on' },
}
for (const [name, fields] of Object.entries(more))
  forms.push({
    route: `POST /o/:slug/members/:id/${name}`,
    browser: async () => world.ana,
    path: () => `/o/${world.here.slug}/${actOn(name === 'unblock' ? blocked : world.vera.person, name)}`,
    fields: { version: '1', ...fields },
  })
forms.push(
  {
    route: 'POST /o/:slug/members/:id/remove',
    browser: async () => world.ana,
    path: () => `/o/${world.here.slug}/${actOn(world.vera.person, 'remove')}`,
    fields: { version: '1', reason: 'moved on' },
  },
  {
    route: 'POST /o/:slug/members/:id/take-back',
    browser: async () => world.ana,
    path: () => `/o/${world.here.slug}/${actOn(removed, 'take-back')}`,
    fields: { version: '1' },
  },
)
forms.push(
  {
    route: 'POST /o/:slug/members/new',
    browser: async () => world.ana,
    path: () => `/o/${world.here.slug}/members/new`,
    fields: { key: newId(), email: 'new.person@example.org' },
  },
  {
    route: 'POST /o/:slug/members/new/:draft/:step',
    browser: async () => world.ana,
    path: () => `/o/${world.here.slug}/members/new/${draft}/confirm`,
    fields: { key: newId(), version: '1', how: 'typed', password, password_again: password },
  },
)
const draft = newId()
let blocked: { id: string }
let removed: { id: string }
for (const [path, fields] of [
  ['groups/new', { key: newId(), name: 'Intake desk' }],
  ['groups/:id', { version: '1', name: 'Intake' }],
  ['groups/:id/delete', { version: '1' }],
  ['roles/new', { key: newId(), name: 'Claims lead', description: 'Leads' }],
  ['roles/:id', { version: '1', name: 'Claims lead', description: 'Leads' }],
  ['roles/:id/delete', { version: '1' }],
  ['regions/new', { key: newId(), name: 'Nordics' }],
  ['regions/:id', { version: '1', name: 'Nordics' }],
  ['regions/:id/delete', { version: '1' }],
  ['regions/:id/new-area', { key: newId(), name: 'Oslo' }],
  ['regions/areas/:id', { version: '1', name: 'Oslo' }],
  ['regions/areas/:id/delete', { version: '1' }],
] as [path: string, fields: Record<string, string>][])
  forms.push({
    route: `POST /o/:slug/${path}`,
    browser: async () => world.ana,
    path: () => `/o/${world.here.slug}/${path.replace(':id', ids[/(\w+)s\/:id/.exec(path)?.[1] ?? ''] ?? '')}`,
    fields,
  })
let resetPath = ''
beforeAll(async () => {
  blocked = await world.add({ first: 'Bo', blocked: true })
  removed = await world.add({ first: 'Remy', removed: true })
  await world.db
    .insertInto('draft')
    .values({
      id: draft,
      organization_id: world.here.id,
      account_id: world.ana.person.accountId ?? '',
      kind: 'add',
      data: {
        email: 'drafted@example.org',
        email_key: 'drafted@example.org',
        contact: { first_name: 'D', last_name: '', title: '', cell_phone: '', office_phone: '', extension: '' },
        access: { role: 'member', group: world.here.defaultGroup, manages: false, customRoles: [], permissions: [] },
      },
      created_at: world.clock.now,
    })
    .execute()
  const id = world.dev.person.accountId ?? ''
  await world.db
    .updateTable('account')
    .set({ reset_generation: 1, reset_expires_at: new Date(world.clock.now.getTime() + 600_000) })
    .where('id', '=', id)
    .execute()
  resetPath = `/reset-password/${signLink({ kind: 'reset', id, generation: 1, channel: 'copy' }, world.services.key)}`
})
/** Fields that nobody types. */
const untyped = ['next', 'version', 'key', 'how', 'block_now']
const withBody = forms.filter(({ route }) => route !== 'POST /sign-out')

test('these are all forms of the app', () => {
  expect(forms.map(({ route }) => route).sort()).toEqual(
    routesOf(world.app)
      .map(({ method, path }) => `${method} ${path}`)
      .filter((route) => route.startsWith('POST '))
      .sort(),
  )
})

test('a form holds at most 100 fields, a list too (R-33)', async () => {
  const app = new Hono<App>()
    .post('/lists', async (c) => c.json((await readForm(c, z.object({ one: z.array(z.string()) }))).input))
    .onError((error, c) => c.text('', error instanceof Failure ? (error.status as 400) : 500))
  const send = (count: number) =>
    app.request('/lists', {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: Array(count).fill('one=a').join('&'),
    })
  expect((await send(100)).status).toBe(200)
  expect((await send(101)).status).toBe(400)
})

/** What is stored before and after: a form that is refused changes none of it. */
const stored = async () => ({
  here: await dump(world.db, world.here),
  events: (await world.db.selectFrom('event').select('id').execute()).length,
  first: await Promise.all(
    (['organization', 'account', 'membership', 'event'] as const).map((table) =>
      first.db.selectFrom(table).selectAll().execute(),
    ),
  ),
})

describe('only our own pages send forms (R-24)', () => {
  const own = 'http://localhost:3000'
  const variants: [headers: Record<string, string>, taken: boolean][] = [
    [{ 'Sec-Fetch-Site': 'same-origin' }, true],
    [{ 'Sec-Fetch-Site': 'same-site', Origin: own }, false],
    [{ 'Sec-Fetch-Site': 'cross-site', Origin: own, Referer: `${own}/sign-in` }, false],
    [{ 'Sec-Fetch-Site': 'none' }, false],
    [{ 'Sec-Fetch-Site': '' }, false],
    [{ Origin: own }, true],
    [{ Origin: 'http://127.0.0.1:3000' }, true],
    [{ Origin: 'http://evil.example', Referer: `${own}/sign-in` }, false],
    [{ Origin: 'null' }, false],
    [{ Origin: 'https://localhost:3000' }, false],
    [{ Origin: 'http://localhost:3000.evil.example' }, false],
    [{ Referer: `${own}/sign-in` }, true],
    [{ Referer: 'http://evil.example/localhost:3000/' }, false],
    [{ Referer: 'nonsense' }, false],
    [{}, false],
  ]
  const types = [
    'application/x-www-form-urlencoded',
    'text/plain',
    'application/json',
    'multipart/form-data; boundary=x',
  ]

  test.each(forms)('$route', async ({ browser, path }) => {
    for (const [headers, taken] of variants)
      for (const type of types) {
        const from = await browser()
        const answer = await from.send('POST', path(), { body: 'x=1', headers: { 'Content-Type': type, ...headers } })
        expect([headers, answer.status === 403]).toEqual([headers, !taken])
        if (!taken) expect(answer.headers.getSetCookie()).toEqual([])
      }
  })
})

describe('a form that no page of ours makes', () => {
  test.each(withBody)('$route takes forms alone: any other content is 415', async ({ browser, path, fields }) => {
    const from = await browser()
    const before = await stored()
    const own = { 'Sec-Fetch-Site': 'same-origin' }
    for (const type of [
      'application/json',
      'text/plain',
      'multipart/form-data; boundary=x',
      'text/xml',
      'application/x-www-form-urlencodedx',
      '',
    ]) {
      const answer = await from.send('POST', path(), {
        body: JSON.stringify(fields),
        headers: { ...own, 'Content-Type': type },
      })
      expect([type, answer.status]).toEqual([type, 415])
    }
    expect((await from.send('POST', path(), { headers: own })).status).toBe(415)
    expect(summary(await stored())).toEqual(summary(before))
  })

  const extra = [
    'role',
    'organization_role',
    'organization_id',
    'owner',
    'verified',
    'email_verified_at',
    'status',
    'is_support',
    'id',
    '__proto__',
    'constructor',
    'toString',
    'LOGIN',
    'password[]',
    '',
  ]
  test.each(withBody)(
    '$route takes the fields that it lists: another one is 400, and nothing is stored (R-42)',
    async ({ browser, path, fields }) => {
      const from = await browser()
      const before = await stored()
      for (const name of extra.filter((one) => !(one in fields))) {
        const answer = await from.post(path(), withField(fields, name))
        expect([name, answer.status]).toEqual([name, 400])
      }
      for (const name of Object.keys(fields)) {
        const answer = await from.post(path(), { ...fields, [name]: [fields[name] ?? '', 'again'] })
        expect([name, answer.status]).toEqual([name, 400])
      }
      const many = await from.send('POST', path(), {
        body: Array.from({ length: 101 }, (_, n) => `f${n}=`).join('&'),
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Sec-Fetch-Site': 'same-origin' },
      })
      expect(many.status).toBe(400)
      expect(summary(await stored())).toEqual(summary(before))
    },
  )

  test.each(withBody)(
    '$route says beside each field that it takes no control characters (R-32)',
    async ({ browser, path, fields }) => {
      const from = await browser()
      const before = await stored()
      for (const name of Object.keys(fields).filter((one) => !untyped.includes(one)))
        for (const text of ['a\0b', 'a\u0007b', 'a\u001bb', 'a\u007fb', 'a\nb', 'a\tb', 'a\rb']) {
          const answer = await from.post(path(), { ...fields, [name]: fields[name] + text })
          expect([name, JSON.stringify(text), answer.status]).toEqual([name, JSON.stringify(text), 422])
          expect(answer.html).toMatch(new RegExp(`id="${name}-error".{0,300}control characters`, 's'))
        }
      expect(summary(await stored())).toEqual(summary(before))
    },
  )

  test.each(withBody)('$route reads whatever is typed, and shows it as text', async ({ browser, path, fields }) => {
    const from = await browser()
    for (const name of Object.keys(fields).filter((one) => one !== 'version'))
      for (const text of nasty) {
        // One field wrong on purpose, so that the form always comes back.
        const wrong: Record<string, string> =
          'password_again' in fields
            ? { password_again: 'not the same' }
            : 'version' in fields
              ? { version: 'none' }
              : 'key' in fields
                ? { key: 'none' }
                : 'version' in fields
                  ? { version: 'none' }
                  : { password: '' }
        const answer = await from.post(path(), { ...fields, ...wrong, [name]: text })
        expect([200, 303, 422, 429], `${name} ${text.slice(0, 30)} ${answer.status}`).toContain(answer.status)
        expect(answer.html).not.toContain('<script>alert')
        expect(answer.html).not.toContain('<img src=x')
      }
    expect(world.log).toEqual([])
    expect(first.log).toEqual([])
  })

  test.each(withBody)(
    '$route: more than 64 KiB is 413, and the connection closes (R-33)',
    async ({ browser, path, fields }) => {
      const from = await browser()
      const name = Object.keys(fields)[0] ?? ''
      const just = await from.post(path(), { [name]: 'a'.repeat(64 * 1024 - name.length - 1) })
      expect(just.status).not.toBe(413)
      const more = await from.post(path(), { [name]: 'a'.repeat(64 * 1024 - name.length) })
      expect([more.status, more.headers.get('connection')]).toEqual([413, 'close'])
      // A length that lies is counted too.
      const lies = await from.send('POST', path(), {
        body: `${name}=${'a'.repeat(70_000)}`,
        headers: {
          'Content-Type': 'application/x-www-form-urlencoded',
          'Sec-Fetch-Site': 'same-origin',
          'Content-Length': '10',
        },
      })
      expect(lies.status).toBe(413)
    },
  )
})

const summary = (all: Awaited<ReturnType<typeof stored>>) => ({
  events: all.events,
  first: all.first,
  // What is noted of a visit is no answer to a form.
  here: Object.fromEntries(Object.entries(all.here).filter(([table]) => !['session'].includes(table))),
})
/** `{ ...fields, __proto__: x }` would set no field. */
const withField = (fields: Record<string, string>, name: string): Record<string, string> => {
  const all = Object.assign(Object.create(null), fields) as Record<string, string>
  Object.defineProperty(all, name, { value: 'admin', enumerable: true })
  return all
}

describe('on the wire', () => {
  const servers: ReturnType<typeof createHttpServer>[] = []
  let port = 0
  beforeAll(async () => {
    const server = createHttpServer(world.app, () => false)
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => {
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
  })
  const headers = {
    Host: 'localhost:3000',
    'Sec-Fetch-Site': 'same-origin',
    'Content-Type': 'application/x-www-form-urlencoded',
  }
  /** Sends raw bytes and gives what comes back until the server closes, or for `wait` ms. */
  const raw = (text: string, wait = 3000) =>
    new Promise<string>((resolve) => {
      let found = ''
      const socket = connectSocket(port, '127.0.0.1', () => socket.write(text))
      const done = () => {
        socket.destroy()
        resolve(found)
      }
      socket.setTimeout(wait, done)
      socket.on('data', (part) => (found += part))
      socket.on('close', done)
      socket.on('error', () => {})
    })
  const alive = async () =>
    expect(await raw('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toContain('200 OK')

  test('a body without end is stopped at 64 KiB', async () => {
    const found = await new Promise<{ status: number; sent: number; connection: string | undefined }>(
      (resolve, reject) => {
        let sent = 0
        let done = false
        const asked = httpRequest(
          {
            port,
            host: '127.0.0.1',
            method: 'POST',
            path: '/sign-in',
            headers: { ...headers, 'Transfer-Encoding': 'chunked' },
          },
          (answer) => {
            done = true
            answer.resume()
            resolve({ status: answer.statusCode ?? 0, sent, connection: answer.headers.connection })
            asked.destroy()
          },
        )
        asked.on('error', (error) => done || reject(error))
        const more = () => {
          if (done || sent > 20_000_000) return
          sent += 4096
          asked.write(Buffer.alloc(4096, 'a'), () => setTimeout(more, 1))
        }
        more()
      },
    )
    expect(found.status).toBe(413)
    expect(found.connection).toBe('close')
    expect(found.sent).toBeLessThan(2_000_000)
    await alive()
  })

  const post = (more: string, body = '') =>
    `POST /sign-in HTTP/1.1\r\n${Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\r\n')}\r\n${more}\r\n\r\n${body}`
  test.each([
    ['a length and chunks at once', () => post('Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n'), 400],
    ['two lengths', () => post('Content-Length: 5\r\nContent-Length: 6', 'a=bcd'), 400],
    ['a length that is none', () => post('Content-Length: -1'), 400],
    ['a chunk size that is none', () => post('Transfer-Encoding: chunked', 'zz\r\n'), 400],
    ['another transfer encoding', () => post('Transfer-Encoding: gzip', 'x'), 400],
    ['20 KiB of headers', () => `GET / HTTP/1.1\r\nHost: localhost:3000\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    ['an address of 20 KiB', () => `GET /?q=${'a'.repeat(20_000)} HTTP/1.1\r\nHost: localhost:3000\r\n\r\n`, 431],
    ['a header line without a colon', () => 'GET / HTTP/1.1\r\nHost: localhost:3000\r\nnonsense\r\n\r\n', 400],
    ['no host at all', () => 'GET / HTTP/1.1\r\n\r\n', 400],
    ['no HTTP', () => 'HELO there\r\n\r\n', 400],
    ['TLS', () => '\x16\x03\x01\x02\x00\x01\x00', 400],
    ['a method that doesn’t exist', () => 'BREW / HTTP/1.1\r\nHost: localhost:3000\r\n\r\n', 400],
    ['TRACE', () => 'TRACE /sign-in HTTP/1.1\r\nHost: localhost:3000\r\nConnection: close\r\n\r\n', 405],
    ['CONNECT', () => 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n', 0],
    [
      'an address with a scheme and another host',
      () => 'GET http://evil.example/sign-in HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
      421,
    ],
    ['an asterisk', () => 'OPTIONS * HTTP/1.1\r\nHost: localhost:3000\r\nConnection: close\r\n\r\n', 400],
    [
      'two slashes',
      () => 'GET //evil.example/sign-in HTTP/1.1\r\nHost: localhost:3000\r\nConnection: close\r\n\r\n',
      404,
    ],
    ['dots', () => 'GET /static/../../package.json HTTP/1.1\r\nHost: localhost:3000\r\nConnection: close\r\n\r\n', 404],
    [
      'encoded dots',
      () => 'GET /static/%2e%2e/%2e%2e/package.json HTTP/1.1\r\nHost: localhost:3000\r\nConnection: close\r\n\r\n',
      404,
    ],
    ['a NUL in the address', () => 'GET /\0 HTTP/1.1\r\nHost: localhost:3000\r\n\r\n', 400],
    [
      'HEAD with a body',
      () => 'HEAD /sign-in HTTP/1.1\r\nHost: localhost:3000\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc',
      200,
    ],
    [
      'GET with a body',
      () => 'GET /sign-in HTTP/1.1\r\nHost: localhost:3000\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc',
      200,
    ],
  ])('%s', async (_, text, status) => {
    const answer = await raw(text())
    expect(Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)).toBe(status)
    expect(answer).not.toMatch(/stack|node_modules|\/src\//)
    await alive()
  })
  test('of two requests in one packet nobody’s answer goes to the other', async () => {
    const one = 'GET /healthz HTTP/1.1\r\nHost: localhost:3000\r\n\r\n'
    const two = 'GET /nothing HTTP/1.1\r\nHost: localhost:3000\r\nConnection: close\r\n\r\n'
    const answer = await raw(one + two)
    expect([...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => status)).toEqual(['200', '404'])
  })
  test('no answer tells what serves it', async () => {
    const answer = await raw('GET /sign-in HTTP/1.1\r\nHost: localhost:3000\r\nConnection: close\r\n\r\n')
    expect(answer).toContain('HTTP/1.1 200')
    expect(answer).not.toMatch(/^(server|x-powered-by|via):/im)
  })
})

test('after all of that nothing was logged', () => {
  expect(world.log).toEqual([])
  expect(first.log).toEqual([])
})
