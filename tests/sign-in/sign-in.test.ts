import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { safeNext } from '../../src/platform/web/address.ts'
import { acts, atTheDoor, expectIn, expectOut, password, tryDoor, wrong } from './door.ts'

test('Ana opens a page, is asked to sign in, and comes back to it', async () => {
  const { ana, browser, here, events } = await atTheDoor()
  const hers = browser()
  const sent = await hers.get('members?q=x&sort=-email')
  expect(sent).toMatchObject({ status: 303 })
  expect(sent.location).toBe('/sign-in')
  const door = await hers.get(sent.location ?? '')
  expect(door.title).toBe('Sign in – Rollcall')
  const next = /name="next" value="([^"]+)"/.exec(door.html)?.[1]?.replaceAll('&amp;', '&') ?? ''
  expect(next).toBe(`/o/${here.slug}/members?q=x&sort=-email`)
  const answer = await tryDoor(hers, ana.email, password, { next })
  expect(answer).toMatchObject({ status: 303, location: next })
  expect(hers.cookies.has('next')).toBe(false)
  await expectIn(hers)
  expect(acts(await events(ana))).toEqual(['sign_in.succeeded'])
  expect((await events(ana))[0]).toMatchObject({ actor_id: ana.accountId, ip: hers.ip, how: 'screen' })
})

test('email and username do, however they are written', async () => {
  const { add, browser } = await atTheDoor()
  const bo = await add({ first: 'Bo', username: 'Bo.Fjord' })
  for (const login of [bo.email, ` ${bo.email.toUpperCase()} `, 'bo.fjord', 'BO.FJORD', 'ＢＯ.fjord'])
    expect(await tryDoor(browser(), login), login).toMatchObject({ status: 303, location: '/' })
})

test('a password counts exactly as typed', async () => {
  const { add, browser } = await atTheDoor()
  const zoe = await add({ first: 'Zoe', password: '  Ümlaut 密碼 with spaces ' })
  expect((await tryDoor(browser(), zoe.email, '  Ümlaut 密碼 with spaces ')).status).toBe(303)
  for (const other of ['Ümlaut 密碼 with spaces', '  ümlaut 密碼 with spaces ', '  U\u0308mlaut 密碼 with spaces '])
    expect((await tryDoor(browser(), zoe.email, other)).status).toBe(422)
})

describe('the session', () => {
  test('is new at each sign-in, and the one that the browser had ends', async () => {
    const { ana, browser, sessions } = await atTheDoor()
    const hers = browser()
    await tryDoor(hers, ana.email)
    const planted = hers.cookies.get('session') ?? ''
    expect(planted).toMatch(/^[a-z2-7]{40}$/)
    await tryDoor(hers, ana.email)
    expect(hers.cookies.get('session')).not.toBe(planted)
    expect(await sessions(ana)).toHaveLength(1)
    const thief = browser()
    thief.cookies.set('session', planted)
    await expectOut(thief)
  })

  test('is stored as a hash, and what is stored opens nothing (R-12)', async () => {
    const { ana, browser, sessions } = await atTheDoor()
    const hers = browser()
    await tryDoor(hers, ana.email)
    const id = hers.cookies.get('session') ?? ''
    const [row] = await sessions(ana)
    expect(row?.id_hash.equals(createHash('sha256').update(id).digest())).toBe(true)
    for (const stored of [row?.id_hash.toString('hex'), row?.id_hash.toString('base64url')]) {
      const thief = browser()
      thief.cookies.set('session', stored ?? '')
      await expectOut(thief)
    }
  })

  test('is never taken from an address or a form', async () => {
    const { ana, browser, here } = await atTheDoor()
    const hers = browser()
    await tryDoor(hers, ana.email)
    const id = hers.cookies.get('session') ?? ''
    const answer = await browser().get(`/o/${here.slug}/members?session=${id}`)
    expect(answer.location).toMatch(/^\/sign-in/)
    expect((await browser().post('/sign-out', { session: id })).status).toBe(303)
    await expectIn(hers)
  })

  test('has a cookie for HTTP and, with https, one that no other host can set', async () => {
    const { ana, browser } = await atTheDoor()
    const [session = '', device = ''] = (await tryDoor(browser(), ana.email)).headers.getSetCookie()
    expect(session).toMatch(/^session=[a-z2-7]{40}; HttpOnly; Max-Age=86400; Path=\/; SameSite=Lax$/)
    expect(device).toMatch(/^device=[\w-]{22}; Max-Age=7776000; Path=\/; HttpOnly; SameSite=Lax$/)
    const safe = await atTheDoor({ env: { PUBLIC_URL: 'https://access.example.org' } })
    const answer = await safe
      .browser()
      .post('/sign-in', { login: safe.ana.email, password }, { headers: { Host: 'access.example.org' } })
    const names = answer.headers.getSetCookie()
    expect(names[0]).toMatch(/^__Host-session=[a-z2-7]{40};(?!.*Domain).*Secure/)
    expect(names[1]).toMatch(/^__Host-device=[\w-]{22};(?!.*Domain).*Secure/)
  })

  test('of two browsers goes on when somebody else signs in', async () => {
    const { ana, add, browser } = await atTheDoor()
    const bo = await add({ first: 'Bo' })
    const [one, two] = [browser(), browser()]
    await tryDoor(one, ana.email)
    await tryDoor(two, bo.email)
    await expectIn(one)
    await expectIn(two)
  })
})

test('whoever is signed in already is led on from the door', async () => {
  const { ana, browser } = await atTheDoor()
  const hers = browser()
  await tryDoor(hers, ana.email)
  expect(await hers.get('/sign-in')).toMatchObject({ status: 303, location: '/' })
  expect(await hers.get('/sign-in?next=%2Fo%2Fx')).toMatchObject({ status: 303, location: '/o/x' })
  expect(await hers.get('/sign-in?next=https%3A%2F%2Fevil.example')).toMatchObject({ status: 303, location: '/' })
})

test('the door leads nowhere else than to a page of ours (R-28)', async () => {
  const home = new URL('https://access.example.org')
  for (const next of [
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/%09//evil.example/..//',
    'javascript:alert(1)',
    ' /x',
    '/.//evil.example',
    '/x/..//evil.example',
    'https:/evil.example',
    'http:evil',
    '/\u0000',
    '',
    'evil.example',
    '?x',
    '#x',
    `/${'x'.repeat(3000)}`,
    '/\r\nSet-Cookie: a=b',
    '/\u2028/x\\y',
  ]) {
    const where = new URL(safeNext(next, home), home)
    expect(where.origin, next).toBe(home.origin)
    expect(safeNext(next, home), next).toMatch(/^\/(?![/\\])/)
  }
  expect(safeNext('/o/x/members?q=%2F%2Fevil&sort=-email', home)).toBe('/o/x/members?q=%2F%2Fevil&sort=-email')
  const { ana, browser } = await atTheDoor()
  expect(await tryDoor(browser(), ana.email, password, { next: '//evil.example' })).toMatchObject({ location: '/' })
  const shown = await tryDoor(browser(), ana.email, wrong, { next: 'https://evil.example' })
  expect(shown.html).not.toContain('evil')
})

test('a field that isn’t there, or is there twice, is no form of ours (R-42)', async () => {
  const { ana, browser, account } = await atTheDoor()
  const before = await account(ana)
  for (const more of [{ is_support: 'true' }, { 'password[]': 'x' }, { stage: 'full' }] as Record<string, string>[])
    expect((await tryDoor(browser(), ana.email, password, more)).status).toBe(400)
  const twice = await browser().post('/sign-in', { login: [ana.email, 'x@example.org'], password })
  expect(twice.status).toBe(400)
  expect(await account(ana)).toEqual(before)
})

test('empty, odd and endless input gets an answer (R-32, R-33)', async () => {
  const { ana, browser } = await atTheDoor()
  const empty = await tryDoor(browser(), '', '')
  expect(empty.status).toBe(422)
  expect(empty.text).toContain('Enter your email address or username')
  expect(empty.text).toContain('Enter your password')
  const nul = await tryDoor(browser(), 'ana\u0000@example.org')
  expect(nul.status).toBe(422)
  for (const login of ['@', 'a@b@c', '%', '\ud800', "' or 1=1 --", '﷽'.repeat(100), 'x@[::1]'])
    expect((await tryDoor(browser(), login)).status, login).toBe(422)
  expect((await tryDoor(browser(), ana.email, 'x'.repeat(100_000))).status).toBe(413)
  const chunked = new ReadableStream({
    pull: (controller) => controller.enqueue(new TextEncoder().encode('login=x&'.repeat(1000))),
  })
  expect((await browser().post('/sign-in', {}, { body: chunked })).status).toBe(413)
  const json = await browser().post('/sign-in', {}, { body: '{}', headers: { 'Content-Type': 'application/json' } })
  expect(json.status).toBe(415)
})

test('another site’s page signs nobody in (R-24)', async () => {
  const { ana, browser, sessions } = await atTheDoor()
  const form = { login: ana.email, password }
  for (const headers of [
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': 'none' },
    { 'Sec-Fetch-Site': 'cross-site', Origin: 'http://localhost:3000' },
  ] as Record<string, string>[])
    expect((await browser().post('/sign-in', form, { headers })).status).toBe(403)
  expect(await sessions(ana)).toEqual([])
})

test('the door and the page behind it are kept by no cache (R-26)', async () => {
  const { ana, browser } = await atTheDoor()
  const hers = browser()
  for (const answer of [
    await hers.get('/sign-in'),
    await tryDoor(hers, ana.email, wrong),
    await tryDoor(hers, ana.email),
  ])
    expect(answer.headers.get('cache-control')).toBe('no-store')
})

test('“Can’t sign in?” tells everybody the same, and says nothing about anybody', async () => {
  const { ana, browser } = await atTheDoor()
  const failed = await tryDoor(browser(), ana.email, wrong)
  expect(failed.html).toContain('href="/cannot-sign-in"')
  const help = await browser().get('/cannot-sign-in')
  expect(help).toMatchObject({ status: 200, title: 'Can’t sign in? – Rollcall' })
  expect(help.text).toContain('by mail')
  expect(help.text).toContain('administrator of your organization')
  expect(help.text).not.toContain(ana.email)
})
