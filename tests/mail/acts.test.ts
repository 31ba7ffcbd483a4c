import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { act, actOn, hiddenIn } from '../support/acts.ts'
import { addPerson } from '../support/world.ts'
import { type MailServer, mailServer } from './mail-server.ts'
import { mailing } from './working.ts'

let world: Awaited<ReturnType<typeof mailing>>
let server: MailServer
beforeAll(async () => {
  world = await mailing()
  server = await mailServer()
  await world.work(server.url)
})
afterAll(async () => {
  await world.end()
  await server.close()
})

const arrived = async (to: string, count = 1) => {
  await world.until(
    (rows) =>
      rows.filter((row) => row.to === to && row.state === 'sent').length === count &&
      rows.every(({ state }) => state !== 'waiting'),
  )
  return server.got.filter((one) => one.to === to)
}
const linkIn = (text = '') => /http:\/\/localhost:3000(\/\S+\.\S+)/.exec(text)?.[1] ?? ''
const password = 'a long enough password, surely'

/** Goes through Add user to its last page. */
async function addUser(email: string, how: 'link' | 'generated') {
  const { ana } = world
  const step = async (address: string, fields: Record<string, string>) =>
    (await ana.post(address, fields)).location ?? ''
  const draft = (await step('members/new', { key: randomUUID(), email })).replace('/name', '')
  const contact = { title: '', cell_phone: '', office_phone: '', extension: '' }
  await step(`${draft}/name`, { first_name: 'Nora', last_name: 'New', ...contact })
  await step(`${draft}/how`, { how: 'now' })
  await step(`${draft}/access`, { role: 'member', group: shortId(world.here.defaultGroup) })
  const page = await ana.get(`${draft}/confirm`)
  const hidden = hiddenIn(page.html)
  const { key = '', version = '' } = hidden
  const answer = await ana.post(`${draft}/confirm`, { key, version, how })
  expect(answer.status).toBe(303)
  return { page, done: await ana.get(answer.location ?? '') }
}

test('whoever is added gets a welcome letter with a link that nobody else sees, and using it verifies the address', async () => {
  const { page, done } = await addUser('nora@example.org', 'link')
  expect(page.text).toContain('in the welcome letter')
  expect(done.text).toContain('A welcome letter is on its way there, with a link to choose their password')
  expect(done.html).not.toContain('/reset-password/')
  const [got] = await arrived('nora@example.org')
  const link = linkIn(got?.text)
  expect(link).toMatch(/^\/reset-password\//)
  expect((await world.stranger.get(link)).status).toBe(200)
  expect((await world.stranger.post(link, { password, password_again: password })).status).toBe(303)
  const account = await world.db
    .selectFrom('account')
    .select(['email_verified_at', 'password_hash'])
    .where('email_key', '=', 'nora@example.org')
    .executeTakeFirstOrThrow()
  expect(account.email_verified_at).not.toBe(null)
  const letters = await arrived('nora@example.org', 2)
  expect(letters[1]?.subject).toBe('Your password was changed')
})

test('a generated password stands in no letter', async () => {
  const { done } = await addUser('gert@example.org', 'generated')
  const shown = /<code data-copy[^>]*>\s*([^<\s]+)/.exec(done.html)?.[1] ?? ''
  expect(shown.length).toBeGreaterThan(15)
  const [got] = await arrived('gert@example.org')
  expect(got?.text).toContain('Whoever added you tells you your first password')
  expect([got?.text.includes(shown), got?.html.includes(shown), linkIn(got?.text)]).toEqual([false, false, ''])
})

test('a reset link is sent, and whoever sent it never sees it', async () => {
  const { ana, add } = world
  const rita = await add({ first: 'Rita', email: 'rita@example.org' })
  const page = await ana.get(actOn(rita, 'reset-link'))
  expect(page.text).not.toContain('No mail server')
  const answer = await act(ana, rita, 'reset-link')
  expect(answer.text).toContain('on its way to rita@example.org')
  expect(answer.html).not.toContain('/reset-password/')
  const [got] = await arrived('rita@example.org')
  expect((await world.stranger.post(linkIn(got?.text), { password, password_again: password })).status).toBe(303)
})

test('a member of two organizations gets the link by letter alone, and can’t be blocked with it', async () => {
  const { ana, add, db, elsewhere, clock } = world
  const two = await add({ first: 'Two', email: 'two@example.org' })
  await addPerson(db, elsewhere, clock.now, { accountId: two.accountId ?? '', email: 'two@example.org' })
  const page = await ana.get(actOn(two, 'reset-link'))
  expect(page.html).not.toContain('block_now')
  const forced = await ana.post(actOn(two, 'reset-link'), { version: '1', block_now: 'on' })
  expect(forced.status).toBe(403)
  const answer = await act(ana, two, 'reset-link')
  expect([answer.status, answer.html.includes('/reset-password/')]).toEqual([200, false])
  const [got] = await arrived('two@example.org')
  expect(linkIn(got?.text)).toMatch(/^\/reset-password\//)
})

test('whoever is suspended, gets other access or another address hears of it', async () => {
  const { ana, add, db } = world
  const sue = await add({ first: 'Sue', email: 'sue@example.org' })
  await act(ana, sue, 'access', { role: 'viewer', group: shortId(world.here.defaultGroup) })
  await act(ana, sue, 'suspend')
  const letters = await arrived('sue@example.org', 2)
  expect(letters.map(({ subject }) => subject).sort()).toEqual([
    'Your access was changed',
    'Your membership is suspended',
  ])
  expect(letters.find(({ subject }) => subject.includes('access'))?.text).toContain(
    'You are Viewer there now, in the group Default',
  )

  const ed = await add({ first: 'Ed', email: 'ed@example.org' })
  const answer = await act(ana, ed, 'account', { username: '', email: 'edward@example.org' })
  expect(answer.text).toContain('a letter with a link is on its way')
  expect(answer.html).not.toContain('confirm-email/')
  await arrived('ed@example.org')
  const [got] = await arrived('edward@example.org')
  const opened = await world.stranger.get(linkIn(got?.text))
  expect(opened.location).toBe('/confirm-email')
  expect((await world.stranger.post('/confirm-email', {})).location).toBe('/confirm-email/done')
  const account = await db
    .selectFrom('account')
    .selectAll()
    .where('id', '=', ed.accountId ?? '')
    .executeTakeFirstOrThrow()
  expect([account.email, account.email_verified_at !== null]).toEqual(['edward@example.org', true])
  await arrived('ed@example.org', 2)
  await arrived('edward@example.org', 2)
})

test('the old address hears of a change with a link that takes it back; who has the new one already hears that', async () => {
  const { enter, add, stranger } = world
  const olga = await enter({ first: 'Olga', email: 'olga@example.org' })
  await olga.post('/profile', { email: 'olga.new@example.org' })
  const [asked] = await arrived('olga.new@example.org')
  expect((await stranger.get(linkIn(asked?.text))).location).toBe('/confirm-email')
  expect((await stranger.post('/confirm-email', {})).location).toBe('/confirm-email/done')
  const told = (await arrived('olga@example.org', 2))[1]
  expect(told?.text).toContain('This was not me')
  const link = /http:\/\/localhost:3000(\/restore-email\/\S+)/.exec(told?.text ?? '')?.[1] ?? ''
  const news = (await arrived('olga.new@example.org', 2))[1]
  expect([news?.subject, news?.text.includes('/restore-email/')]).toEqual(['Your email address was changed', false])
  expect((await stranger.get(link)).location).toBe('/restore-email')
  expect((await stranger.post('/restore-email', {})).location).toBe('/restore-email/done')
  const back = (await arrived('olga@example.org', 4)).slice(2)
  expect(back.map(({ subject }) => subject).sort()).toEqual([
    'Choose a new password',
    'Your email address was changed back',
  ])
  const reset = back.find(({ subject }) => subject === 'Choose a new password')
  expect((await stranger.post(linkIn(reset?.text), { password, password_again: password })).status).toBe(303)

  await add({ first: 'Zoe', email: 'zoe@example.org' })
  const mo = await enter({ first: 'Mo', email: 'mo@example.org' })
  await mo.post('/profile', { email: 'zoe@example.org' })
  const [taken] = await arrived('zoe@example.org')
  expect(taken?.text).toContain('It is in use here already, so nothing changes')
  expect(taken?.text).not.toContain('/confirm-email/')
})
