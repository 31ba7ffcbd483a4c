import { randomBytes } from 'node:crypto'
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allPermissions } from '../../src/platform/access/permissions.ts'
import { newId, shortId } from '../../src/platform/ids.ts'
import { seed } from '../../src/tasks/seed/seed.ts'
import { noise, srcIn, upload } from '../avatars/pictures.ts'
import { past } from '../invitations/past.ts'
import { act, actOn, hiddenIn } from '../support/acts.ts'
import { Browser } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import { organization, type PersonDetails } from '../support/world.ts'
import { sam } from '../support-staff/sam.ts'

/* Budgets of ui.md, in bytes with brotli as served, with people like those of `rollcall seed`. */

const br = { headers: { 'Accept-Encoding': 'br' } }
let world: Awaited<ReturnType<typeof organization>>

beforeAll(async () => {
  // The product's own people: names of every script, so mixed that most orders put strangers next to each other.
  const database = await freshDatabase()
  world = await organization({ database })
  const { here, clock } = world
  const progress = () => {}
  expect(await seed(database, { slug: here.slug, people: 1500, seed: 7, now: clock.now, progress })).toEqual({
    people: 1500,
  })
}, 60_000)

const weightOf = async (path: string, swap = false) => {
  const browser = swap ? world.ana.swap : world.ana
  const { bytes, status, headers } = await browser.get(path, br)
  expect(status).toBe(200)
  expect(headers.get('content-encoding')).toBe('br')
  return { size: bytes.length, html: brotliDecompressSync(bytes).toString() }
}

test('a panel is at most 2 kB, also of somebody who holds every permission', async () => {
  expect((await weightOf(`members/${world.ana.person.id}`, true)).size).toBeLessThanOrEqual(2000)
})

test('style at most 7 kB, script at most 18 kB, and a first visit at most 32 kB in 5 requests', async () => {
  const door = new Browser(world.app)
  const sizes: Record<string, number> = {}
  const take = async (browser: Browser, path: string) => {
    const { bytes, status, html, headers } = await browser.get(path, br)
    expect(status, path).toBe(200)
    sizes[path.replace(/\.[0-9a-f]{10}\./, '.')] = bytes.length
    if (path.startsWith('/static')) expect(headers.get('cache-control')).toContain('immutable')
    return headers.get('content-encoding') === 'br' ? brotliDecompressSync(bytes).toString() : html
  }
  const pages = [await take(door, '/sign-in'), await take(world.ana, `/o/${world.here.slug}/members`)]
  const files = new Set(
    pages.flatMap((html) => [...html.matchAll(/(?:src|href)="(\/static\/[^"#]+)/g)].map(([, path]) => path ?? '')),
  )
  for (const path of files) await take(door, path)
  for (const html of pages) {
    expect(html).toContain('<link rel="icon" href="data:,"')
    for (const [, path] of html.matchAll(/(?:src|href)="(\/static\/[^"#]+)/g)) expect(path).toMatch(/\.[0-9a-f]{10}\./)
  }
  expect(Object.keys(sizes).length).toBeLessThanOrEqual(5)
  expect(sizes['/static/app.css']).toBeLessThanOrEqual(7000)
  expect(sizes['/static/app.js']).toBeLessThanOrEqual(18_000)
  expect(Object.values(sizes).reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(32_000)
})

const measured: [what: string, bytes: number][] = []
afterAll(() => {
  if (process.env.WEIGHT) for (const [what, bytes] of measured) console.log(`${String(bytes).padStart(7)}  ${what}`)
})
/** WEIGHT=1 prints what was weighed. */
const weigh = async (what: string, path: string, swap = false) => {
  const found = await weightOf(path, swap)
  measured.push([what, found.size])
  return found
}

const sorts = ['first_name', 'last_name', 'email', 'status', 'role', 'group', 'two_factor', 'last_active', 'invite']
const filters = ['status=active', 'role=member&two_factor=on', 'inactive=30&status=active&sort=-last_active', 'q=a']
const nextOf = (html: string) => /rel="next" href="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? ''

test.each([
  ...sorts.flatMap((sort) => [`members?sort=${sort}`, `members?sort=-${sort}`]),
  ...filters.map((filter) => `members?${filter}`),
  ...['name', 'email', 'status', 'role', 'invited', 'expires', 'approval', 'sender'].map(
    (sort) => `invitations?sort=-${sort}`,
  ),
  'invitations?status=expired&status=active&role=member&timeframe=90d&approval=not_needed&approval=approved',
])('50 people of %s are at most 6 kB as a page and 4 kB as a swap, and so is the page behind them', async (first) => {
  for (const path of [first, nextOf((await world.ana.get(first)).html)]) {
    const page = await weigh(`page ${path}`, path)
    expect(page.html.match(/class="name"/g), path).toHaveLength(50)
    expect(page.size, path).toBeLessThanOrEqual(6000)
    const swap = await weigh(`swap ${path}`, path, true)
    expect(swap.html.match(/class="name"/g), path).toHaveLength(50)
    expect(swap.size, path).toBeLessThanOrEqual(4000)
  }
})

test.each(['', '?sort=email', '?sort=-email', '?status=expired&status=active&timeframe=90d'])(
  '50 invitations of all organizations, for support staff, keep it too: %s',
  async (query) => {
    const support = await sam(world)
    const first = `/support/invitations${query}`
    const { html } = await support.get(first)
    expect(html.match(/<tr>/g)).toHaveLength(51)
    for (const path of [first, nextOf(html)]) {
      const page = await support.get(path, br)
      const swap = await support.swap.get(path, br)
      measured.push([`page ${path}`, page.bytes.length], [`swap ${path}`, swap.bytes.length])
      expect([page.status, page.bytes.length <= 6000, swap.status, swap.bytes.length <= 4000]).toEqual([
        200,
        true,
        200,
        true,
      ])
    }
  },
)

test('a panel beside the list, one’s own, an empty list and what others see keep it too', async () => {
  const { html } = await world.ana.get('members')
  const people = [...html.matchAll(/class="name"><a href="([^"]+)"/g)].map(([, href = '']) => href)
  expect(people).toHaveLength(50)
  // Somebody Invited leads to their invitation, which invitations are weighed for.
  const there = []
  for (const path of people) if ((await world.ana.get(path)).status === 200) there.push(path)
  for (const path of there.slice(0, 12)) {
    expect((await weigh(`beside the list ${path}`, path)).size, path).toBeLessThanOrEqual(6000)
    expect((await weigh(`as a swap ${path}`, path, true)).size, path).toBeLessThanOrEqual(2000)
  }
  for (const path of ['members/me', 'members?q=nobodyhasthisname', '/profile', '/profile/time-zone'])
    expect((await weigh(path, path)).size, path).toBeLessThanOrEqual(6000)
  const vera = await world.vera.get('members', br)
  expect(vera.bytes.length).toBeLessThanOrEqual(6000)
})

test('a picture costs a page nothing but its address: the list has none in its rows, and a session fetches it once', async () => {
  const pia = await world.enter({ first: 'Pia', permissions: ['members.view'] })
  await upload(pia, await noise(600).png().toBuffer())
  const { html } = await pia.get('members')
  const pictures = fetched(html).filter((to) => to.includes('/avatars/'))
  expect(pictures).toEqual([srcIn(html, '64')])
  const { bytes, headers } = await pia.get(pictures[0] ?? '')
  // Noise is the heaviest that there is.
  expect(bytes.length).toBeLessThanOrEqual(4000)
  expect(headers.get('cache-control')).toContain('immutable')
  for (const path of ['profile', 'profile/avatar'])
    expect((await pia.get(path, br)).bytes.length, path).toBeLessThanOrEqual(3000)
})

test('most of it needs no second packing: the default list keeps a distance from its budgets', async () => {
  const quick = (html: string) => brotliCompressSync(html, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }).length
  expect(quick((await world.ana.get('members')).html)).toBeLessThanOrEqual(5600)
  expect(quick((await world.ana.swap.get('members')).html)).toBeLessThanOrEqual(3700)
})

test('an invitation’s panel is at most 2 kB, also with a long story', async () => {
  const { db, here, clock, ana } = world
  const { html } = await ana.get('invitations?status=pending_activation')
  const panels = [...html.matchAll(/class="name"><a href="([^"]+)"/g)].map(([, href = '']) => href)
  for (const path of panels.slice(0, 8)) {
    expect((await weigh(`beside the history ${path}`, path)).size, path).toBeLessThanOrEqual(6000)
    expect((await weigh(`as a swap ${path}`, path, true)).size, path).toBeLessThanOrEqual(2000)
  }
  const { id } = await past(db, here, clock.now, { message: 'Welcome to the desk of large losses. '.repeat(8) })
  const mail = { organization_id: here.id, template: 'invitation', invitation_id: id, generation: 1 }
  for (const [n, act] of ['sent', 'approved', 'resent', 'address_corrected', 'link_copied', 'opened'].entries())
    await db
      .insertInto('event')
      .values({
        id: newId(),
        organization_id: here.id,
        at: new Date(clock.now.getTime() + n * 1000),
        how: 'screen',
        actor_id: ana.person.accountId,
        act: `invitation.${act}`,
        subject: 'invitation',
        subject_id: id,
      })
      .execute()
  for (const kind of ['delayed', 'refused', 'accepted']) {
    const mail_id = newId()
    await db
      .insertInto('mail')
      .values({ ...mail, id: mail_id, to_address: 'nia@example.org', state: 'sent', created_at: clock.now })
      .execute()
    const answer = `451 4.7.1 ${kind}: try again in 300 s, says mx1.example.org of ${id}`
    await db
      .insertInto('mail_answer')
      .values({ id: newId(), organization_id: here.id, mail_id, at: clock.now, kind, answer })
      .execute()
  }
  const full = await weigh('the fullest invitation', `invitations/${shortId(id)}`, true)
  expect(full.html.match(/<li class="st/g)).toHaveLength(12)
  expect(full.size).toBeLessThanOrEqual(2000)
})

/** Somebody of whom there is as much to say as there can be. */
async function fullest(details: PersonDetails = {}) {
  const { db, here, intake } = world
  const roles = await db.selectFrom('custom_role').select('id').where('organization_id', '=', here.id).execute()
  const regions = db.selectFrom('region').select('id').where('organization_id', '=', here.id)
  const { id: region } = await regions.orderBy(sql`char_length(name)`, 'desc').executeTakeFirstOrThrow()
  const person = await world.add({
    first: 'Wolfeschlegelsteinhausenbergerdorff',
    last: 'Charalampopoulou-Papadimitriou de la Fuente y Villanueva',
    title: 'Senior Regional Director of Catastrophe Response and Large Losses',
    group: intake,
    manages: true,
    region,
    permissions: [...allPermissions],
    customRoles: roles.map((role) => role.id),
    startsOn: '2020-02-29',
    endsOn: '2027-01-31',
    twoFactor: true,
    lastActive: new Date('2026-11-20T08:15:00Z'),
    invite: 'active',
    ...details,
  })
  await world.db
    .updateTable('membership')
    .set({ avatar: randomBytes(16).toString('base64url') })
    .where('id', '=', person.id)
    .execute()
  return { ...person, customRoles: roles.map((role) => shortId(role.id)) }
}

test('the fullest panel: long names, every permission from several sources, every date', async () => {
  const { id } = await fullest()
  const { size, html } = await weigh('the fullest panel', `members/${id}`, true)
  expect(html.match(/Given directly/g)).toHaveLength(allPermissions.length)
  expect(html).toContain('Custom role: Member desk')
  expect(size).toBeLessThanOrEqual(2000)
})

const typed = { password: 'a long walk by the canal', password_again: 'a long walk by the canal' }
test.each<[name: string, before: PersonDetails, fields: Record<string, string | string[]>]>([
  ['edit', {}, { cell_phone: '+44 20 7946 0958', office_phone: '+1 202 555 0143', extension: '1234567890' }],
  ['access', {}, { permission: [...allPermissions] }],
  ['dates', {}, { starts_on: '2019-12-31', ends_on: '2028-02-29' }],
  ['suspend', {}, {}],
  ['reactivate', { suspended: true }, {}],
  ['remove', {}, { reason: 'Moved to another company at the end of a long illness. '.repeat(4).slice(0, 200) }],
  ['take-back', {}, {}],
  ['unblock', { blocked: true }, {}],
  ['sign-out', {}, {}],
  ['password', {}, { how: 'typed', ...typed }],
  ['password', {}, { how: 'generated' }],
  [
    'exempt',
    { twoFactor: false },
    { until: '2027-01-01', reason: 'A new phone is on its way. '.repeat(7).slice(0, 200) },
  ],
  ['account', {}, { username: 'w'.repeat(50), email: `${'x'.repeat(240)}@example.org` }],
  ['reset-link', {}, { block_now: 'on' }],
])(
  'what comes back for %s is at most 3 kB, with the fresh panel and row of whoever has the most of everything',
  async (name, before, fields) => {
    const { ana, here } = world
    const person = await fullest(before)
    if (name === 'take-back') await act(ana, person, 'remove')
    const from = (two_factor_from: string | null) =>
      world.db.updateTable('organization').set({ two_factor_from }).where('id', '=', here.id).execute()
    if (name === 'exempt') await from('2027-01-01')
    const { html } = await ana.get(actOn(person, name))
    const known: Record<string, string | string[]> | undefined = {
      edit: {
        first_name: person.first,
        last_name: person.last,
        title: 'Senior Regional Director of Catastrophe Response',
      },
      access: { role: 'member', custom_role: person.customRoles, group: shortId(world.intake), group_manager: 'on' },
    }[name]
    const list =
      'sort=-last_active&status=active&status=invited&role=member&two_factor=on&inactive=30&q=charalampopoulou'
    const place = `http://localhost:3000/o/${here.slug}/members/${shortId(person.id)}/${name}?${list}`
    const headers = { ...br.headers, 'HX-Current-URL': place }
    const answer = await ana.swap.post(actOn(person, name), { ...hiddenIn(html), ...known, ...fields }, { headers })
    await from(null)
    expect([name, answer.status]).toEqual([name, 200])
    measured.push([`${name} ${fields.how ?? ''}`, answer.bytes.length])
    expect(answer.bytes.length).toBeLessThanOrEqual(3000)
  },
)

test('a first visit is five requests beside the form itself, and two redirects at most', async () => {
  const answer = await world.stranger.get('members')
  expect(answer.location).toBe('/sign-in')
  const first = await world.ana.get('/')
  expect([first.status, first.location]).toEqual([303, `/o/${world.here.slug}/members`])
})

/** What a browser fetches by itself for a page; an icon in the address costs nothing. */
const fetched = (html: string) =>
  [...html.matchAll(/<(?:link|script|use|img|source|iframe|object|video)\b[^>]*?\s(?:href|src)="([^"#]+)/g)]
    .map(([, to]) => to ?? '')
    .filter((to) => !to.startsWith('data:'))

test('no page fetches anything but files of ours with their hash in the name, and no icon of its own', async () => {
  const pages = [
    (await world.ana.get('members')).html,
    (await world.ana.get(`members/${world.mia.person.id}`)).html,
    (await world.mia.get('members/me')).html,
    (await world.mia.get('members')).html,
    (await world.ana.get('/nothing')).html,
    (await world.stranger.get('/sign-in')).html,
    (await world.stranger.get('/cannot-sign-in')).html,
    (await world.stranger.get('/reset-password/x')).html,
  ]
  for (const html of pages) {
    expect(fetched(html).length).toBeGreaterThanOrEqual(1)
    for (const to of fetched(html)) expect(to).toMatch(/^\/static\/[a-z]+\.[0-9a-f]{10}\.(css|js|svg)$/)
    expect(html).toContain('<link rel="icon" href="data:,"')
  }
  const page = new Set(fetched(pages[0] ?? ''))
  for (const path of ['members?sort=-email', `members/${world.mia.person.id}`])
    for (const to of fetched((await world.ana.swap.get(path)).html)) expect(page).toContain(to)
})

test('who takes no brotli gets gzip, and who takes neither gets it plain', async () => {
  const sizes: Record<string, number> = {}
  for (const encoding of ['br', 'gzip', 'identity', 'br;q=0, gzip', 'deflate']) {
    const answer = await world.ana.get('members', { headers: { 'Accept-Encoding': encoding } })
    const expected = { br: 'br', gzip: 'gzip', 'br;q=0, gzip': 'gzip' }[encoding] ?? null
    expect([encoding, answer.headers.get('content-encoding')]).toEqual([encoding, expected])
    expect(answer.headers.get('vary')?.toLowerCase()).toContain('accept-encoding')
    sizes[encoding] = answer.bytes.length
  }
  expect(sizes.br).toBeLessThan(sizes.gzip ?? 0)
  expect(sizes.gzip).toBeLessThan((sizes.identity ?? 0) / 4)
})
