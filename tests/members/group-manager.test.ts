import { beforeAll, expect, test } from 'vitest'
import { columns } from '../../src/members/list-state.ts'
import { shortId } from '../../src/platform/ids.ts'
import { makeCustomRole, makeRegion, organization } from '../support/world.ts'

let world: Awaited<ReturnType<typeof organization>>
let own: Set<string>
let others: string[]
let role: string
let region: string
beforeAll(async () => {
  world = await organization()
  role = await makeCustomRole(world.db, world.here.id, 'Lead')
  region = (await makeRegion(world.db, world.here.id, 'Nordics')).id
  const inGroup: string[] = []
  others = []
  for (let n = 0; n < 130; n++) {
    const mine = n % 2 === 0
    const { id } = await world.add({
      first: mine ? 'Inside' : 'Outside',
      last: `Person ${n % 13}`,
      group: mine ? world.intake : world.here.defaultGroup,
      role: n % 5 === 0 ? 'viewer' : 'member',
      customRoles: n % 3 === 0 ? [role] : [],
      region: n % 4 === 0 ? region : null,
      twoFactor: n % 7 === 0,
      suspended: n % 11 === 0,
      removed: n % 17 === 0,
      invite: n % 6 === 0 ? 'active' : '',
    })
    if (mine) inGroup.push(id)
    else others.push(id)
  }
  own = new Set([...inGroup, world.gus.person.id, world.ian.person.id].map(shortId))
}, 60_000)

const idsIn = (html: string) =>
  [...html.matchAll(/class="name"><a href="[^"]*\/members\/([\w-]{16})/g)].map(([, id]) => id ?? '')
const linkIn = (html: string, rel: string) =>
  new RegExp(`rel="${rel}" href="([^"]+)"`).exec(html)?.[1]?.replaceAll('&amp;', '&') ?? null

test.each(Object.keys(columns).flatMap((sort) => [sort, `-${sort}`]))(
  'Gus, who manages Intake, finds all of Intake and nobody else, page by page, sorted by %s',
  async (sort) => {
    const found: string[] = []
    for (
      let path: string | null = `members?sort=${sort}&status=active&status=suspended&status=removed&status=invited`;
      path;
    ) {
      const answer = await world.gus.get(path)
      expect(answer.status).toBe(200)
      found.push(...idsIn(answer.html))
      expect(answer.text).not.toContain('Outside')
      path = linkIn(answer.html, 'next')
    }
    expect(new Set(found)).toEqual(own)
    expect(found.length).toBe(own.size)
  },
)

test.each([
  ['a search', 'q=person'],
  ['a search for others', 'q=outside'],
  ['a status', 'status=suspended'],
  ['removed people', 'status=removed'],
  ['a role', 'role=viewer'],
  ['two-factor', 'two_factor=on'],
  ['a long absence', 'inactive=30'],
])('no filter leads out of the own group: %s', async (_, query) => {
  for (const browser of [world.gus, world.gus.swap]) {
    const { status, html, text } = await browser.get(`members?${query}`)
    expect(status).toBe(200)
    for (const id of idsIn(html)) expect(own.has(id)).toBe(true)
    expect(text).not.toContain('Outside')
  }
})

test('custom roles and regions narrow it further', async () => {
  for (const query of [`role=${shortId(role)}`, `region=${shortId(region)}`]) {
    const { html, text } = await world.gus.get(`members?${query}`)
    expect(idsIn(html).length).toBeGreaterThan(0)
    for (const id of idsIn(html)) expect(own.has(id)).toBe(true)
    expect(text).not.toContain('Outside')
  }
})

test('the number of people is that of the group, counted and filtered', async () => {
  const number = async (query: string, browser = world.gus) =>
    Number(/([\d,]+) (?:people|person)/.exec((await browser.get(`members${query}`)).text)?.[1])
  const whole = await number('', world.ana)
  const inside = await number('')
  expect(inside).toBeLessThan(whole)
  expect(inside).toBe(await number(`?group=${world.intake}`, world.ana))
  expect(await number('?role=viewer')).toBe(await number(`?role=viewer&group=${world.intake}`, world.ana))
})

test('another group in the address finds nobody; the own one beside it is the own one', async () => {
  expect((await world.gus.get(`members?group=${world.here.defaultGroup}`)).text).toContain('Nobody')
  const both = await world.gus.get(`members?group=${world.here.defaultGroup}&group=${world.intake}`)
  expect(idsIn(both.html).length).toBe(50)
  for (const id of idsIn(both.html)) expect(own.has(id)).toBe(true)
})

test('no other group is offered, named or downloaded', async () => {
  const { html } = await world.gus.get('members')
  expect(html).toContain('Intake')
  expect(html).not.toContain('>Default<')
  expect(html).not.toMatch(/members\.(csv|xlsx)/)
  for (const file of ['members.csv', 'members.xlsx']) expect((await world.gus.get(file)).status).toBe(403)
})

test('with the permission to download, the file holds the own group alone', async () => {
  const gina = await world.enter({
    first: 'Gina',
    group: world.intake,
    manages: true,
    permissions: ['members.download'],
  })
  const { status, html } = await gina.get('members.csv?status=active&status=suspended&status=removed')
  expect(status).toBe(200)
  expect(html).toContain('Inside')
  expect(html).not.toContain('Outside')
})

test('who may download but sees nobody gets no file, and is told what is missing', async () => {
  const dan = await world.enter({ first: 'Dan', permissions: ['members.download'] })
  for (const file of ['members.csv', 'members.xlsx']) {
    const { status, text } = await dan.get(file)
    expect(status).toBe(403)
    expect(text).toContain('View members')
    expect(text).not.toContain('Outside')
  }
})

test('every panel outside answers as if nobody were there, as a page and as a swap', async () => {
  const missing = await world.gus.get('members/01a00000-0000-7000-8000-000000000000')
  for (const id of others.slice(0, 5)) {
    const answer = await world.gus.get(`members/${id}`)
    expect([answer.status, answer.html]).toEqual([404, missing.html])
    expect((await world.gus.swap.get(`members/${shortId(id)}`)).status).toBe(404)
  }
})

test('a group that is left is left at once', async () => {
  const moved = await world.enter({ first: 'Mo', group: world.intake, manages: true })
  expect((await moved.get('members')).status).toBe(200)
  await world.db
    .updateTable('membership')
    .set({ group_id: world.here.defaultGroup, manages_group: false })
    .where('id', '=', moved.person.id)
    .execute()
  expect((await moved.get('members')).status).toBe(403)
  expect((await moved.get(`members/${world.ian.person.id}`)).status).toBe(403)
})

test('who views everybody and manages a group sees everybody', async () => {
  const both = await world.enter({ first: 'Bea', group: world.intake, manages: true, permissions: ['members.view'] })
  expect((await both.get('members?q=outside')).text).toContain('Outside')
})
