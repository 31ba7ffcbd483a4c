import { expect, onTestFinished, test } from 'vitest'
import { readyWith } from '../../src/mail/ready.ts'
import { upkeep } from '../../src/upkeep.ts'
import { letters } from '../../views/mail/letters.ts'
import type { Browser } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import { days, hours, minutes } from '../support/world.ts'
import { beforeSecondStep, enroll, give, giveBackup, withTwoFactor } from '../two-factor/phone.ts'
import { atTheDoor, firstPassword, password, wrong } from './door.ts'

type Door = Awaited<ReturnType<typeof atTheDoor>>
const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0'
const enter = (browser: Browser, email: string, text = password, userAgent = firefox) =>
  browser.post('/sign-in', { login: email, password: text }, { headers: { 'User-Agent': userAgent } })

const told = async ({ db }: Pick<Door, 'db'>, { email }: { email: string }) =>
  db
    .selectFrom('mail')
    .select(['id', 'data', 'organization_id'])
    .where('to_address', '=', email)
    .where('template', '=', 'new_device')
    .orderBy('id')
    .execute()

/** Bo, who has signed in once, with the browser in which he did. */
async function known(options: Parameters<typeof atTheDoor>[0] = {}) {
  const door = await atTheDoor(options)
  const bo = await door.add({ first: 'Bo' })
  const his = door.browser()
  expect((await enter(his, bo.email)).status).toBe(303)
  expect(await told(door, bo)).toEqual([])
  door.clock.pass(hours(2))
  return { ...door, bo, his }
}

test('Bo hears of a browser that his account didn’t know: when, which one, from where and what to do', async () => {
  const door = await known()
  const { bo, db, services, clock } = door
  await db.updateTable('account').set({ time_zone: 'Europe/Oslo' }).where('id', '=', bo.accountId).execute()
  const thief = door.browser('203.0.113.7')
  expect((await enter(thief, bo.email)).status).toBe(303)
  const [letter, ...others] = await told(door, bo)
  expect(others).toEqual([])
  expect(letter).toMatchObject({
    organization_id: null,
    data: { account_id: bo.accountId, device: 'Firefox on Windows', address: '203.0.113.7' },
  })
  const [ready] = await readyWith(door.services.db, services, letters)([letter?.id ?? ''], clock.now)
  if (!ready || !('message' in ready)) throw new Error('not sent')
  const { subject, text } = ready.message
  expect(subject).toBe('New sign-in to your account')
  for (const part of [
    bo.email,
    'Firefox on Windows, from the address 203.0.113.7',
    'Nov 22, 2026, 15:00 +01:00 (Nov 22, 2026, 14:00 UTC)',
    'If it wasn’t you',
    'http://localhost:3000/profile/sessions',
    'http://localhost:3000/forgotten-password',
  ])
    expect(text).toContain(part)
})

test('of a browser that it knows he hears nothing; once its cookie is gone, or 90 days are over, he does', async () => {
  const door = await known()
  const { bo, his, clock } = door
  await enter(his, bo.email)
  expect(await told(door, bo)).toEqual([])
  his.cookies.delete('device')
  await enter(his, bo.email)
  expect(await told(door, bo)).toHaveLength(1)
  clock.pass(days(90))
  await enter(his, bo.email)
  expect(await told(door, bo)).toHaveLength(2)
  await enter(his, bo.email)
  expect(await told(door, bo)).toHaveLength(2)
})

test('what somebody else’s browser knows is his no more than a wrong password is a sign-in', async () => {
  const door = await known()
  const { bo, ana } = door
  const hers = door.browser()
  await enter(hers, ana.email)
  await enter(hers, bo.email, wrong)
  expect(await told(door, bo)).toEqual([])
  await enter(hers, bo.email)
  expect(await told(door, bo)).toHaveLength(1)
  expect(await told(door, ana)).toEqual([])
})

test('a button that was pressed twice is one browser, another one beside it is another', async () => {
  const door = await known()
  const { bo, browser } = door
  const ip = '203.0.113.9'
  const twice = await Promise.all([browser(ip), browser(ip), browser(ip)].map((one) => enter(one, bo.email)))
  expect(twice.map(({ status }) => status)).toEqual([303, 303, 303])
  expect(await told(door, bo)).toHaveLength(1)
  await enter(browser('203.0.113.10'), bo.email)
  await enter(browser(ip), bo.email, password, 'curl/8')
  expect(await told(door, bo)).toHaveLength(3)
  door.clock.pass(minutes(1))
  await enter(browser(ip), bo.email)
  expect(await told(door, bo)).toHaveLength(4)
})

test('whoever knows the password fills no mailbox: ten an hour', async () => {
  const door = await known()
  for (let n = 0; n < 12; n++) {
    door.clock.pass(minutes(2))
    await enter(door.browser(), door.bo.email)
  }
  expect(await told(door, door.bo)).toHaveLength(10)
})

test('with two-factor it is told when the sign-in is whole, not at the password', async () => {
  const door = await withTwoFactor()
  const { ana, phone, clock, codes } = door
  expect((await give(await beforeSecondStep(door), phone.code())).status).toBe(303)
  expect(await told(door, ana)).toEqual([])
  clock.pass(minutes(3))
  const half = await beforeSecondStep(door)
  expect((await give(half, '000000')).status).toBe(422)
  expect(await told(door, ana)).toEqual([])
  const code = phone.code()
  const both = await Promise.all([give(half, code), give(half, code)])
  expect(both.map(({ location }) => location).filter((to) => to === '/')).toHaveLength(1)
  expect(await told(door, ana)).toHaveLength(1)
  clock.pass(minutes(3))
  await giveBackup(await beforeSecondStep(door), codes[0] ?? '')
  expect(await told(door, ana)).toHaveLength(2)
})

test('the sign-in that comes of one’s own first password, or of enrolling, is told unless it is the first', async () => {
  const door = await atTheDoor()
  const { clock, db } = door
  const nora = await door.add({ first: 'Nora', password: firstPassword, mustChange: true })
  const hers = door.browser()
  expect((await enter(hers, nora.email, firstPassword)).location).toBe('/sign-in/new-password')
  const own = { password: 'seven herons over the weir', password_again: 'seven herons over the weir' }
  expect((await hers.post('/sign-in/new-password', own)).location).toBe('/')
  expect(await told(door, nora)).toEqual([])
  clock.pass(hours(1))
  await db.updateTable('account').set({ must_enroll: true }).where('id', '=', nora.accountId).execute()
  const other = door.browser()
  expect((await enter(other, nora.email, own.password)).location).toBe('/sign-in/enroll')
  expect(await told(door, nora)).toEqual([])
  await enroll(other, clock, { app: '/sign-in/enroll', codes: '/sign-in/enroll/backup-codes' })
  expect(await told(door, nora)).toHaveLength(1)
})

test('who comes back after half a year hears of the browser that they come with, though nothing knows the old one any longer', async () => {
  const database = await freshDatabase()
  onTestFinished(() => database.close())
  const door = await known({ database })
  const { bo, his, db, clock } = door
  clock.pass(days(60))
  expect((await enter(door.browser('198.51.100.3'), bo.email)).status).toBe(303)
  const devices = () => db.selectFrom('known_device').selectAll().where('account_id', '=', bo.accountId).execute()
  expect(await devices()).toHaveLength(2)
  clock.pass(days(120))
  await upkeep(db, clock.now, door.services.log)
  expect(await devices()).toHaveLength(1)
  expect(await told(door, bo)).toHaveLength(1)
  expect((await enter(his, bo.email)).status).toBe(303)
  expect(await told(door, bo)).toHaveLength(2)
})
