import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { forgetOldTries } from '../../src/platform/web/limits.ts'
import { freshDatabase } from '../support/database.ts'
import { minutes } from '../support/world.ts'
import { acts, atTheDoor, expectIn, password, strangeLogin, tryDoor, wrong } from './door.ts'

const retryAfter = (answer: { headers: Headers }) => Number(answer.headers.get('retry-after'))

test('five wrong tries are free, then one waits 1, 2, 4 … seconds, at most 15 minutes (R-05)', async () => {
  const { ana, browser, clock } = await atTheDoor()
  for (let n = 0; n < 5; n++) expect((await tryDoor(browser(), ana.email, wrong)).status).toBe(422)
  const waits: number[] = []
  for (let n = 0; n < 12; n++) {
    const late = await tryDoor(browser(), ana.email)
    expect(late.status).toBe(429)
    waits.push(retryAfter(late))
    clock.pass(retryAfter(late) * 1000 - 1)
    expect((await tryDoor(browser(), ana.email)).status).toBe(429)
    clock.pass(1)
    if (waits.at(-1) === 900) break
    expect((await tryDoor(browser(), ana.email, wrong)).status).toBe(422)
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900])
  expect((await tryDoor(browser(), ana.email)).status).toBe(303)
})

test('the page says how long, keeps the login and needs no second page', async () => {
  const { ana, browser, clock } = await atTheDoor()
  const hers = browser()
  for (let n = 0; n < 5; n++) await tryDoor(hers, ana.email, wrong)
  const late = await tryDoor(hers, ana.email, wrong)
  expect(late.text).toContain('There were too many wrong tries. Wait 1 second, then try again.')
  expect(late.html).toContain(`value="${ana.email}"`)
  clock.pass(1000)
  await tryDoor(hers, ana.email, wrong)
  expect((await tryDoor(hers, ana.email)).text).toContain('Wait 2 seconds')
  clock.pass(2000)
  await tryDoor(hers, ana.email)
  await expectIn(hers)
})

test('what is typed in a delay is neither checked nor counted', async () => {
  const { ana, browser, clock, account, events } = await atTheDoor()
  for (let n = 0; n < 5; n++) await tryDoor(browser(), ana.email, wrong)
  for (let n = 0; n < 30; n++) expect((await tryDoor(browser(), ana.email)).status).toBe(429)
  expect((await account(ana)).failed_sign_ins).toBe(5)
  expect(acts(await events(ana))).toEqual([...Array(5).fill('sign_in.failed'), 'sign_in.delayed'])
  clock.pass(1000)
  expect((await tryDoor(browser(), ana.email)).status).toBe(303)
})

test('an address that nobody has is delayed like one that somebody has', async () => {
  const { ana, browser } = await atTheDoor()
  const login = strangeLogin(ana.email)
  for (let n = 0; n < 5; n++) expect((await tryDoor(browser(), login, wrong)).status).toBe(422)
  expect((await tryDoor(browser(), login, wrong)).status).toBe(429)
  expect((await tryDoor(browser(), ana.email)).status).toBe(303)
})

test('another spelling of the login is the same login', async () => {
  const { ana, browser } = await atTheDoor()
  const upper = ana.email.toUpperCase()
  for (const login of [ana.email, ` ${ana.email}`, upper, `${upper} `, ana.email])
    expect((await tryDoor(browser(), login, wrong)).status).toBe(422)
  expect((await tryDoor(browser(), ana.email, wrong)).status).toBe(429)
})

test('after 15 quiet minutes the five are free again', async () => {
  const { ana, browser, clock } = await atTheDoor()
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 5; n++) expect((await tryDoor(browser(), ana.email, wrong)).status).toBe(422)
    expect((await tryDoor(browser(), ana.email, wrong)).status).toBe(429)
    clock.pass(minutes(15))
  }
})

test('a success ends the count', async () => {
  const { ana, browser } = await atTheDoor()
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 4; n++) expect((await tryDoor(browser(), ana.email, wrong)).status).toBe(422)
    expect((await tryDoor(browser(), ana.email)).status).toBe(303)
  }
})

test('tries made side by side are counted before they are made', async () => {
  const { ana, browser, account } = await atTheDoor()
  const answers = await Promise.all(Array.from({ length: 20 }, () => tryDoor(browser(), ana.email, wrong)))
  expect(answers.filter((one) => one.status === 422)).toHaveLength(5)
  expect(answers.filter((one) => one.status === 429)).toHaveLength(15)
  expect((await account(ana)).failed_sign_ins).toBe(5)
})

test('1,000 wrong tries on the only Admin keep her out of nothing that she used before', {
  timeout: 120_000,
}, async () => {
  const { ana, browser, clock, account } = await atTheDoor()
  const laptop = browser()
  await tryDoor(laptop, ana.email)
  const statuses: number[] = []
  const guesses = (count: number) =>
    Promise.all(Array.from({ length: count }, () => tryDoor(browser(), ana.email, wrong)))
  // Strangers from everywhere, many at once; then, for hours, some who wait as long as they are told to, and guess again.
  for (let n = 0; n < 90; n++) statuses.push(...(await guesses(10)).map((answer) => answer.status))
  for (let n = 0; n < 100; n++) {
    const [answer] = await guesses(1)
    statuses.push(answer?.status ?? 0)
    if (answer?.status === 429) clock.pass(retryAfter(answer) * 1000)
  }
  expect(new Set(statuses)).toEqual(new Set([422, 429]))
  expect((await account(ana)).blocked_at).toBeNull()

  laptop.cookies.delete('session')
  const began = performance.now()
  expect((await tryDoor(laptop, ana.email)).status).toBe(303)
  expect(performance.now() - began).toBeLessThan(1000)

  const phone = browser()
  const late = await tryDoor(phone, ana.email)
  if (late.status === 429) {
    expect(retryAfter(late)).toBeLessThanOrEqual(900)
    clock.pass(retryAfter(late) * 1000)
    expect((await tryDoor(phone, ana.email)).status).toBe(303)
  } else expect(late.status).toBe(303)
  await expectIn(phone)
})

test('a known device has ten tries of its own, and then waits too', async () => {
  const { ana, browser } = await atTheDoor()
  const laptop = browser()
  await tryDoor(laptop, ana.email)
  for (let n = 0; n < 6; n++) await tryDoor(browser(), ana.email, wrong)
  for (let n = 0; n < 10; n++) expect((await tryDoor(laptop, ana.email, wrong)).status).toBe(422)
  expect((await tryDoor(laptop, ana.email)).status).toBe(429)
})

test('a device is known for 90 days after its last sign-in, to its own accounts alone, and its id is stored as a hash', async () => {
  const { ana, add, browser, clock, db } = await atTheDoor()
  const bo = await add({ first: 'Bo' })
  const shared = browser()
  await tryDoor(shared, ana.email)
  await tryDoor(shared, bo.email)
  const devices = shared.cookies.get('device')?.split('.') ?? []
  expect(devices).toHaveLength(2)
  const rows = await db
    .selectFrom('known_device')
    .selectAll()
    .where('account_id', 'in', [ana.accountId, bo.accountId])
    .execute()
  expect(rows).toHaveLength(2)
  expect(JSON.stringify(rows)).not.toContain(devices[0])

  for (const person of [ana, bo]) {
    for (let n = 0; n < 5; n++) await tryDoor(browser(), person.email, wrong)
    expect((await tryDoor(browser(), person.email)).status).toBe(429)
    expect((await tryDoor(shared, person.email)).status).toBe(303)
  }
  expect(shared.cookies.get('device')?.split('.').toSorted()).toEqual(devices.toSorted())

  const other = await add({ first: 'Cy' })
  for (let n = 0; n < 5; n++) await tryDoor(browser(), other.email, wrong)
  expect((await tryDoor(shared, other.email)).status).toBe(429)

  clock.pass(minutes(60 * 24 * 90))
  for (let n = 0; n < 5; n++) await tryDoor(browser(), ana.email, wrong)
  expect((await tryDoor(shared, ana.email)).status).toBe(429)
})

test('a device cookie opens nothing, and somebody’s made-up one is not believed', async () => {
  const { ana, browser } = await atTheDoor()
  for (let n = 0; n < 5; n++) await tryDoor(browser(), ana.email, wrong)
  for (const value of ['x'.repeat(22), `${'x'.repeat(22)}.`.repeat(9), '..', '%00', "'"]) {
    const liar = browser()
    liar.cookies.set('device', value)
    expect((await tryDoor(liar, ana.email)).status).toBe(429)
    expect((await liar.get('/')).location).toBe('/sign-in')
  }
  const failed = await tryDoor(browser(), ana.email, password)
  expect(failed.headers.getSetCookie()).toEqual([])
})

test('counters that mean nothing anymore are cleared away, and those that do are kept', async () => {
  const { ana, browser, clock, db, services } = await atTheDoor({ database: await freshDatabase() })
  const count = async () => (await db.selectFrom('try_count').select('key').execute()).length
  await tryDoor(browser(), ana.email, wrong)
  clock.pass(minutes(30))
  await forgetOldTries(services.db, clock.now)
  expect(await count()).toBe(2)
  clock.pass(minutes(31))
  await forgetOldTries(services.db, clock.now)
  expect(await count()).toBe(0)
})

test('who gets in gives their counters up before the account is held, as whoever tries takes them: two of them never wait for each other', async () => {
  const database = await freshDatabase()
  onTestFinished(() => database.close())
  const { ana, browser, account } = await atTheDoor({ database })
  await sql`create function held_in_order() returns trigger language plpgsql as $$
    begin
      if new.failed_sign_ins = 0 and old.failed_sign_ins > 0 and exists (select from try_count where count > 0) then
        raise exception 'the account before a counter';
      end if;
      return new;
    end $$`.execute(database.db)
  await sql`create trigger held_in_order before update on account for each row execute function held_in_order()`.execute(
    database.db,
  )
  const hers = browser()
  for (let n = 0; n < 2; n++) {
    // The second time from a browser that the account knows.
    expect((await tryDoor(hers, ana.email)).status).toBe(303)
    expect((await account(ana)).failed_sign_ins).toBe(0)
    await hers.post('/sign-out', {})
  }
})
