import { expect, test } from 'vitest'
import { nextResetLink } from '../../src/accounts/reset-link.ts'
import { settled } from '../../src/platform/afterwards.ts'
import { signLink } from '../../src/platform/links.ts'
import { acts, atTheDoor, password, strangeLogin, tryDoor } from '../sign-in/door.ts'
import { someIp } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import { Lynx } from '../support/lynx.ts'
import { minutes } from '../support/world.ts'
import { enroll } from '../two-factor/phone.ts'

const path = '/forgotten-password'
const chosen = 'seven herons over the weir'
const fields = { password: chosen, password_again: chosen }

async function forgetful(options: Parameters<typeof atTheDoor>[0] = {}) {
  const door = await atTheDoor({ env: { SMTP_URL: 'smtp://mail.example.org' }, ...options })
  const bo = await door.add({ first: 'Bo' })
  const letters = async (person = bo) =>
    door.db
      .selectFrom('mail')
      .select(['template', 'generation', 'data', 'organization_id'])
      .where('to_address', '=', person.email)
      .orderBy('created_at')
      .orderBy('id')
      .execute()
  const ask = async (email: string, browser = door.browser()) => {
    const answer = await browser.post(path, { email })
    await settled()
    return answer
  }
  /** The link of the last letter, as the worker signs it. */
  const link = async (person = bo) => {
    const generation = (await letters(person)).findLast((one) => one.template === 'reset_link')?.generation ?? -1
    const { key } = door.services
    return `/reset-password/${signLink({ kind: 'reset', id: person.accountId, generation, channel: 'mail' }, key)}`
  }
  return { ...door, bo, letters, ask, link }
}

test('Bo asks for a link, gets it by letter, and signs in with the password that he chose', async () => {
  const { bo, browser, ask, letters, link, account, events } = await forgetful()
  const his = browser()
  expect((await his.get('/sign-in')).html).toContain(`href="${path}"`)
  expect((await his.get('/cannot-sign-in')).html).toContain(`href="${path}"`)
  expect(await his.get(path)).toMatchObject({ status: 200, title: 'Forgotten password – Rollcall' })
  const answer = await ask(bo.email.toUpperCase(), his)
  expect(answer).toMatchObject({ status: 303, location: `${path}/sent` })
  expect((await his.get(answer.location ?? '')).text).toContain('If an account has the address that you typed')
  expect(await letters()).toEqual([
    { template: 'reset_link', generation: 1, data: { account_id: bo.accountId }, organization_id: null },
  ])
  expect((await tryDoor(browser(), bo.email)).status).toBe(303)
  expect((await his.post(await link(), fields)).location).toBe('/sign-in/password-changed')
  expect((await tryDoor(browser(), bo.email)).status).toBe(422)
  expect((await tryDoor(his, bo.email, chosen)).status).toBe(303)
  expect((await account(bo)).email_verified_at).not.toBeNull()
  expect(acts(await events(bo))).toEqual(expect.arrayContaining(['password.link_asked', 'password.reset']))
})

test('the answer is the same, after the same question to the database, for everybody and nobody (R-04)', async () => {
  const asked: string[] = []
  const database = await freshDatabase({ onQuery: (text) => asked.push(text) })
  const { add, bo, ask, letters, browser, log } = await forgetful({ database })
  const who = {
    known: bo.email,
    unknown: strangeLogin(bo.email),
    blocked: (await add({ first: 'Bloc', blocked: true })).email,
    invited: (await add({ first: 'Invi', invited: true })).email,
    suspended: (await add({ first: 'Susp', suspended: true })).email,
    'without a password': (await add({ first: 'None', password: null })).email,
    'too often': bo.email,
  }
  const answers = new Set<string>()
  const questions = new Set<string>()
  for (const [name, email] of Object.entries(who)) {
    if (name === 'too often') for (let n = 0; n < 3; n++) await ask(email)
    const visitor = browser()
    asked.length = 0
    const answer = await visitor.post(path, { email })
    questions.add(asked.join('\n'))
    expect(asked, name).toHaveLength(1)
    answers.add(JSON.stringify([answer.status, answer.html, [...answer.headers]]))
    await settled()
  }
  expect(answers.size).toBe(1)
  expect(questions.size).toBe(1)
  expect(await letters()).toHaveLength(3)
  expect(log).toEqual([])
  await database.close()
})

test('nobody invited, and nobody unknown, is written to (R-17)', async () => {
  const { add, ask, db } = await forgetful({ database: await freshDatabase() })
  const invited = await add({ first: 'Invi', invited: true })
  await ask(invited.email)
  await ask('nobody@example.org')
  expect(await db.selectFrom('mail').selectAll().execute()).toEqual([])
  expect(await db.selectFrom('event').selectAll().execute()).toEqual([])
})

test('a link that still works is sent again, so that nobody ends it by typing the address; an old one is replaced', async () => {
  const { bo, ask, link, browser, clock, db, account } = await forgetful()
  await db
    .updateTable('account')
    .set((eb) => nextResetLink(eb, clock.now))
    .where('id', '=', bo.accountId)
    .execute()
  const before = await account(bo)
  await ask(bo.email)
  expect(await account(bo)).toEqual(before)
  const first = await link()
  clock.pass(minutes(15) + 1)
  await ask(bo.email)
  expect((await browser().get(first)).status).toBe(404)
  const second = await link()
  expect((await browser().get(second)).status).toBe(200)
  clock.pass(minutes(30))
  expect((await browser().get(second)).status).toBe(404)
})

test('asked for ten times at once, there is one link, and at most three letters', async () => {
  const { bo, browser, letters, account } = await forgetful()
  await Promise.all(Array.from({ length: 10 }, () => browser().post(path, { email: bo.email })))
  await settled()
  const sent = await letters()
  expect(sent.length).toBeGreaterThan(0)
  expect(sent.length).toBeLessThanOrEqual(3)
  expect(new Set(sent.map((one) => one.generation)).size).toBe(1)
  expect((await account(bo)).reset_generation).toBe(1)
})

test('five an hour from one network, three an hour for one address (R-06)', async () => {
  const { bo, ask, letters, browser, clock } = await forgetful()
  const ip = someIp()
  for (let n = 0; n < 5; n++) expect((await ask(`nobody${n}@example.org`, browser(ip))).status).toBe(303)
  const closed = await ask(bo.email, browser(ip))
  expect(closed).toMatchObject({ status: 429 })
  expect(closed.headers.get('retry-after')).toBe('3600')
  expect(closed.html).toContain(`value="${bo.email}"`)
  expect(await letters()).toEqual([])
  for (let n = 0; n < 5; n++) await ask(bo.email)
  expect(await letters()).toHaveLength(3)
  clock.pass(minutes(60))
  await ask(bo.email, browser(ip))
  expect(await letters()).toHaveLength(4)
})

test('a used link ends a block (R-05)', async () => {
  const { add, ask, link, browser, account } = await forgetful()
  const lou = await add({ first: 'Lou', blocked: true })
  expect((await tryDoor(browser(), lou.email)).status).toBe(422)
  await ask(lou.email)
  expect((await browser().post(await link(lou), fields)).status).toBe(303)
  expect((await account(lou)).blocked_at).toBeNull()
  expect((await tryDoor(browser(), lou.email, chosen)).status).toBe(303)
})

test('it leads nobody past the second step (R-10)', async () => {
  const { ana, ask, link, browser, enter, clock } = await forgetful()
  const { phone } = await enroll(await enter(ana), clock)
  await ask(ana.email)
  const hers = browser()
  const to = await link(ana)
  expect((await hers.post(to, fields)).status).toBe(422)
  expect((await tryDoor(browser(), ana.email, chosen)).status).toBe(422)
  clock.pass(minutes(1))
  expect((await hers.post(to, { code: phone.code() })).status).toBe(303)
  expect((await hers.post(to, fields)).location).toBe('/sign-in/password-changed')
  // And it signs nobody in.
  expect((await tryDoor(hers, ana.email, chosen)).location).toBe('/sign-in/two-factor')
})

test('without a mail server the page says whom to ask, and pretends nothing', async () => {
  const { bo, browser, db } = await forgetful({ env: {} })
  const page = await browser().get(path)
  expect(page.text).toContain('sends no mail')
  expect(page.text).toContain('administrator of your organization')
  expect(page.html).not.toContain('<form')
  expect((await browser().post(path, { email: bo.email })).location).toBe(path)
  await settled()
  expect(await db.selectFrom('mail').selectAll().where('to_address', '=', bo.email).execute()).toEqual([])
})

test('what is no address is told beside the field', async () => {
  const { browser } = await forgetful()
  for (const email of ['', 'bo', 'a\0@example.org', 'x'.repeat(300)])
    expect((await browser().post(path, { email })).status).toBe(422)
  expect((await browser().post(path, { email: 'bo@example.org', next: '/' })).status).toBe(400)
})

test('in lynx: from the door to the way in with a new password', async () => {
  const { bo, browser, link } = await forgetful()
  const lynx = new Lynx(browser())
  await lynx.open('/sign-in')
  await lynx.follow('Forgotten password?')
  await lynx.press('Send link', { email: bo.email })
  expect(lynx.page.title).toBe('Look into your mail – Rollcall')
  await settled()
  await lynx.open(await link())
  await lynx.press('Change password', fields)
  await lynx.press('Sign in', { login: bo.email, password: chosen })
  expect(lynx.page.status).toBe(200)
  expect(lynx.page.title).not.toContain('Sign in')
  expect(password).not.toBe(chosen)
})
