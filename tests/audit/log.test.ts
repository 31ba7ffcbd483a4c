import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { atTheDoor, tryDoor, wrong } from '../sign-in/door.ts'
import { act } from '../support/acts.ts'
import { minutes, organization } from '../support/world.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeEach(async () => {
  world = await organization()
})

const rows = (html: string) =>
  [...html.matchAll(/<tr><td><time.*?<\/tr>/gs)].map(([row]) => row.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' '))

test('a stranger gets 404, and whoever may not read the log is refused', async () => {
  expect((await world.stella.get(`/o/${world.here.slug}/audit`)).status).toBe(404)
  for (const browser of [world.vera, world.dev, world.gus, world.mia])
    expect((await browser.get('audit')).status).toBe(403)
  expect((await world.stranger.get('audit')).location).toBe('/sign-in')
})

test('Ana reads who did what to whom, newest first, with what changed', async () => {
  const { ana, mia } = world
  await act(ana, mia.person, 'suspend')
  world.clock.pass(minutes(1))
  await act(ana, mia.person, 'reactivate')
  const { html, status } = await ana.get('audit')
  expect(status).toBe(200)
  const [first, second] = rows(html)
  expect(first).toMatch(/12:01.*Ana Admin Reactivated Mia Member .*Status suspended → active.*On a screen/)
  expect(second).toMatch(/12:00.*Ana Admin Suspended Mia Member .*Status active → suspended/)
  expect(html).toContain(`members/${shortId(mia.person.id)}`)
})

test('nothing of another organization is in it, whatever is asked for', async () => {
  const { ana, stella, vera } = world
  const other = await organization()
  await act(other.ana, other.mia.person, 'suspend')
  await vera.get('audit')
  for (const query of [
    '',
    '?q=mia',
    '?q=suspended',
    `?person=${other.mia.person.id}`,
    `?person=${stella.person.id}`,
    '?act=membership.suspended',
  ]) {
    const { html } = await ana.get(`audit${query}`)
    expect(rows(html).join(), query).not.toContain('Suspended')
    expect(html).not.toContain('Stranger-Canary')
  }
})

describe('with many events', () => {
  let many: typeof world
  beforeAll(async () => {
    many = await organization()
    for (let n = 0; n < 60; n++) {
      many.clock.pass(minutes(11))
      await many.mia.get('members')
      if (n % 10 === 0) await act(many.ana, n % 20 ? many.ian.person : many.vera.person, n % 20 ? 'suspend' : 'suspend')
      if (n % 10 === 0) await act(many.ana, n % 20 ? many.ian.person : many.vera.person, 'reactivate')
      // Nobody is away for so long that they must sign in again.
      await many.ana.get('members/me')
    }
  })

  test('pages lead to the oldest and back, and no event is on two of them', async () => {
    const seen: string[] = []
    let next = 'audit'
    let back = ''
    for (let page = 0; next && page < 5; page++) {
      const { html } = await many.ana.get(next)
      seen.push(...rows(html))
      back = /rel="prev" href="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? ''
      next = /rel="next" href="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? ''
    }
    const all = await many.db.selectFrom('event').select('id').where('organization_id', '=', many.here.id).execute()
    expect(seen).toHaveLength(all.length)
    expect(all.length).toBeGreaterThan(70)
    expect(rows((await many.ana.get(back)).html)).toEqual(seen.slice(0, 50))
  })

  test('by act, by person, by day, and by words', async () => {
    const count = async (query: string) => rows((await many.ana.get(`audit${query}`)).html).length
    const suspended = await count('?act=membership.suspended')
    expect(suspended).toBe(6)
    expect(await count(`?act=membership.suspended&person=${shortId(many.vera.person.id)}`)).toBe(3)
    expect(await count(`?person=${shortId(many.mia.person.id)}&act=membership.suspended`)).toBe(0)
    expect(await count('?q=suspended')).toBe(6)
    expect(await count('?q=Ian&act=membership.reactivated')).toBe(3)
    expect(await count('?from=2026-11-22&to=2026-11-22')).toBe(50)
    expect(await count('?from=2026-11-23')).toBe(0)
    expect(await count('?to=2026-11-21')).toBe(0)
    expect(await count('?q=nobodyhasthis')).toBe(0)
  })

  test('what is malformed is left out with a notice, and never an error', async () => {
    for (const query of [
      '?act=no.such',
      '?from=yesterday',
      '?person=x',
      '?after=1*2*3',
      '?before=%00',
      '?to=2026-02-31',
    ]) {
      const { status, html } = await many.ana.get(`audit${query}`)
      expect([query, status, html.includes('wasn’t understood')]).toEqual([query, 200, true])
    }
  })
})

test('sign-ins of somebody whom only this organization manages are in their history, and in nobody else’s', async () => {
  const { ana, add, browser, enter, db, here, clock } = await atTheDoor()
  const bob = await add({ first: 'Bob', last: 'Builder' })
  await tryDoor(browser(), bob.email, wrong)
  await tryDoor(browser(), bob.email)
  const admin = await enter(ana)
  const { html } = await admin.get(`audit?person=${shortId(bob.id)}`)
  expect(rows(html).join()).toMatch(/Signed in.*Sign-in failed/s)
  // Signing in before one came here is nobody's business here.
  const late = { created_at: new Date('2026-11-23T00:00:00Z') }
  await db.updateTable('membership').set(late).where('organization_id', '=', here.id).where('id', '=', bob.id).execute()
  expect(rows((await admin.get(`audit?person=${shortId(bob.id)}`)).html)).toEqual([])
  await db
    .updateTable('membership')
    .set({ created_at: clock.now })
    .where('organization_id', '=', here.id)
    .where('id', '=', bob.id)
    .execute()
  const elsewhere = await organization()
  const both = await elsewhere.add({ first: 'Bob', last: 'Twice', accountId: bob.accountId, email: bob.email })
  expect(rows((await admin.get(`audit?person=${shortId(bob.id)}`)).html)).toEqual([])
  expect(rows((await elsewhere.ana.get(`audit?person=${shortId(both.id)}`)).html)).toEqual([])
})

test('what is listed can be downloaded, as safe cells, and the download is in the log', async () => {
  const { ana, mia, vera } = world
  const evil = await world.enter({ first: '=HYPERLINK("http://x")', last: 'Eve', role: 'admin' })
  await act(evil, mia.person, 'suspend')
  const csv = await ana.get('audit.csv?act=membership.suspended')
  expect(csv.status).toBe(200)
  expect(csv.html.split('\r\n')[0]).toBe('When,Who,What,About,Changes,How,Address,Request,Event')
  expect(csv.html).toContain("'=HYPERLINK")
  expect(csv.html).toContain('Mia Member <')
  expect((await ana.get('audit.xlsx')).headers.get('content-type')).toContain('spreadsheetml')
  expect((await ana.get('audit')).html).toContain('Audit log downloaded')
  expect((await vera.get('audit.csv')).status).toBe(403)
  expect((await world.stella.get(`/o/${world.here.slug}/audit.csv`)).status).toBe(404)
})
