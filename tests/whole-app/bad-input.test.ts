import { request as httpRequest } from 'node:http'
import { type AddressInfo, connect as connectSocket } from 'node:net'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createApp, routesOf } from '../../src/app.tsx'
import { newId, shortId } from '../../src/platform/ids.ts'
import { signLink } from '../../src/platform/links.ts'
import type { App } from '../../src/platform/web/app-context.ts'
import { Failure } from '../../src/platform/web/failures.ts'
import { readForm } from '../../src/platform/web/form.ts'
import { createHttpServer } from '../../src/platform/web/serve.ts'
import { setUpToken } from '../../src/set-up/token.ts'
import { invite } from '../joining/invited.ts'
import { actOn } from '../support/acts.ts'
import { Browser } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import { makeCustomRole, makeRegion, organization, startApp } from '../support/world.ts'
import { sam } from '../support-staff/sam.ts'
import { fingerprint } from './everybody.ts'
import { nasty } from './nasty.ts'

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
})

/** Every form of the app where it can be filled in, with what it takes. */
type Form = {
  route: string
  browser: () => Promise<Browser>
  path: () => string
  fields: Record<string, string>
  /** Of these fields those that take several lines, and how many bytes the form takes where lists are pasted. */
  lines?: string[]
  most?: number
  /** What makes the form come back whatever else is in it, where that isn't one of the fields that many have. */
  wrong?: Record<string, string>
  /** Makes it ready to be sent once more, where what came last could have been right. */
  again?: () => Promise<void>
}
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
    route: 'POST /restore-email',
    browser: async () => new Browser(world.app),
    path: () => '/restore-email',
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
/** A browser in the middle of signing in, each time of somebody else; who must enroll has begun. */
const halfway = async (stage: 'password' | 'enroll') => {
  const person = await world.enter({ first: 'Nina' })
  await world.db
    .updateTable('session')
    .set({ stage })
    .where('account_id', '=', person.person.accountId ?? '')
    .execute()
  if (stage === 'enroll') await person.post('/sign-in/enroll', { start: 'on' })
  return person
}
const begun = async () => {
  await world.ana.post('/profile/security/two-factor', { start: 'on' })
  return world.ana
}
for (const [route, fields, browser] of [
  ['/sign-in/two-factor', { code: '123456', next: '/' }, () => halfway('password')],
  ['/sign-in/backup-code', { code: '12345-ABCDE', next: '/' }, () => halfway('password')],
  ['/sign-in/enroll', { code: '123456', enrollment: newId() }, () => halfway('enroll')],
  ['/sign-in/enroll/backup-codes', { saved: 'on', enrollment: newId() }, () => halfway('enroll')],
  ['/confirm', { confirm_password: password, next: '/' }, async () => world.ana],
  ['/profile/security/two-factor', { code: '123456', enrollment: newId() }, begun],
  ['/profile/security/two-factor/off', { off: 'on' }, begun],
  ['/profile/security/backup-codes', { saved: 'on', enrollment: newId() }, begun],
] as const)
  forms.push({ route: `POST ${route}`, browser, path: () => route, fields })
for (const name of ['suspend', 'reactivate'])
  forms.push({
    route: `POST /o/:slug/members/:id/${name}`,
    browser: async () => world.ana,
    path: () => `/o/${world.here.slug}/${actOn((name === 'suspend' ? world.mia : world.ian).person, name)}`,
    fields: { version: '1' },
  })
const exempting: Record<string, Record<string, string>> = {
  exempt: { until: '2026-12-01', reason: 'Why' },
  'end-exemption': {},
}
for (const [name, fields] of Object.entries(exempting))
  forms.push({
    route: `POST /o/:slug/members/:id/${name}`,
    browser: async () => {
      await world.db
        .updateTable('organization')
        .set({ two_factor_from: '2027-01-01' })
        .where('id', '=', world.here.id)
        .execute()
      const exempt = { organization_id: world.here.id, until: '2026-12-01', reason: 'x', given_at: world.clock.now }
      await world.db
        .insertInto('two_factor_exemption')
        .values({ ...exempt, membership_id: world.ian.person.id })
        .onConflict((of) => of.doNothing())
        .execute()
      return world.ana
    },
    path: () => `/o/${world.here.slug}/${actOn(world.ian.person, name)}`,
    fields: { version: '1', ...fields },
  })
forms.push({
  route: 'POST /o/:slug/members/:id/picture',
  browser: async () => {
    const mia = world.db.updateTable('membership').where('organization_id', '=', world.here.id)
    await mia
      .set({ avatar: 'A'.repeat(22) })
      .where('id', '=', world.mia.person.id)
      .execute()
    return world.ana
  },
  path: () => `/o/${world.here.slug}/${actOn(world.mia.person, 'picture')}`,
  fields: { picture: 'A'.repeat(22) },
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
  'reset-two-factor': {},
}
for (const [name, fields] of Object.entries(more))
  forms.push({
    route: `POST /o/:slug/members/:id/${name}`,
    browser: async () => world.ana,
    path: () =>
      `/o/${world.here.slug}/${actOn(name === 'unblock' ? blocked : name === 'reset-two-factor' ? secured : world.vera.person, name)}`,
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
// Each form of an invitation says what they get: of what isn't there, as here, it is told.
const terms = { role: 'member', group: 'none', days: '7', message: 'Welcome' }
for (const [path, fields, more] of [
  [
    'new',
    { key: newId(), email: 'new.invitee@example.org', first_name: 'New', last_name: 'Invitee', ...terms },
    { lines: ['message'] },
  ],
  [
    'new/several',
    { key: newId(), addresses: 'one@example.org', ...terms },
    { lines: ['message', 'addresses'], most: 1024 * 1024 },
  ],
  ['new/several/:draft', { version: '1' }, {}],
  [
    'new/several/:draft/list',
    { addresses: 'one@example.org', ...terms, days: 'none' },
    { lines: ['message', 'addresses'], most: 1024 * 1024 },
  ],
  [':id/approve', { version: '1' }, {}],
  [':id/deny', { reason: 'No seat', version: '1' }, { lines: ['reason'] }],
] as [path: string, fields: Record<string, string>, more: Partial<Form>][])
  forms.push({
    route: `POST /o/:slug/invitations/${path}`,
    browser: async () => world.ana,
    path: () => `/o/${world.here.slug}/invitations/${path.replace(':draft', list).replace(':id', waiting)}`,
    fields,
    ...more,
  })
forms.push({
  route: 'POST /o/:slug/settings/security',
  browser: async () => world.ana,
  path: () => `/o/${world.here.slug}/settings/security`,
  fields: { version: '1', days: '7', domains: 'example.org' },
  lines: ['domains'],
})
forms.push({
  route: 'POST /o/:slug/settings/security/two-factor',
  browser: async () => world.ana,
  path: () => `/o/${world.here.slug}/settings/security/two-factor`,
  fields: { version: '1', from: '' },
})
/** Of each a mail was sent and nobody answered; what carries a token says by that which one it is. */
const sent = { version: '1', days: '7' }
let invited: Awaited<ReturnType<typeof invite>>
for (const [name, fields] of Object.entries({
  resend: sent,
  address: { ...sent, email: 'another.one@example.org' },
  link: { version: '1' },
  revoke: { version: '1' },
}))
  forms.push({
    route: `POST /o/:slug/invitations/:id/${name}`,
    browser: async () => world.ana,
    path: () => `/o/${world.here.slug}/invitations/${invited.id}/${name}`,
    fields,
  })
const joining = { token: '', first_name: 'Nora', last_name: 'New', password, password_again: password }
const declining = { token: '', reason: 'Not me' }
const asking = { token: '', ask: 'on' }
const switching = { token: '', switch: 'on' }
for (const [path, fields, more] of [
  ['/join', joining, {}],
  [
    '/join/decline',
    declining,
    {
      wrong: {},
      again: async () => {
        declining.token = (await invite(world)).tokenOf()
      },
    },
  ],
  ['/join/ask', asking, { wrong: {} }],
  ['/join/switch', switching, { wrong: {} }],
] as [path: string, fields: Record<string, string>, more: Partial<Form>][])
  forms.push({ route: `POST ${path}`, browser: async () => new Browser(world.app), path: () => path, fields, ...more })
let support: Awaited<ReturnType<typeof sam>>
for (const [path, fields, id] of [
  ['invitations/:id/resend', sent, () => invited.id],
  ['people/:id/reset-link', { version: '1' }, () => world.mia.person.accountId],
  ['people/:id/unblock', { version: '1' }, () => blocked.accountId],
] as [path: string, fields: Record<string, string>, id: () => string][])
  forms.push({
    route: `POST /support/${path}`,
    browser: async () => support,
    path: () => `/support/${path.replace(':id', id())}`,
    fields,
  })
const list = newId()
const waiting = newId()
const draft = newId()
let blocked: { id: string; accountId: string | null }
let secured: { id: string }
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
const atHerProfile = async (first: string) => {
  const her = await world.enter({ first })
  // Her visit is noted before what is stored is counted.
  await her.get('/profile')
  return her
}
forms.push(
  {
    route: 'POST /o/:slug/profile',
    browser: async () => world.dev,
    path: () => `/o/${world.here.slug}/profile`,
    fields: {
      version: '1',
      first_name: 'A',
      last_name: 'B',
      title: 'C',
      cell_phone: '1',
      office_phone: '2',
      extension: '3',
    },
  },
  // What a file may be: avatars/picture.test.ts.
  {
    route: 'POST /o/:slug/profile/avatar',
    browser: async () => world.dev,
    path: () => `/o/${world.here.slug}/profile/avatar`,
    fields: {},
  },
  {
    route: 'POST /o/:slug/profile/avatar/remove',
    browser: async () => world.dev,
    path: () => `/o/${world.here.slug}/profile/avatar/remove`,
    fields: { remove: 'on' },
  },
)
for (const [route, fields, browser] of [
  [
    '/forgotten-password',
    { email: 'nobody@example.org' },
    async () => new Browser(createApp({ ...world.services, mailing: true })),
  ],
  ['/profile/sessions', { end: 'others' }, async () => world.ana],
  ['/profile', { version: '1', username: 'pippa', email: 'nobody@example.org' }, () => atHerProfile('Pippa')],
  ['/profile/cancel', { version: '1' }, () => atHerProfile('Paula')],
  ['/profile/time-zone', { time_zone: 'UTC' }, () => atHerProfile('Petra')],
  [
    '/profile/security/password',
    { current_password: password, password, password_again: password },
    async () => {
      const nina = await world.enter({ first: 'Nina' })
      // Her visit is noted before what is stored is counted.
      await nina.get('/profile/security')
      return nina
    },
  ],
] as const)
  forms.push({ route: `POST ${route}`, browser, path: () => route, fields })
let resetPath = ''
beforeAll(async () => {
  invited = await invite(world)
  for (const fields of [joining, declining, asking, switching]) fields.token = (await invite(world)).tokenOf()
  support = await sam(world)
  blocked = await world.add({ first: 'Bo', blocked: true })
  secured = await world.add({ first: 'Sue', twoFactor: true })
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
        how: 'now',
        access: { role: 'member', group: world.here.defaultGroup, manages: false, customRoles: [], permissions: [] },
      },
      created_at: world.clock.now,
    })
    .execute()
  await world.db
    .insertInto('draft')
    .values({
      id: list,
      organization_id: world.here.id,
      account_id: world.ana.person.accountId ?? '',
      kind: 'several',
      data: { text: '', list: { entries: [], more: 0 }, days: 7, message: '' },
      created_at: world.clock.now,
    })
    .execute()
  const wanda = await world.add({ first: 'Wanda', invited: true, invite: 'pending_approval' })
  await world.db
    .insertInto('invitation')
    .values({
      id: waiting,
      organization_id: world.here.id,
      membership_id: wanda.id,
      email: wanda.email,
      email_key: wanda.email,
      organization_role: 'member',
      offer: { group_id: world.here.defaultGroup },
      group_id: world.here.defaultGroup,
      status: 'pending_approval',
      approval: 'waiting',
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
const untyped = [
  'next',
  'version',
  'key',
  'token',
  'how',
  'block_now',
  'enrollment',
  'saved',
  'off',
  'ask',
  'switch',
  'end',
  'remove',
  'picture',
]

const withBody = forms.filter(({ route }) => route !== 'POST /sign-out' && !route.endsWith('/profile/avatar'))

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

/** What is stored before and after: a form that is refused changes none of it. What is noted of a visit is no answer to a form. */
const stored = async () => {
  const [here, firstStart] = await Promise.all([fingerprint(world.db), fingerprint(first.db)])
  return { here, first: firstStart }
}

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
    expect(await stored()).toEqual(before)
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
      expect(await stored()).toEqual(before)
    },
  )

  test.each(withBody)(
    '$route says beside each field that it takes no control characters (R-32)',
    async ({ route, browser, path, fields, lines = [] }) => {
      const from = await browser()
      // The look of support staff is noted with the first page of the hour.
      if (route.includes('/support/')) await from.get(path())
      const before = await stored()
      for (const name of Object.keys(fields).filter((one) => !untyped.includes(one)))
        for (const text of [
          ...['a\0b', 'a\u0007b', 'a\u001bb', 'a\u007fb'],
          ...(lines.includes(name) ? [] : ['a\nb', 'a\tb', 'a\rb']),
        ]) {
          const answer = await from.post(path(), { ...fields, [name]: fields[name] + text })
          expect([name, JSON.stringify(text), answer.status]).toEqual([name, JSON.stringify(text), 422])
          expect(answer.html).toMatch(new RegExp(`id="${name}-error".{0,300}control characters`, 's'))
        }
      expect(await stored()).toEqual(before)
    },
  )

  test.each(withBody)('$route reads whatever is typed, and shows it as text', async (form) => {
    const { path, fields, wrong = wrongIn(fields), again } = form
    const from = await form.browser()
    // A token that is none opens nothing, and no form comes back.
    const known = (name: string) => (name === 'token' ? [200, 303, 410, 422, 429] : [200, 303, 422, 429])
    for (const name of Object.keys(fields).filter((one) => one !== 'version'))
      for (const text of nasty) {
        await again?.()
        const answer = await from.post(path(), { ...fields, ...wrong, [name]: text })
        expect(known(name), `${name} ${text.slice(0, 30)} ${answer.status}`).toContain(answer.status)
        expect(answer.html).not.toContain('<script>alert')
        expect(answer.html).not.toContain('<img src=x')
      }
    expect(world.log).toEqual([])
    expect(first.log).toEqual([])
  })

  test.each(withBody)(
    '$route: more than 64 KiB is 413, and the connection closes (R-33)',
    async ({ browser, path, fields, most = 64 * 1024 }) => {
      const from = await browser()
      const name = Object.keys(fields)[0] ?? ''
      const just = await from.post(path(), { [name]: 'a'.repeat(most - name.length - 1) })
      expect(just.status).not.toBe(413)
      const more = await from.post(path(), { [name]: 'a'.repeat(most - name.length) })
      expect([more.status, more.headers.get('connection')]).toEqual([413, 'close'])
      // A length that lies is counted too.
      const lies = await from.send('POST', path(), {
        body: `${name}=${'a'.repeat(most + 6_000)}`,
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

/** Of the fields that many forms have, one that is wrong on purpose, so that the form always comes back. */
const wrongIn = (fields: Record<string, string>): Record<string, string> => {
  const wrong: Record<string, string> = {
    password_again: 'not the same',
    version: 'none',
    key: 'none',
    addresses: '',
    enrollment: 'none',
    off: 'none',
    code: '',
    confirm_password: '',
    password: '',
  }
  const name = Object.keys(wrong).find((one) => one in fields)
  return name === 'addresses' ? { days: 'none' } : name ? { [name]: wrong[name] ?? '' } : {}
}
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
