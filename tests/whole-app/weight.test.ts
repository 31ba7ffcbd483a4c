import { brotliDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allPermissions } from '../../src/platform/access/permissions.ts'
import { sortKey } from '../../src/platform/fold.ts'
import { people as madeUp } from '../../src/tasks/seed/people.ts'
import { customRoles, groups } from '../../src/tasks/seed/workplace.ts'
import { Browser } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import { addPerson, makeCustomRole, makeGroup, makeRegion, organization } from '../support/world.ts'

/* Budgets of ui.md, in bytes with brotli as served, with people like those of `rollcall seed`. */

const br = { headers: { 'Accept-Encoding': 'br' } }
let world: Awaited<ReturnType<typeof organization>>

beforeAll(async () => {
  world = await organization({ database: await freshDatabase() })
  const { db, here, clock } = world
  const inGroup: string[] = []
  for (const { name, permissions } of groups.filter((one) => one.name !== 'Intake'))
    inGroup.push(await makeGroup(db, here.id, name, permissions))
  for (const { name, permissions } of customRoles) await makeCustomRole(db, here.id, name, permissions)
  for (const region of ['Benelux', 'Iberia', 'Nordics', 'Alps', 'Baltics', 'Gulf coast', 'Great Lakes', 'Midlands'])
    await makeRegion(db, here.id, region, ['North', 'South', 'East', 'West', 'Center'])
  // A page of a big organization: people who stand next to each other in the order of names.
  const everybody = madeUp(100_000, 7, {
    now: clock.now,
    groups: inGroup.length,
    customRoles: 0,
    areas: [],
    permissions: allPermissions,
  })
  const key = (one: { lastName: string; firstName: string }) => sortKey(one.lastName, one.firstName)
  const sorted = [...everybody].sort((a, b) => (key(a) < key(b) ? -1 : 1))
  for (const one of sorted.slice(50_000, 50_120))
    await addPerson(db, here, clock.now, {
      first: one.firstName,
      last: one.lastName,
      email: one.email,
      title: one.title,
      group: inGroup[one.group - 1] ?? here.defaultGroup,
      role: one.role,
      twoFactor: one.twoFactorAt !== null,
      suspended: one.suspendedAt !== null,
      removed: one.removedAt !== null,
      blocked: one.blockedAt !== null,
      invited: one.joinedAt === null,
      invite: one.invitation?.status ?? '',
      ...(one.startsOn ? { startsOn: one.startsOn } : {}),
      ...(one.endsOn ? { endsOn: one.endsOn } : {}),
      ...(one.invitation?.expiresAt ? { inviteExpires: one.invitation.expiresAt } : {}),
      ...(one.lastActiveAt ? { lastActive: one.lastActiveAt } : {}),
    })
}, 60_000)

const weightOf = async (path: string, swap = false) => {
  const browser = swap ? world.ana.swap : world.ana
  const { bytes, status, headers } = await browser.get(path, br)
  expect(status).toBe(200)
  expect(headers.get('content-encoding')).toBe('br')
  return { size: bytes.length, html: brotliDecompressSync(bytes).toString() }
}

test('the members page with 50 people is at most 6 kB', async () => {
  const { size, html } = await weightOf('members')
  expect(html.match(/class="name"/g)).toHaveLength(50)
  expect(size).toBeLessThanOrEqual(6000)
})

test.each(['members?sort=email', 'members?sort=-last_active', 'members?status=active&two_factor=off&sort=first_name'])(
  'the swap of %s, 50 people, is at most 4 kB',
  async (path) => {
    const { size, html } = await weightOf(path, true)
    expect(html.match(/class="name"/g)).toHaveLength(50)
    expect(size).toBeLessThanOrEqual(4000)
  },
)

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

test('every order of the list keeps both budgets, in every direction', async () => {
  for (const sort of [
    'first_name',
    'last_name',
    'email',
    'status',
    'role',
    'group',
    'two_factor',
    'last_active',
    'invite',
  ])
    for (const path of [`members?sort=${sort}`, `members?sort=-${sort}`]) {
      const page = await weigh(`page ${path}`, path)
      expect(page.html.match(/class="name"/g), path).toHaveLength(50)
      expect(page.size, path).toBeLessThanOrEqual(6000)
      expect((await weigh(`swap ${path}`, path, true)).size, path).toBeLessThanOrEqual(4000)
    }
})

test('the page behind it, an empty one, and one’s own keep them too', async () => {
  const next = /rel="next" href="([^"]+)"/.exec((await weightOf('members')).html)?.[1]?.replaceAll('&amp;', '&') ?? ''
  expect((await weigh('second page', next)).size).toBeLessThanOrEqual(6000)
  expect((await weigh('second page as a swap', next, true)).size).toBeLessThanOrEqual(4000)
  expect((await weigh('nobody found', 'members?q=nobodyhasthisname')).size).toBeLessThanOrEqual(6000)
  expect((await weigh('one’s own panel beside the list', 'members/me')).size).toBeLessThanOrEqual(8000)
})

test('the fullest panel: long names, every permission from several sources, every date', async () => {
  const { id } = await world.add({
    first: 'Wolfeschlegelsteinhausenbergerdorff',
    last: 'Charalampopoulou-Papadimitriou de la Fuente y Villanueva',
    title: 'Senior Regional Director of Catastrophe Response and Large Losses',
    group: world.intake,
    manages: true,
    permissions: [...allPermissions],
    customRoles: (
      await world.db.selectFrom('custom_role').select('id').where('organization_id', '=', world.here.id).execute()
    ).map((role) => role.id),
    startsOn: '2020-02-29',
    endsOn: '2027-01-31',
    twoFactor: true,
    lastActive: new Date('2026-11-20T08:15:00Z'),
    invite: 'active',
  })
  const { size, html } = await weigh('the fullest panel', `members/${id}`, true)
  expect(html.match(/Given directly/g)).toHaveLength(allPermissions.length)
  expect(html).toContain('Custom role: Member desk')
  expect(size).toBeLessThanOrEqual(2000)
})

test('a first visit is five requests beside the form itself, and two redirects at most', async () => {
  const answer = await world.stranger.get('members')
  expect(answer.location).toMatch(/^\/sign-in\?next=/)
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
