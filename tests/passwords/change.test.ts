import { expect, test } from 'vitest'
import { acts, atTheDoor, expectIn, expectOut, password, tryDoor, wrong } from '../sign-in/door.ts'
import { Lynx } from '../support/lynx.ts'
import { minutes } from '../support/world.ts'
import { beforeSecondStep, withTwoFactor } from '../two-factor/phone.ts'

const path = '/profile/security/password'
const chosen = 'seven herons over the weir'
const typed = (password = chosen, current_password = 'a long walk by the canal', password_again = password) => ({
  current_password,
  password,
  password_again,
})

async function anaIn() {
  const door = await atTheDoor()
  return { ...door, hers: await door.enter(door.ana) }
}

test('Ana changes her password: she stays in by a session with a new id, and every other one ends', async () => {
  const door = await withTwoFactor()
  const { hers, ana, browser, db, events, sessions, account } = door
  const other = await door.enter(ana)
  const pending = await beforeSecondStep(door)
  expect((await hers.get('/profile/security')).html).toContain(`href="${path}"`)
  expect(await hers.get(path)).toMatchObject({ status: 200, title: 'Change password – Rollcall' })
  const [old, before] = [hers.cookies.get('session'), await account(ana)]
  const done = await hers.post(path, typed())
  expect(done).toMatchObject({ status: 303, location: `${path}/changed` })
  expect((await hers.get(done.location ?? '')).text).toContain('You are signed out everywhere but here')
  expect(hers.cookies.get('session')).not.toBe(old)
  await expectIn(hers)
  await expectOut(other)
  expect((await pending.get('/sign-in/two-factor')).location).toBe('/sign-in')
  expect(await sessions(ana)).toHaveLength(1)
  const thief = browser()
  thief.cookies.set('session', old ?? '')
  await expectOut(thief)
  expect(await account(ana)).toMatchObject({
    reset_generation: before.reset_generation + 1,
    version: before.version + 1,
    two_factor_at: before.two_factor_at,
  })
  expect((await tryDoor(browser(), ana.email)).status).toBe(422)
  expect((await tryDoor(browser(), ana.email, chosen)).location).toBe('/sign-in/two-factor')
  expect(acts(await events(ana)).filter((act) => act === 'password.changed')).toHaveLength(1)
  const letters = await db.selectFrom('mail').select('template').where('to_address', '=', ana.email).execute()
  expect(letters.filter((one) => one.template === 'password_changed')).toHaveLength(1)
})

test('what isn’t right is told beside its field, and nothing is filled in again', async () => {
  const { hers, ana, account } = await anaIn()
  const before = await account(ana)
  for (const [fields, text] of [
    [typed(chosen, wrong), 'This isn’t your password'],
    [typed(chosen, ''), 'Enter the password that you have now'],
    [typed('short'), 'Password must have at least 15 characters'],
    [typed('harbor claims are the best'), 'the name of your organization'],
    [typed(chosen, password, `${chosen}!`), 'Enter the same password twice'],
    [typed(password), 'This is the password that you have already'],
  ] as const) {
    const answer = await hers.post(path, fields)
    expect(answer.status).toBe(422)
    expect(answer.text).toContain(text)
    for (const secret of [chosen, wrong, password]) expect(answer.html).not.toContain(secret)
  }
  expect(await account(ana)).toEqual({ ...before, failed_sign_ins: 1 })
  expect((await hers.post(path, { ...typed(), admin: '1' })).status).toBe(400)
})

test('whoever sits down at her browser can’t try passwords without end', async () => {
  const { hers, ana, account, events, clock } = await anaIn()
  for (let n = 0; n < 5; n++) expect((await hers.post(path, typed(chosen, wrong))).status).toBe(422)
  const waits = await hers.post(path, typed())
  expect(waits.status).toBe(429)
  expect(Number(waits.headers.get('retry-after'))).toBeGreaterThan(0)
  // Nor by asking elsewhere.
  expect((await hers.post('/confirm', { confirm_password: password })).status).toBe(429)
  expect(acts(await events(ana)).filter((act) => act === 'sign_in.failed')).toHaveLength(5)
  clock.pass(1000)
  expect((await hers.post(path, typed())).status).toBe(303)
  expect((await account(ana)).version).toBe(2)
})

test('ten minutes after signing in she is asked first (R-15)', async () => {
  const { hers, ana, account, clock } = await anaIn()
  const before = await account(ana)
  clock.pass(minutes(10))
  expect((await hers.get(path)).location).toBe('/confirm')
  const asked = await hers.post(path, typed())
  expect(asked.status).toBe(403)
  for (const secret of [chosen, password]) expect(asked.html).not.toContain(secret)
  expect(await account(ana)).toEqual(before)
  expect((await hers.post('/confirm', { confirm_password: password, next: path })).location).toBe(path)
  expect((await hers.post(path, typed())).status).toBe(303)
})

test('of two changes at once one happens, and the other browser is told that its own didn’t', async () => {
  const { hers, ana, browser, enter, sessions } = await anaIn()
  const other = await enter(ana)
  const [one, two] = await Promise.all([
    hers.post(path, typed('the first of two herons')),
    other.post(path, typed('the second of two herons')),
  ])
  const done = [one, two].filter((answer) => answer.location === `${path}/changed`)
  expect(done).toHaveLength(1)
  expect(await sessions(ana)).toHaveLength(1)
  const won = done[0] === one ? 'the first of two herons' : 'the second of two herons'
  expect((await tryDoor(browser(), ana.email, won)).status).toBe(303)
})

test('who comes in with the old password while it is changed is out', async () => {
  const { hers, ana, browser, sessions } = await anaIn()
  const others = Array.from({ length: 3 }, () => browser())
  await Promise.all([hers.post(path, typed()), ...others.map((one) => tryDoor(one, ana.email))])
  expect(await sessions(ana)).toHaveLength(1)
  await expectIn(hers)
})

test('in lynx: from Security to the new password', async () => {
  const { hers, ana, browser } = await anaIn()
  const lynx = new Lynx(hers)
  await lynx.open('/profile/security')
  await lynx.follow('Change password')
  await lynx.press('Change password', typed())
  expect(lynx.page.text).toContain('From now on, sign in with the new one.')
  expect((await tryDoor(browser(), ana.email, chosen)).status).toBe(303)
})
