import { expect, test } from 'vitest'
import { acts, atTheDoor, expectIn, expectOut, password, wrong } from '../sign-in/door.ts'
import { minutes } from '../support/world.ts'
import { app, security, withTwoFactor } from './phone.ts'

async function anaInForLong() {
  const door = await atTheDoor()
  const hers = await door.enter(door.ana)
  door.clock.pass(minutes(10))
  return { ...door, hers }
}

test('ten minutes after signing in Ana is asked for her password, and goes where she was going', async () => {
  const door = await atTheDoor()
  const hers = await door.enter(door.ana)
  await hers.post(app, { start: 'on' })
  door.clock.pass(minutes(10) - 1)
  expect((await hers.get(app)).status).toBe(200)
  door.clock.pass(1)
  expect(await hers.get(app)).toMatchObject({ status: 303, location: '/confirm' })
  const page = await hers.get('/confirm')
  expect(page.html).toContain(`name="next" value="${app}"`)
  expect(page.html).not.toContain('confirm_code')
  expect((await hers.post('/confirm', { confirm_password: wrong, next: app })).text).toContain(
    'This isn’t your password',
  )
  expect((await hers.post('/confirm', { next: app })).text).toContain('Enter your password')
  const old = hers.cookies.get('session')
  expect(await hers.post('/confirm', { confirm_password: password, next: app })).toMatchObject({
    status: 303,
    location: app,
  })
  expect(hers.cookies.get('session')).not.toBe(old)
  expect((await hers.get(app)).status).toBe(200)
  expect(await door.sessions(door.ana)).toHaveLength(1)
  expect(acts(await door.events(door.ana))).toEqual(['sign_in.failed', 'session.confirmed'])
  // It leads nowhere else.
  door.clock.pass(minutes(10))
  expect(await hers.post('/confirm', { confirm_password: password, next: 'https://evil.example/' })).toMatchObject({
    location: '/',
  })
})

test('a form that was sent too late is asked about, and done with the answer', async () => {
  const { hers, ana, db } = await anaInForLong()
  const asked = await hers.post(app, { start: 'on' })
  expect(asked.status).toBe(403)
  expect(asked.html).toContain('<input type="hidden" name="start" value="on">')
  expect(asked.html).toContain(`action="${app}"`)
  const begun = () => db.selectFrom('enrollment').select('id').where('account_id', '=', ana.accountId).execute()
  expect(await begun()).toEqual([])
  const again = await hers.post(app, { start: 'on', confirm_password: wrong })
  expect(again.status).toBe(422)
  expect(again.html).toContain('<input type="hidden" name="start" value="on">')
  expect(again.html).not.toContain(wrong)
  expect(await hers.post(app, { start: 'on', confirm_password: password })).toMatchObject({
    status: 303,
    location: app,
  })
  expect(await begun()).toHaveLength(1)
  await expectIn(hers)
})

test('with htmx the question takes the whole screen', async () => {
  const { hers } = await anaInForLong()
  const asked = await hers.swap.post(app, { start: 'on' })
  expect(asked).toMatchObject({ status: 200 })
  expect(asked.headers.get('hx-retarget')).toBe('#main')
  expect(asked.html).toContain('Confirm that it is you')
  expect((await hers.swap.get(app)).headers.get('hx-redirect')).toBe('/confirm')
})

test('with two-factor on, a code does it too, once, and its guesses count with those at the door', async () => {
  const door = await withTwoFactor()
  const { hers, phone, clock } = door
  clock.pass(minutes(10))
  expect((await hers.get(`${app}/off`)).location).toBe('/confirm')
  expect((await hers.get('/confirm')).html).toContain('confirm_code')
  const code = phone.code()
  expect((await hers.post('/confirm', { confirm_code: code, next: `${app}/off` })).location).toBe(`${app}/off`)
  expect((await hers.get(`${app}/off`)).status).toBe(200)
  clock.pass(minutes(10))
  for (let n = 0; n < 5; n++) expect((await hers.post('/confirm', { confirm_code: '000000' })).status).toBe(422)
  expect((await hers.post('/confirm', { confirm_code: phone.code() })).status).toBe(429)
  expect((await hers.post('/confirm', { confirm_password: password })).status).toBe(303)
})

test('passwords can’t be tried without end, and one who is signed out is led to the door', async () => {
  const { hers, db, ana } = await anaInForLong()
  for (let n = 0; n < 5; n++) expect((await hers.post('/confirm', { confirm_password: wrong })).status).toBe(422)
  expect((await hers.post('/confirm', { confirm_password: password })).status).toBe(429)
  await db.deleteFrom('session').where('account_id', '=', ana.accountId).execute()
  expect((await hers.post(app, { start: 'on', confirm_password: password })).location).toBe('/sign-in')
})

test('Ana turns it off: app, codes and other sessions end', async () => {
  const door = await withTwoFactor()
  const { hers, ana, db, account, events } = door
  const other = await door.enter(ana)
  expect((await hers.get(`${app}/off`)).text).toContain('your 10 backup codes stop')
  expect((await hers.post(`${app}/off`)).status).toBe(422)
  expect(await hers.post(`${app}/off`, { off: 'on' })).toMatchObject({ status: 303, location: security })
  expect(await account(ana)).toMatchObject({ two_factor_at: null, totp_secret: null, backup_salt: null })
  expect(await db.selectFrom('backup_code').selectAll().where('account_id', '=', ana.accountId).execute()).toEqual([])
  await expectIn(hers)
  await expectOut(other)
  expect(acts(await events(ana)).at(-1)).toBe('two_factor.off')
  expect((await hers.get(security)).text).toContain('Off. Whoever learns your password')
  // Twice does no harm.
  expect((await hers.post(`${app}/off`, { off: 'on' })).location).toBe(security)
  expect(
    (await db.selectFrom('mail').select('template').where('to_address', '=', ana.email).execute()).map(
      (one) => one.template,
    ),
  ).toEqual(['two_factor_on', 'two_factor_off'])
})
