import { expect, test } from 'vitest'
import { routesOf } from '../../src/app.tsx'
import { startSession } from '../support/start-session.ts'
import { hours, minutes } from '../support/world.ts'
import { acts, atTheDoor, expectIn, expectOut, firstPassword, password, tryDoor } from './door.ts'

async function newcomer() {
  const door = await atTheDoor()
  const nia = await door.add({
    first: 'Nia',
    last: 'New',
    password: firstPassword,
    mustChange: true,
    expires: new Date(door.clock.now.getTime() + hours(72)),
  })
  return { ...door, nia }
}
const own = { password, password_again: password }

test('Nia signs in with the password that she was given, chooses her own, and is in', async () => {
  const { nia, browser, account, sessions, events, here } = await newcomer()
  const hers = browser()
  const next = `/o/${here.slug}/members/me`
  const sent = await tryDoor(hers, nia.email, firstPassword, { next })
  expect(sent).toMatchObject({ status: 303, location: '/sign-in/new-password' })
  expect(hers.cookies.has('device')).toBe(false)
  const half = hers.cookies.get('session')
  const page = await hers.get(sent.location ?? '')
  expect(page.title).toBe('Choose your own password – Rollcall')
  expect(page.html).toContain(`name="next" value="${next}"`)

  expect(await hers.post('/sign-in/new-password', { ...own, next })).toMatchObject({ status: 303, location: next })
  expect(hers.cookies.get('session')).not.toBe(half)
  expect(hers.cookies.has('next')).toBe(false)
  expect(hers.cookies.has('device')).toBe(true)
  await expectIn(hers)
  expect(await account(nia)).toMatchObject({ must_change_password: false, password_expires_at: null })
  expect(await sessions(nia)).toMatchObject([{ stage: 'full' }])
  expect(acts(await events(nia))).toEqual(['sign_in.new_password_needed', 'password.changed', 'sign_in.succeeded'])
  expect((await tryDoor(browser(), nia.email, password)).status).toBe(303)
  expect((await tryDoor(browser(), nia.email, firstPassword)).status).toBe(422)
})

test('it works once (R-22): of two who have it, one gets in', async () => {
  const { nia, browser } = await newcomer()
  const answers = await Promise.all([1, 2, 3, 4].map(() => tryDoor(browser(), nia.email, firstPassword)))
  expect(answers.map((one) => one.status).toSorted()).toEqual([303, 422, 422, 422])
  expect((await tryDoor(browser(), nia.email, firstPassword)).status).toBe(422)
})

test('nor does it work for one whose request began a little before, or on a machine whose clock is behind', async () => {
  const { nia, browser, clock } = await newcomer()
  expect((await tryDoor(browser(), nia.email, firstPassword)).status).toBe(303)
  clock.pass(-minutes(2))
  expect((await tryDoor(browser(), nia.email, firstPassword)).status).toBe(422)
})

test('it works until its last moment, and not after', async () => {
  for (const [late, status] of [
    [-1, 303],
    [0, 422],
    [1, 422],
  ] as const) {
    const { nia, browser, clock } = await newcomer()
    clock.pass(hours(72) + late)
    expect((await tryDoor(browser(), nia.email, firstPassword)).status).toBe(status)
  }
})

test('the new password follows the rules, and isn’t the first one', async () => {
  const { nia, browser, account, here } = await newcomer()
  const hers = browser()
  await tryDoor(hers, nia.email, firstPassword)
  for (const [typed, again, sentence] of [
    ['', '', 'Enter a new password'],
    ['too short', 'too short', 'at least 15 characters'],
    [password, `${password}!`, 'Enter the same password twice'],
    [firstPassword, firstPassword, 'the one that you were given'],
    [`my ${here.name} password`, `my ${here.name} password`, 'name of your organization'],
  ] as const) {
    const answer = await hers.post('/sign-in/new-password', { password: typed, password_again: again })
    expect(answer.status, sentence).toBe(422)
    expect(answer.text).toContain(sentence)
    if (typed) expect(answer.html).not.toContain(`value="${typed}"`)
  }
  expect((await account(nia)).must_change_password).toBe(true)
})

test('what else she had open ends with it', async () => {
  const { nia, browser, db, clock, sessions } = await newcomer()
  for (const stage of ['full', 'password', 'new_password'] as const)
    await startSession(db, clock.now, false, {
      accountId: nia.accountId,
      stage,
      ip: '',
      userAgent: '',
      confirmed: false,
    })
  const hers = browser()
  await tryDoor(hers, nia.email, firstPassword)
  await hers.post('/sign-in/new-password', own)
  expect(await sessions(nia)).toHaveLength(1)
  await expectIn(hers)
})

test('a form sent twice changes the password once', async () => {
  const { nia, browser } = await newcomer()
  const hers = browser()
  await tryDoor(hers, nia.email, firstPassword)
  const answers = await Promise.all([hers.post('/sign-in/new-password', own), hers.post('/sign-in/new-password', own)])
  expect(answers.filter((one) => one.location === '/')).toHaveLength(1)
})

test('before that the session opens its own page and the way out, and nothing else (R-11)', async () => {
  for (const stage of ['new_password', 'password', 'enroll'] as const) {
    const { app, ana, browser, db, clock, here } = await atTheDoor()
    const hers = browser()
    const cookie = await startSession(db, clock.now, false, {
      accountId: ana.accountId,
      stage,
      ip: '',
      userAgent: '',
      confirmed: false,
    })
    hers.cookies.set('session', /=([^;]+)/.exec(cookie)?.[1] ?? '')
    for (const { method, path, rule } of routesOf(app)) {
      if (rule?.kind === 'anyone' || (rule?.kind === 'stage' && rule.stage === stage)) continue
      const address = path.replace(':slug', here.slug).replace(/:\w+/g, ana.id)
      const answer = method === 'GET' ? await hers.get(address) : await hers.post(address)
      expect(answer.status, `${stage} ${method} ${path}`).toBe(303)
      expect(answer.location, `${stage} ${method} ${path}`).toMatch(/^\/sign-in/)
      expect(answer.html).toBe('')
    }
    expect((await hers.post('/sign-out')).status).toBe(303)
    await expectOut(hers)
  }
})

test('strangers and people who have their own password don’t get the page', async () => {
  const { ana, enter, browser } = await atTheDoor()
  expect((await browser().get('/sign-in/new-password')).location).toBe('/sign-in')
  expect((await browser().post('/sign-in/new-password', own)).location).toBe('/sign-in')
  const hers = await enter(ana)
  expect((await hers.get('/sign-in/new-password')).location).toBe('/')
})

test('somebody with two-factor is not let in by a password alone', async () => {
  const { add, browser, sessions, events } = await atTheDoor()
  const tom = await add({ first: 'Tom', twoFactor: true })
  const his = browser()
  expect(await tryDoor(his, tom.email)).toMatchObject({ status: 303, location: '/sign-in/two-factor' })
  expect((await his.get('/sign-in/two-factor')).title).toBe('Enter your code – Rollcall')
  expect(await sessions(tom)).toMatchObject([{ stage: 'password' }])
  expect(his.cookies.has('device')).toBe(false)
  await expectOut(his)
  expect(acts(await events(tom))).toEqual(['sign_in.second_step_needed'])
})
