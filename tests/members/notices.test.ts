import { beforeAll, describe, expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import type { Browser } from '../support/browser.ts'
import { makeCustomRole, makeRegion, organization } from '../support/world.ts'

let world: Awaited<ReturnType<typeof organization>>
let ids: { role: string; region: string; area: string; group: string }
beforeAll(async () => {
  world = await organization()
  const { db, here } = world
  const region = await makeRegion(db, here.id, 'Nordics', ['Oslo'])
  ids = {
    role: shortId(await makeCustomRole(db, here.id, 'Lead adjuster')),
    region: shortId(region.id),
    area: shortId(region.areas[0] ?? ''),
    group: shortId(world.intake),
  }
})

const get = async (query: string, browser: Browser = world.ana) => {
  const answer = await browser.get(`members?${query}`)
  expect([query, answer.status]).toEqual([query, 200])
  return answer
}
const links = (html: string, text: string) =>
  [...html.matchAll(/<a\b[^>]*?href="([^"]+)"[^>]*>(.*?)<\/a>/gs)]
    .filter(([, , inner]) => (inner ?? '').replace(/<[^>]+>/g, '').includes(text))
    .map(([, href]) => (href ?? '').replaceAll('&amp;', '&'))

describe('a list with nobody in it', () => {
  test.each([
    ['status=blocked', 'People who are Blocked would be listed here.'],
    ['status=blocked&status=ended', 'People who are Blocked or Ended would be listed here.'],
    ['two_factor=on', 'People who use two-factor would be listed here.'],
    ['inactive=365', 'People who haven’t been active for 365 days would be listed here.'],
    ['q=zzzzz', 'People who match “zzzzz” would be listed here.'],
  ])('says who would be: %s', async (query, sentence) => {
    for (const browser of [world.ana, world.ana.swap]) {
      const { text } = await get(query, browser)
      expect(text).toContain('Nobody here')
      expect(text).toContain(sentence)
      expect(text).toContain('0 people')
    }
  })
  test('names custom roles, groups, regions and areas as people know them', async () => {
    expect((await get(`role=${ids.role}`)).text).toContain('hold the role Lead adjuster')
    expect((await get(`region=${ids.region}`)).text).toContain('work in Nordics')
    expect((await get(`area=${ids.area}`)).text).toContain('work in Oslo')
    expect((await get(`group=${ids.group}&role=viewer`)).text).toContain('are in Intake')
  })
  test('of several filters offers to clear them, or to search alone', async () => {
    const { html, text } = await get(`q=vera&status=blocked&role=viewer`)
    expect(text).toContain('Nobody matches all of this')
    expect(links(html, 'Clear filters')).toContain(`/o/${world.here.slug}/members`)
    const [alone = ''] = links(html, 'Search “vera” only')
    expect((await world.ana.get(alone)).text).toContain('1 person matches')
  })
  test('what was typed is shown as text', async () => {
    const { html } = await get(`q=${encodeURIComponent('<b>"zz"</b>')}`)
    expect(html).not.toContain('<b>"zz"')
    expect(html).toContain('&lt;b&gt;&quot;zz&quot;&lt;/b&gt;')
  })
  test('has no pages, and keeps its head', async () => {
    const { html } = await get('status=blocked&sort=-email')
    expect(html).not.toContain('class="pager"')
    expect(html).toContain('aria-sort="descending"')
  })
})

describe('filters in force', () => {
  const query = () =>
    `q=a&status=active&status=invited&role=viewer&role=${ids.role}&group=${ids.group}&region=${ids.region}&area=${ids.area}&two_factor=off&inactive=30&sort=-email`

  test('are named one by one, and each link takes away its own alone', async () => {
    const { html } = await get(query())
    const all = new URLSearchParams(query())
    const chips: [string, string, string][] = [
      ['Status: Active', 'status', 'active'],
      ['Status: Invited', 'status', 'invited'],
      ['Role: Viewer', 'role', 'viewer'],
      ['Custom role: Lead adjuster', 'role', ids.role],
      ['Group: Intake', 'group', ids.group],
      ['Region: Nordics', 'region', ids.region],
      ['Area: Oslo', 'area', ids.area],
      ['Two-factor: Off', 'two_factor', 'off'],
      ['Inactive: 30 days or more', 'inactive', '30'],
    ]
    for (const [label, name, value] of chips) {
      const [href = ''] = links(html, label)
      const left = new URL(href, 'http://x').searchParams
      const expected = new URLSearchParams([...all].filter((one) => !(one[0] === name && one[1] === value)))
      expect([label, [...left].sort()]).toEqual([label, [...expected].sort()])
    }
    expect(links(html, 'Clear filters')[0]).toBe(`/o/${world.here.slug}/members`)
  })
  test('are ticked in the form, so that the next one comes on top', async () => {
    const { html } = await get(query())
    for (const value of ['active', 'invited', 'viewer', ids.role, ids.group, ids.region, ids.area, 'off', '30'])
      expect(html).toMatch(new RegExp(`<input[^>]*value="${value}"[^>]*checked`))
    expect([...html.matchAll(/<input[^>]*checked/g)]).toHaveLength(9)
    expect(html).toMatch(/<input id="q"[^>]*value="a"/)
    expect(html).toMatch(/<option value="-email" selected/)
  })
  test('go along to every page, order and panel, but a position doesn’t', async () => {
    const { html } = await get(`status=active&sort=email`)
    const rows = links(html, 'Actions')
    expect(rows.length).toBeGreaterThan(3)
    for (const href of rows) expect(new URL(href, 'http://x').search).toBe('?status=active&sort=email')
    const orders = links(html, 'Group').filter((href) => href.includes('/members'))
    expect(orders).toHaveLength(1)
    for (const href of orders) expect(href).toContain('status=active')
  })
  test('are counted with words that fit', async () => {
    expect((await get('q=vera')).text).toContain('1 person matches')
    expect((await get('role=member')).text).toContain('3 people match')
    expect((await get('')).text).toMatch(/6 people (?!match)/)
  })
  test('chosen by hand in the swap lead to the address that repeats them', async () => {
    const answer = await get('status=active&q=&group=&role=&two_factor=&inactive=&sort=last_name', world.ana.swap)
    expect(answer.headers.get('hx-push-url')).toBe(`/o/${world.here.slug}/members?status=active`)
  })
})

describe('an address that wasn’t understood in part', () => {
  test('says so once, keeps what was understood, and forgets the rest in its own links', async () => {
    for (const browser of [world.ana, world.ana.swap]) {
      const answer = await get('status=active&status=nonsense&sort=nothing&inactive=soon&after=xyz', browser)
      expect(answer.text.split('Part of this address wasn’t understood').length).toBe(2)
      expect(answer.text).toContain('Status: Active')
      expect(answer.html).not.toMatch(/nonsense|nothing|soon|xyz/)
    }
  })
  test('without one nothing is said', async () => {
    for (const query of ['', 'status=active', 'x=1', 'q=a'])
      expect((await get(query)).text).not.toContain('wasn’t understood')
  })
})
