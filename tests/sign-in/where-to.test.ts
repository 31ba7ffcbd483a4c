import { expect, test } from 'vitest'
import { Browser } from '../support/browser.ts'
import { minutes, organization } from '../support/world.ts'
import { atTheDoor, expectIn, expectOut, firstPassword, password, tryDoor, wrong } from './door.ts'

/** Where the form of the door would lead, as its hidden field says. */
const nextOf = (html: string) => /name="next" value="([^"]*)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? null

test('the page that somebody asked for is kept in a short cookie, and the door’s address has no query', async () => {
  const { browser, here } = await atTheDoor()
  const hers = browser()
  const asked = `/o/${here.slug}/members?q=a%3Bb+c&status=active`
  const sent = await hers.get(asked)
  expect(sent).toMatchObject({ status: 303, location: '/sign-in' })
  expect(sent.headers.getSetCookie()).toEqual([
    `next=${encodeURIComponent(asked)}; Max-Age=600; Path=/; HttpOnly; SameSite=Lax`,
  ])
  expect(sent.headers.get('cache-control')).toBe('no-store')
  expect(sent.headers.get('vary')).toContain('Cookie')
  for (let loads = 0; loads < 2; loads++) expect(nextOf((await hers.get('/sign-in')).html)).toBe(asked)
  expect(nextOf((await browser().get('/sign-in')).html)).toBeNull()
})

test('a wrong try and a wait keep it', async () => {
  const { ana, browser, here, clock } = await atTheDoor()
  const hers = browser()
  const next = `/o/${here.slug}/members?q=x`
  await hers.get(next)
  let answer = await tryDoor(hers, ana.email, wrong, { next })
  for (let tries = 0; answer.status === 422 && tries < 9; tries++)
    answer = await tryDoor(hers, ana.email, wrong, { next })
  expect(answer.status).toBe(429)
  expect(nextOf(answer.html)).toBe(next)
  clock.pass(minutes(15))
  expect(await tryDoor(hers, ana.email, password, { next })).toMatchObject({ status: 303, location: next })
})

test('an address with ?next= does the same, and any other query is taken off', async () => {
  const { ana, browser, here } = await atTheDoor()
  const hers = browser()
  const next = `/o/${here.slug}/members?sort=-email`
  expect(await hers.get(`/sign-in?next=${encodeURIComponent(next)}`)).toMatchObject({
    status: 303,
    location: '/sign-in',
  })
  expect(await hers.get('/sign-in?utm_source=mail')).toMatchObject({ status: 303, location: '/sign-in' })
  expect(nextOf((await hers.get('/sign-in')).html)).toBe(next)
  for (const elsewhere of ['https://evil.example', '//evil.example', '/\\evil.example', '']) {
    await hers.get(`/sign-in?next=${encodeURIComponent(next)}`)
    const answer = await hers.get(`/sign-in?next=${encodeURIComponent(elsewhere)}`)
    expect(answer).toMatchObject({ status: 303, location: '/sign-in' })
    expect(hers.cookies.has('next'), elsewhere).toBe(false)
    expect(nextOf((await hers.get('/sign-in')).html)).toBeNull()
  }
  expect(await tryDoor(hers, ana.email)).toMatchObject({ status: 303, location: '/' })
})

test('whatever is in the cookie, it leads to a page of ours (R-28)', async () => {
  const { browser } = await atTheDoor()
  for (const planted of ['https%3A%2F%2Fevil.example', '%2F%2Fevil.example', '%2F%5Cevil.example', '%', '%00', 'x']) {
    const hers = browser()
    hers.cookies.set('next', planted)
    const page = await hers.get('/sign-in')
    expect(page.status).toBe(200)
    expect(nextOf(page.html), planted).toBeNull()
  }
})

test('of two pages the last one is kept, and each form leads where it was going itself', async () => {
  const { ana, browser, here } = await atTheDoor()
  const hers = browser()
  await hers.get('members?q=first')
  const first = nextOf((await hers.get('/sign-in')).html) ?? ''
  await hers.get('members?q=second')
  expect(nextOf((await hers.get('/sign-in')).html)).toBe(`/o/${here.slug}/members?q=second`)
  expect((await tryDoor(hers, ana.email, password, { next: first })).location).toBe(`/o/${here.slug}/members?q=first`)
  // A page that is too long for a cookie leaves nothing older behind.
  await hers.post('/sign-out')
  await hers.get('members?q=second')
  await hers.get(`members?q=${'%F0%9F%A6%86'.repeat(200)}`)
  expect(nextOf((await hers.get('/sign-in')).html)).toBeNull()
})

test('a swap that finds nobody signed in leads to the door, and back to the page that it was on', async () => {
  const { ana, browser, here, sessions, db } = await atTheDoor()
  const hers = browser()
  await tryDoor(hers, ana.email)
  await db.deleteFrom('session').where('account_id', '=', ana.accountId).execute()
  expect(await sessions(ana)).toEqual([])
  const page = `/o/${here.slug}/members?status=active`
  const swap = await hers.swap.get('members?status=active&sort=email', {
    headers: { 'HX-Current-URL': `http://localhost:3000${page}` },
  })
  expect([swap.status, swap.html, swap.headers.get('hx-redirect')]).toEqual([200, '', '/sign-in'])
  const next = nextOf((await hers.get('/sign-in')).html) ?? ''
  expect(next).toBe(page)
  expect((await tryDoor(hers, ana.email, password, { next })).location).toBe(page)
  const foreign = await browser().swap.get('members', { headers: { 'HX-Current-URL': 'https://evil.example//x' } })
  expect(foreign.headers.getSetCookie()).toEqual([])
})

test('it leads nobody else: signing in and signing out take it away', async () => {
  const { ana, add, browser } = await atTheDoor()
  const bo = await add({ first: 'Bo' })
  const shared = browser()
  const next = (await shared.get('members?q=of+ana')).location && shared.cookies.get('next')
  expect(next).toBeDefined()
  // Ana comes in by another tab, whose form was there before.
  expect(await tryDoor(shared, ana.email)).toMatchObject({ status: 303, location: '/' })
  expect(shared.cookies.has('next')).toBe(false)
  await expectIn(shared)
  shared.cookies.set('next', next ?? '')
  await shared.post('/sign-out')
  expect(shared.cookies.has('next')).toBe(false)
  expect(nextOf((await shared.get('/sign-in')).html)).toBeNull()
  expect(await tryDoor(shared, bo.email)).toMatchObject({ status: 303, location: '/' })
})

test('somebody with a first password is led on after choosing their own', async () => {
  const { add, browser, here } = await atTheDoor()
  const nia = await add({ first: 'Nia', role: 'viewer', password: firstPassword, mustChange: true })
  const hers = browser()
  await hers.get('members?q=x')
  const next = nextOf((await hers.get('/sign-in')).html) ?? ''
  const sent = await tryDoor(hers, nia.email, firstPassword, { next })
  expect(sent).toMatchObject({ status: 303, location: '/sign-in/new-password' })
  expect(nextOf((await hers.get('/sign-in/new-password')).html)).toBe(`/o/${here.slug}/members?q=x`)
  // She tries another page first.
  expect(await hers.get('members?q=y')).toMatchObject({ status: 303, location: '/sign-in/new-password' })
  const page = await hers.get('/sign-in/new-password')
  expect(nextOf(page.html)).toBe(`/o/${here.slug}/members?q=y`)
  expect(await hers.get('/sign-in/new-password?x=1')).toMatchObject({ status: 303, location: '/sign-in/new-password' })
  const done = { password, password_again: password, next: nextOf(page.html) ?? '' }
  expect((await hers.post('/sign-in/new-password', done)).location).toBe(`/o/${here.slug}/members?q=y`)
  expect(hers.cookies.has('next')).toBe(false)
  await hers.post('/sign-out')
  await expectOut(hers)
})

test('what strangers may open stands on the sheet of the door for somebody signed in too', async () => {
  const { app, ana } = await organization()
  const sheet = '<body class="door">'
  for (const path of [
    '/cannot-sign-in',
    '/forgotten-password',
    '/reset-password/nonsense',
    '/confirm-email/nonsense',
    '/confirm-email/done',
    '/restore-email/nonsense',
    '/join',
    '/join/declined',
  ])
    for (const who of [ana, new Browser(app)]) expect((await who.get(path)).html, path).toContain(sheet)
  for (const path of ['members', '/profile', '/confirm']) expect((await ana.get(path)).html).not.toContain(sheet)
  // Whoever confirmed an address where they are signed in still is.
  expect((await ana.get('/confirm-email/done')).html).toContain('href="/profile"')
  expect((await new Browser(app).get('/confirm-email/done')).html).toContain('href="/sign-in"')
})
