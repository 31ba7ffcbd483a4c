import { describe, expect, onTestFinished, test } from 'vitest'
import { hashPassword } from '../../src/passwords/hash.ts'
import { acts, atTheDoor, expectIn, expectOut, firstPassword, password, tryDoor } from '../sign-in/door.ts'
import { freshDatabase } from '../support/database.ts'
import { hours, minutes } from '../support/world.ts'
import { beforeSecondStep, codes, codesIn, enroll, give, giveBackup, hiddenOf, withTwoFactor } from './phone.ts'

const letters = async (door: Awaited<ReturnType<typeof withTwoFactor>>, to = door.ana.email) =>
  (
    await door.db.selectFrom('mail').select(['template', 'data']).where('to_address', '=', to).orderBy('id').execute()
  ).filter(({ template }) => template !== 'two_factor_on' && template !== 'new_device')

test('Ana signs in with the code of her phone, and goes where she was going', async () => {
  const door = await withTwoFactor()
  const next = `/o/${door.here.slug}/members/me`
  const browser = await beforeSecondStep(door, undefined, { next })
  expect(browser.cookies.has('device')).toBe(false)
  await expectOut(browser)
  expect((await browser.get('members')).location).toBe('/sign-in/two-factor')
  const half = browser.cookies.get('session')
  const page = await browser.get('/sign-in/two-factor')
  expect(page.title).toBe('Enter your code – Rollcall')
  const code = door.phone.code()
  expect(await give(browser, `${code.slice(0, 3)} ${code.slice(3)}`, { next })).toMatchObject({
    status: 303,
    location: next,
  })
  expect(browser.cookies.get('session')).not.toBe(half)
  expect(browser.cookies.has('device')).toBe(true)
  await expectIn(browser)
  expect(acts(await door.events(door.ana)).slice(-2)).toEqual(['sign_in.second_step_needed', 'sign_in.succeeded'])
  expect(await door.sessions(door.ana)).toMatchObject([
    { stage: 'full' },
    { stage: 'full', confirmed_at: door.clock.now },
  ])
  expect((await door.account(door.ana)).failed_second_steps).toBe(0)
})

test('a code counts one step before and after its own, and no further (R-07)', async () => {
  for (const [at, right] of [
    [-30_001, false],
    [-30_000, true],
    [59_999, true],
    [60_000, false],
  ] as const) {
    const door = await withTwoFactor()
    const step = Math.ceil(door.clock.now.getTime() / 30_000) * 30_000 + minutes(2)
    const code = door.phone.code(step - door.clock.now.getTime())
    door.clock.now = new Date(step + at)
    expect((await give(await beforeSecondStep(door), code)).status, String(at)).toBe(right ? 303 : 422)
  }
})

test('twenty use one code at once: one gets in, and nobody later (R-07)', async () => {
  const door = await withTwoFactor()
  const browsers = await Promise.all(Array.from({ length: 5 }, () => beforeSecondStep(door)))
  const code = door.phone.code()
  const answers = await Promise.all(browsers.flatMap((one) => Array.from({ length: 4 }, () => give(one, code))))
  expect(answers.filter((one) => one.status === 303 && !one.location?.startsWith('/sign-in'))).toHaveLength(1)
  expect((await door.sessions(door.ana)).filter((one) => one.stage === 'full')).toHaveLength(2)
  door.clock.pass(minutes(16))
  const late = await beforeSecondStep(door)
  expect((await give(late, code)).status).toBe(422)
})

test('signing in takes two statements, and three for its second step', async () => {
  const asked: string[] = []
  const database = await freshDatabase({ onQuery: (text) => asked.push(text) })
  onTestFinished(() => database.close())
  const door = await withTwoFactor({ database })
  for (const code of [door.phone.code(), door.codes[0] ?? '']) {
    const browser = door.browser()
    asked.length = 0
    await tryDoor(browser, door.ana.email)
    expect(asked).toHaveLength(2)
    asked.length = 0
    const done = code.includes('-') ? await giveBackup(browser, code) : await give(browser, code)
    expect(done).toMatchObject({ status: 303, location: '/' })
    expect(asked).toHaveLength(3)
  }
})

test('the code that confirmed the app is used up', async () => {
  const door = await atTheDoor()
  const hers = await door.enter(door.ana)
  const { phone } = await enroll(hers, door.clock)
  const browser = door.browser()
  await tryDoor(browser, door.ana.email)
  expect((await give(browser, phone.code())).status).toBe(422)
  expect(await give(browser, phone.code(30_000))).toMatchObject({ status: 303, location: '/' })
})

describe('wrong codes (R-08)', () => {
  test('fifty at once, by the app and by backup codes: five are looked at', async () => {
    const door = await withTwoFactor()
    const browsers = await Promise.all(Array.from({ length: 10 }, () => beforeSecondStep(door)))
    const answers = await Promise.all(
      browsers.flatMap((one) => [
        give(one, '000000'),
        giveBackup(one, '00000-00000'),
        give(one, '111111'),
        giveBackup(one, 'ABCDE-FGHJK'),
        give(one, '222222'),
      ]),
    )
    expect(answers.filter((one) => one.status === 422)).toHaveLength(5)
    expect(answers.filter((one) => one.status === 429)).toHaveLength(45)
    expect((await door.account(door.ana)).failed_second_steps).toBe(5)
    // The right one isn't looked at either, until the quarter of an hour is over.
    expect((await give(await beforeSecondStep(door), door.phone.code())).status).toBe(429)
    door.clock.pass(minutes(15))
    expect(await give(await beforeSecondStep(door), door.phone.code())).toMatchObject({ status: 303, location: '/' })
  })

  test('the fifth ends the sign-in that it belongs to, and so do ten minutes', async () => {
    const door = await withTwoFactor()
    const browser = await beforeSecondStep(door)
    for (let n = 0; n < 4; n++) expect((await give(browser, '000000')).text).toContain('isn’t right')
    const last = await give(browser, '000000')
    expect(last.text).toContain('this sign-in has ended')
    expect((await browser.get('/sign-in/two-factor')).location).toBe('/sign-in')
    door.clock.pass(minutes(15))
    const slow = await beforeSecondStep(door)
    door.clock.pass(minutes(10) - 1)
    expect((await slow.get('/sign-in/two-factor')).status).toBe(200)
    door.clock.pass(1)
    expect((await give(slow, door.phone.code())).location).toBe('/sign-in')
  })

  const tenWrong = async (door: Awaited<ReturnType<typeof withTwoFactor>>) => {
    for (let round = 0; round < 2; round++) {
      const browser = await beforeSecondStep(door)
      for (let n = 0; n < 5; n++) await give(browser, '000000')
      if (round === 0) door.clock.pass(minutes(15))
    }
  }

  test('ten in a row block the account; she and the other Admins are written to', async () => {
    const door = await withTwoFactor()
    const ben = await door.add({ first: 'Ben', role: 'admin' })
    await tenWrong(door)
    expect((await door.account(door.ana)).blocked_at).not.toBeNull()
    await expectOut(door.hers)
    expect((await letters(door)).map((one) => one.template)).toEqual(['account_blocked'])
    expect((await letters(door, ben.email)).map((one) => one.template)).toEqual(['member_blocked'])
    expect(acts(await door.events(door.ana)).filter((act) => act === 'two_factor.failed')).toHaveLength(10)
    expect((await tryDoor(door.browser(), door.ana.email)).status).toBe(422)
  })

  test('the last Admin waits for an hour instead', async () => {
    const door = await withTwoFactor()
    await tenWrong(door)
    expect((await door.account(door.ana)).blocked_at).toBeNull()
    // Nobody is blocked, but somebody has come past her password.
    expect((await letters(door)).map((one) => one.template)).toEqual(['second_step_delayed'])
    door.clock.pass(minutes(59))
    expect((await give(await beforeSecondStep(door), door.phone.code())).status).toBe(429)
    door.clock.pass(minutes(1))
    expect(await give(await beforeSecondStep(door), door.phone.code())).toMatchObject({ status: 303, location: '/' })
  })
})

describe('a backup code (R-09)', () => {
  test('signs in once, in any spelling; she gets a letter, and another one when three are left', async () => {
    const door = await withTwoFactor()
    const [first = '', ...rest] = door.codes
    const typed = ` ${first.toLowerCase().replace('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `
    expect(await giveBackup(await beforeSecondStep(door), typed)).toMatchObject({ status: 303, location: '/' })
    expect(await letters(door)).toMatchObject([{ template: 'backup_code_used', data: { left: 9 } }])
    expect((await giveBackup(await beforeSecondStep(door), first)).status).toBe(422)
    for (const code of rest.slice(0, 6)) expect((await giveBackup(await beforeSecondStep(door), code)).status).toBe(303)
    expect((await letters(door)).at(-1)).toMatchObject({ template: 'backup_codes_low', data: { left: 3 } })
    expect(acts(await door.events(door.ana)).filter((act) => act === 'backup_code.used')).toHaveLength(7)
  })

  test('twenty times at once it lets one in', async () => {
    const door = await withTwoFactor()
    const browsers = await Promise.all(Array.from({ length: 5 }, () => beforeSecondStep(door)))
    const code = door.codes[3] ?? ''
    const answers = await Promise.all(browsers.flatMap((one) => Array.from({ length: 4 }, () => giveBackup(one, code))))
    expect(answers.filter((one) => one.status === 303 && !one.location?.startsWith('/sign-in'))).toHaveLength(1)
  })

  test('of an older set is void once the new ones are saved, and not before', async () => {
    const door = await withTwoFactor()
    expect((await door.hers.post(codes, { make: 'on' })).location).toBe(codes)
    const page = await door.hers.get(codes)
    const fresh = codesIn(page.html)
    expect((await giveBackup(await beforeSecondStep(door), door.codes[0] ?? '')).status).toBe(303)
    expect((await giveBackup(await beforeSecondStep(door), fresh[0] ?? '')).status).toBe(422)
    await door.hers.post(codes, { saved: 'on', enrollment: hiddenOf(page.html, 'enrollment') })
    expect((await giveBackup(await beforeSecondStep(door), door.codes[1] ?? '')).status).toBe(422)
    expect((await giveBackup(await beforeSecondStep(door), fresh[0] ?? '')).status).toBe(303)
  })
})

test('without a password there is no second step, and who changed the password meanwhile has ended it', async () => {
  const door = await withTwoFactor()
  const stranger = door.browser()
  expect((await give(stranger, door.phone.code())).location).toBe('/sign-in')
  expect((await stranger.get('/sign-in/backup-code')).location).toBe('/sign-in')
  expect((await stranger.get('/sign-in/lost-device')).status).toBe(200)
  const browser = await beforeSecondStep(door)
  await door.db.deleteFrom('session').where('account_id', '=', door.ana.accountId).execute()
  expect((await give(browser, door.phone.code())).location).toBe('/sign-in')
  await expectOut(browser)
})

test('a given password is used up by the second step, which comes before one’s own (R-22)', async () => {
  const door = await withTwoFactor()
  await door.db
    .updateTable('account')
    .set({
      password_hash: await hashPassword(firstPassword),
      must_change_password: true,
      password_expires_at: new Date(door.clock.now.getTime() + hours(72)),
    })
    .where('id', '=', door.ana.accountId)
    .execute()
  const two = [door.browser(), door.browser()]
  for (const one of two)
    expect((await tryDoor(one, door.ana.email, firstPassword)).location).toBe('/sign-in/two-factor')
  const [hers, his] = two
  if (!hers || !his) throw new Error('nobody')
  expect((await give(hers, door.phone.code())).location).toBe('/sign-in/new-password')
  expect((await give(his, door.phone.code(30_000))).status).toBe(422)
  expect((await hers.post('/sign-in/new-password', { password, password_again: password })).location).toBe('/')
  await expectIn(hers)
})
