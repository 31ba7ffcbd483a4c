import { beforeAll, expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { organization } from '../support/world.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeAll(async () => {
  world = await organization()
})

test('Stella of another organization gets 404, as for one that doesn’t exist', async () => {
  const here = await world.stella.get(`/o/${world.here.slug}/members`)
  const nowhere = await world.stella.get('/o/there-is-none/members')
  expect(here.status).toBe(404)
  expect(here.html).toBe(nowhere.html)
})

test('Vera the Viewer sees everybody, and can take nothing out', async () => {
  const { status, text, html } = await world.vera.get('members')
  expect(status).toBe(200)
  for (const name of ['Ana', 'Vera', 'Dev', 'Gus', 'Ian', 'Mia']) expect(text).toContain(name)
  expect(html).not.toContain('members.csv')
  expect((await world.vera.get('members.xlsx')).status).toBe(403)
})

test('Gus, who manages Intake, sees Intake: its people, their number, their panel, and no other group', async () => {
  const { text, html } = await world.gus.get('members')
  expect(text).toContain('2 people')
  expect(text).toContain('Ian')
  expect(text).not.toContain('Mia')
  expect(html).not.toContain('>Default<')
  expect((await world.gus.get(`members?group=${world.here.defaultGroup}`)).text).toContain('Nobody')
  expect((await world.gus.get('members?sort=-last_active')).text).toContain('2 people')
  expect((await world.gus.get('members?sort=group')).text).toContain('2 people')
  expect((await world.gus.get(`members/${world.ian.person.id}`)).status).toBe(200)
  const outside = await world.gus.get(`members/${world.mia.person.id}`)
  const missing = await world.gus.get('members/01a00000-0000-7000-8000-000000000000')
  expect(outside.status).toBe(404)
  expect(outside.html).toBe(missing.html)
  expect((await world.gus.get('members.csv')).status).toBe(403)
})

test.each(['dev', 'mia', 'ian'] as const)(
  '%s has no list, but their own panel, under both of its addresses',
  async (who) => {
    const browser = world[who]
    const list = await browser.get('members')
    expect(list.status).toBe(403)
    expect(list.text).toContain('It needs the permission “View members”')
    expect(list.text).toContain('Ana Admin')
    const me = await browser.get('members/me')
    expect(me.status).toBe(200)
    expect(me.html).not.toContain('<table class="grid')
    expect(me.html).toContain('<h1 id="who">')
    expect((await browser.get(`members/${browser.person.id}`)).status).toBe(200)
    expect((await browser.get(`members/${shortId(browser.person.id)}`)).status).toBe(200)
    expect((await browser.get(`members/${world.ana.person.id}`)).status).toBe(403)
    expect((await browser.get('')).location).toBe(`/o/${world.here.slug}/members/me`)
  },
)

test('the frame offers only what the person may open', async () => {
  const ana = await world.ana.get('members/me')
  const mia = await world.mia.get('members/me')
  expect(ana.text).toContain('Permissions')
  expect(ana.text).toContain('User accounts')
  expect(mia.text).not.toContain('User accounts')
  expect(mia.html).not.toContain(`href="/o/${world.here.slug}/members"`)
})

test('a refused swap leaves the screen and its address alone and says what is missing', async () => {
  const answer = await world.mia.swap.get('members')
  expect(answer.status).toBe(403)
  expect(answer.headers.get('HX-Reswap')).toBe('none')
  expect(answer.headers.get('HX-Push-Url')).toBe('false')
  expect(answer.text).toContain('View members')
})

test('somebody whose session has ended is sent to sign in, and back to where they were', async () => {
  const { stranger } = world
  const page = await stranger.get('members?q=smith&status=active')
  expect(page.status).toBe(303)
  expect(page.location).toBe('/sign-in')
  expect((await stranger.get('/sign-in')).html).toContain(
    `name="next" value="/o/${world.here.slug}/members?q=smith&amp;status=active"`,
  )
  const swap = await stranger.swap.get('members', {
    headers: { 'HX-Current-URL': `http://localhost:3000/o/${world.here.slug}/members?sort=email` },
  })
  expect(swap.headers.get('HX-Redirect')).toBe('/sign-in')
  expect((await stranger.get('/sign-in')).html).toContain(
    `name="next" value="/o/${world.here.slug}/members?sort=email"`,
  )
})
