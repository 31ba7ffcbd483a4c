import { beforeAll, expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { days, makeCustomRole, makeGroup, makeRegion, organization, type Person } from '../support/world.ts'

let world: Awaited<ReturnType<typeof organization>>
let sid: Person

beforeAll(async () => {
  world = await organization()
  const { db, here, clock } = world
  const north = await makeGroup(db, here.id, 'Property north', ['members.view', 'cases.view'])
  const lead = await makeCustomRole(db, here.id, 'Lead adjuster', ['cases.view', 'claims.import'])
  const nordics = await makeRegion(db, here.id, 'Nordics', ['Letterkenny'])
  sid = await world.add({
    first: 'Siobhán',
    last: 'Ní Dhomhnaill',
    title: 'Senior loss adjuster',
    group: north,
    manages: true,
    customRoles: [lead],
    permissions: ['claims.export'],
    region: nordics.id,
    area: nordics.areas[0] ?? null,
    startsOn: '2024-03-03',
    lastActive: new Date(clock.now.getTime() - days(2)),
  })
})

test('the panel tells who somebody is, what they may do and because of what', async () => {
  const { status, text, title } = await world.ana.get(`members/${sid.id}`)
  expect(status).toBe(200)
  expect(title).toContain('Siobhán Ní Dhomhnaill')
  for (const words of [
    'Senior loss adjuster',
    sid.email,
    'Nordics, Letterkenny',
    'Custom roles Lead adjuster',
    'Group Property north, Group manager',
    'View members Group: Property north; Group manager of Property north',
    'Invite members (own group) Group manager of Property north',
    'View cases Group: Property north; Custom role: Lead adjuster',
    'Import claims Custom role: Lead adjuster',
    'Export claims Given directly',
    'Last active 2 d ago',
    'Start date Mar 3, 2024',
  ])
    expect(text).toContain(words)
})

test('as a page the panel stands beside the list, as a swap alone, and both are the same', async () => {
  const page = await world.ana.get(`members/${sid.id}`)
  const swap = await world.ana.swap.get(`members/${sid.id}`)
  expect(page.html.startsWith('<!doctype html>')).toBe(true)
  expect(page.html).toContain('<table class="grid')
  expect(swap.html).not.toContain('<table class="grid')
  const panel = /<section class="panel".*<\/section>/s.exec(swap.html)?.[0] ?? 'none'
  expect(page.html).toContain(panel)
})

test('the short form of an id and the long one open the same panel, and it leads back to the list it came from', async () => {
  const long = await world.ana.swap.get(`members/${sid.id}?status=active&sort=-email`)
  const short = await world.ana.swap.get(`members/${shortId(sid.id)}?status=active&sort=-email`)
  expect(short.html).toBe(long.html)
  expect(long.html).toContain(`href="/o/${world.here.slug}/members?status=active&amp;sort=-email"`)
})

test('what a Viewer or a Developer was granted beyond the ceiling is shown as not effective, and doesn’t work', async () => {
  const vic = await world.enter({ first: 'Vic', role: 'viewer', permissions: ['members.download'] })
  const dee = await world.enter({ first: 'Dee', role: 'developer', permissions: ['members.view'] })
  const panel = await world.ana.get(`members/${vic.person.id}`)
  expect(panel.text).toContain('Download members Given directly Not effective: Viewer can’t have it')
  expect((await vic.get('members.csv')).status).toBe(403)
  expect((await world.ana.get(`members/${dee.person.id}`)).text).toContain('Not effective: Developer can’t have it')
  expect((await dee.get('members')).status).toBe(403)
})

test('a change of access works on the very next request', async () => {
  const zoe = await world.enter({ first: 'Zoe', permissions: ['members.view'] })
  expect((await zoe.get('members')).status).toBe(200)
  await world.db.deleteFrom('membership_permission').where('membership_id', '=', zoe.person.id).execute()
  expect((await zoe.get('members')).status).toBe(403)
  await world.db
    .updateTable('membership')
    .set({ organization_role: 'viewer' })
    .where('id', '=', zoe.person.id)
    .execute()
  expect((await zoe.get('members')).status).toBe(200)
})

test('markup in a name stays text, in the table, the panel and the title', async () => {
  const evil = await world.add({
    first: '<img src=x onerror=alert(1)>',
    last: '"><script>alert(2)</script>',
    title: '{{7*7}} \' " &amp;',
  })
  for (const path of [`members/${evil.id}`, 'members?q=onerror']) {
    const { html } = await world.ana.get(path)
    expect(html).not.toContain('<img')
    expect(html).not.toContain('<script>')
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;')
  }
  expect((await world.ana.swap.get(`members/${evil.id}`)).html).not.toMatch(/<img|<script/)
})

test('a letter to an odd address goes to that address alone', async () => {
  const odd = await world.add({ first: 'Odd', email: 'odd?cc=ana%20b@example.org' })
  expect((await world.ana.get(`members/${odd.id}`)).html).toContain('"mailto:odd%3Fcc%3Dana%2520b@example.org"')
})

test('somebody removed can be opened by those who may see members, and says since when', async () => {
  const rex = await world.add({ first: 'Rex', last: 'Removed', removed: true })
  const { status, text } = await world.ana.get(`members/${rex.id}`)
  expect(status).toBe(200)
  expect(text).toMatch(/Removed .* What they held before they were removed.* Removed Nov 22, 2026/)
  expect(text).not.toContain('never joined')
})
