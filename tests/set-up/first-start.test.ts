import { afterAll, expect, test } from 'vitest'
import type { Connected } from '../../src/platform/database/connect.ts'
import { setUpLink, setUpToken } from '../../src/set-up/token.ts'
import { acts, tryDoor } from '../sign-in/door.ts'
import { Browser } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import { organization, startApp } from '../support/world.ts'

const opened: Connected[] = []
afterAll(async () => {
  for (const database of opened) await database.close()
})

async function firstStart() {
  const database = await freshDatabase()
  opened.push(database)
  const started = startApp(database)
  const token = setUpToken(started.services.key)
  return { ...started, token, browser: () => new Browser(started.app) }
}

const password = 'an umbrella for the goat'
const fields = {
  organization: 'Harbor & Vale Claims',
  first_name: 'Ngozi',
  last_name: 'Okonkwo-Adeyemi',
  email: 'Ngozi@Harborvale.example',
  password,
  password_again: password,
}

test('the printed link makes the first organization and its Admin, who is in at once', async () => {
  const { browser, token, db, services } = await firstStart()
  const hers = browser()
  const link = setUpLink(services.config.publicUrl, services.key)
  expect(link).toBe(`http://localhost:3000/setup?token=${token}`)
  const sent = await hers.get(`/setup?token=${token}`)
  expect(sent).toMatchObject({ status: 303, location: '/setup' })
  const page = await hers.get('/setup')
  expect(page).toMatchObject({ status: 200, title: 'Set up Rollcall – Rollcall' })
  expect(page.html).toContain('action="/setup"')
  expect(await hers.post('/setup', fields)).toMatchObject({ status: 303, location: '/o/harbor-vale-claims/members' })
  expect(hers.cookies.has('setup')).toBe(false)
  expect((await hers.get('/o/harbor-vale-claims')).location).toBe('/o/harbor-vale-claims/members')
  expect(hers.cookies.has('device')).toBe(true)

  expect(await db.selectFrom('organization').selectAll().execute()).toMatchObject([
    { name: 'Harbor & Vale Claims', slug: 'harbor-vale-claims' },
  ])
  expect(await db.selectFrom('member_group').selectAll().execute()).toMatchObject([
    { name: 'Default', sort_name: 'default', is_default: true },
  ])
  const [account] = await db.selectFrom('account').selectAll().execute()
  expect(account).toMatchObject({
    email: 'Ngozi@Harborvale.example',
    email_key: 'ngozi@harborvale.example',
    email_verified_at: null,
    must_change_password: false,
    is_support: false,
  })
  expect(await db.selectFrom('membership').selectAll().execute()).toMatchObject([
    {
      account_id: account?.id,
      organization_role: 'admin',
      status: 'active',
      first_name: 'Ngozi',
      sort_name: 'okonkwo-adeyemi\u0001ngozi',
      sort_first: 'ngozi\u0001okonkwo-adeyemi',
      email_key: 'ngozi@harborvale.example',
    },
  ])
  const events = await db.selectFrom('event').selectAll().orderBy('id').execute()
  expect(acts(events)).toEqual(['account.created', 'organization.created', 'membership.added', 'sign_in.succeeded'])
  expect(new Set(events.map((event) => event.actor_id))).toEqual(new Set([account?.id]))
  expect(JSON.stringify(events)).not.toMatch(/ngozi/i)
  expect((await tryDoor(browser(), 'ngozi@harborvale.example', password)).status).toBe(303)
})

test('the link is the same until it is used, and then nothing', async () => {
  const { browser, token, services } = await firstStart()
  expect(setUpToken(services.key)).toBe(token)
  expect((await browser().post(`/setup?token=${token}`, fields)).status).toBe(303)
  const missing = await browser().get('/no-such-page')
  for (const answer of [
    await browser().get(`/setup?token=${token}`),
    await browser().post(`/setup?token=${token}`, fields),
  ])
    expect(answer).toMatchObject({ status: 404, html: missing.html })
})

test('the token leaves the address by a redirect that tells nobody, before there is a page', async () => {
  const { browser, token, db } = await firstStart()
  const hers = browser()
  const sent = await hers.get(`/setup?token=${token}&utm_source=mail`)
  expect(sent).toMatchObject({ status: 303, location: '/setup', html: '' })
  expect(sent.headers.get('referrer-policy')).toBe('no-referrer')
  expect(sent.headers.get('cache-control')).toBe('no-store')
  expect(sent.headers.getSetCookie()).toEqual([`setup=${token}; Max-Age=3600; Path=/; HttpOnly; SameSite=Lax`])
  // Loaded again, from the link again, or with something behind it: the same page, which may say where it sends its form from.
  const page = await hers.get('/setup')
  expect(page.headers.get('referrer-policy')).toBe('same-origin')
  expect((await hers.get('/setup')).html).toBe(page.html)
  expect(await hers.get(`/setup?token=${token}`)).toMatchObject({ status: 303, location: '/setup' })
  expect(await hers.get('/setup?x=1')).toMatchObject({ status: 303, location: '/setup' })
  expect(await hers.get('/setup?token=x')).toMatchObject({ status: 404 })
  for (const table of ['organization', 'account', 'event'] as const)
    expect(await db.selectFrom(table).selectAll().execute()).toEqual([])
})

test('a form that stayed open for longer than the cookie is still taken', async () => {
  const { browser, token } = await firstStart()
  const hers = browser()
  await hers.get(`/setup?token=${token}`)
  const { html } = await hers.get('/setup')
  const hidden = /name="token" value="([^"]+)"/.exec(html)?.[1] ?? ''
  hers.cookies.clear()
  expect((await hers.get('/setup')).status).toBe(404)
  const again = await hers.post('/setup', { ...fields, token: hidden, first_name: '' })
  expect(again.status).toBe(422)
  expect(again.html).toContain(`name="token" value="${token}"`)
  expect((await hers.post('/setup', { ...fields, token: hidden })).status).toBe(303)
})

test('a cookie opens no more than the link: none that is wrong, and none when it is over', async () => {
  const { browser, token } = await firstStart()
  const missing = await browser().get('/no-such-page')
  const guesses = browser()
  guesses.cookies.set('setup', `${token}x`)
  expect(await guesses.get('/setup')).toMatchObject({ status: 404, html: missing.html })
  expect((await guesses.post('/setup', fields)).status).toBe(404)

  const [hers, his] = [browser(), browser()]
  for (const one of [hers, his]) await one.get(`/setup?token=${token}`)
  expect((await hers.post('/setup', fields)).status).toBe(303)
  expect(await his.get('/setup')).toMatchObject({ status: 404, html: missing.html })
  expect(await his.post('/setup', fields)).toMatchObject({ status: 404, html: missing.html })
})

test('with https the cookie is one that no other host can set', async () => {
  const database = await freshDatabase()
  opened.push(database)
  const { app, services } = startApp(database, undefined, { PUBLIC_URL: 'https://access.example.org' })
  const headers = { Host: 'access.example.org' }
  const token = setUpToken(services.key)
  const answer = await new Browser(app).get(`/setup?token=${token}`, { headers })
  expect(answer.headers.getSetCookie()).toEqual([
    `__Host-setup=${token}; Max-Age=3600; Path=/; HttpOnly; Secure; SameSite=Lax`,
  ])
  const planted = new Browser(app)
  planted.cookies.set('setup', token)
  expect((await planted.get('/setup', { headers })).status).toBe(404)
})

test('without its token, or with another, there is no such page', async () => {
  const { browser, token, db } = await firstStart()
  const missing = await browser().get('/no-such-page')
  for (const query of [
    '',
    '?token=',
    '?token=x',
    `?token=${token.slice(0, -1)}`,
    `?token=${token}x`,
    `?Token=${token}`,
  ]) {
    expect(await browser().get(`/setup${query}`), query).toMatchObject({ status: 404, html: missing.html })
    expect((await browser().post(`/setup${query}`, fields)).status, query).toBe(404)
  }
  expect(await db.selectFrom('organization').select('id').execute()).toEqual([])
  expect((await browser().post('/setup', { ...fields, token })).status).toBe(303)
})

test('two people at the same moment make one organization', async () => {
  const { browser, token, db } = await firstStart()
  const answers = await Promise.all(
    [1, 2, 3, 4].map((n) => browser().post(`/setup?token=${token}`, { ...fields, email: `n${n}@example.org` })),
  )
  expect(answers.map((one) => one.status).toSorted()).toEqual([303, 404, 404, 404])
  for (const table of ['organization', 'account', 'membership', 'session'] as const)
    expect(await db.selectFrom(table).selectAll().execute()).toHaveLength(1)
})

test('what can’t be taken comes back in the form, and nothing is made', async () => {
  const { browser, token, db } = await firstStart()
  const send = (more: Record<string, string>) => browser().post(`/setup?token=${token}`, { ...fields, ...more })
  for (const [more, sentence] of [
    [{ organization: ' ' }, 'Enter the name of your organization'],
    [{ first_name: '' }, 'Enter your first name'],
    [{ email: 'ngozi' }, 'Enter an email address like name@example.org'],
    [{ password_again: 'other' }, 'Enter the same password twice'],
    [{ password: 'short', password_again: 'short' }, 'at least 15 characters'],
    [
      { password: 'we at HARBOR & VALE claims', password_again: 'we at HARBOR & VALE claims' },
      'name of your organization',
    ],
    [{ first_name: 'Ngozi\u0000' }, 'control characters'],
    [{ last_name: 'x'.repeat(101) }, 'at most 100 characters'],
  ] as [Record<string, string>, string][]) {
    const answer = await send(more)
    expect(answer.status, sentence).toBe(422)
    expect(answer.text).toContain(sentence)
    expect(answer.html).not.toContain(password)
    expect(answer.html).toContain(`name="token" value="${token}"`)
  }
  expect((await send({ is_support: 'true' })).status).toBe(400)
  expect(await db.selectFrom('account').select('id').execute()).toEqual([])
})

test('an account that is there already is not opened by the link', async () => {
  const { browser, token, db } = await firstStart()
  await db
    .insertInto('account')
    .values({ id: crypto.randomUUID(), email: fields.email, email_key: fields.email.toLowerCase(), is_support: true })
    .execute()
  const answer = await browser().post(`/setup?token=${token}`, fields)
  expect(answer.status).toBe(422)
  expect(answer.text).toContain('this one has an account already')
  expect(await db.selectFrom('organization').select('id').execute()).toEqual([])
})

test('later on the page is nobody’s, an Admin’s neither', async () => {
  const { ana, stranger, services } = await organization()
  for (const browser of [ana, stranger])
    expect((await browser.get(`/setup?token=${setUpToken(services.key)}`)).status).toBe(404)
})
