import { expect, test } from 'vitest'
import { makeResetLink } from '../../src/passwords/commands.ts'
import { command } from '../../src/tasks/reset-two-factor.ts'
import { acts, atTheDoor, expectIn, expectOut, password, tryDoor } from '../sign-in/door.ts'
import { minutes } from '../support/world.ts'
import {
  app,
  beforeSecondStep,
  begun,
  codes,
  codesIn,
  enroll,
  give,
  giveBackup,
  hiddenOf,
  phone,
  security,
  withTwoFactor,
} from './phone.ts'

const operator = (now: Date) => ({ now, how: 'operator' as const, actorId: null, requestId: '', ip: '' })
const fresh = { password: 'another walk by the harbor', password_again: 'another walk by the harbor' }

test('a reset link asks for the code before the new password, and no step is skipped (R-10)', async () => {
  const door = await withTwoFactor()
  const { ana, clock, services, db } = door
  const token = await makeResetLink(db, operator(clock.now), services.key, {
    accountId: ana.accountId,
    channel: 'mail',
  })
  const path = `/reset-password/${token}`
  const browser = door.browser()
  const page = await browser.get(path)
  expect(page.html).toContain('name="code"')
  expect(page.html).not.toContain('name="password"')
  expect((await browser.post(path, fresh)).html).toContain('name="code"')
  expect((await browser.post(path, { code: '000000', ...fresh })).status).toBe(422)
  const code = door.phone.code()
  expect(await browser.post(path, { code })).toMatchObject({ status: 303, location: path })
  // Another browser, or another link, has proved nothing.
  expect((await door.browser().get(path)).html).toContain('name="code"')
  const forged = door.browser()
  forged.cookies.set('reset', `${clock.now.getTime() + 60_000}.abc`)
  expect((await forged.post(path, fresh)).html).toContain('name="code"')
  expect((await browser.get(path)).html).toContain('name="password"')
  expect((await browser.post(path, fresh)).location).toBe('/sign-in/password-changed')
  expect((await browser.post(path, fresh)).status).toBe(404)
  expect((await door.account(ana)).two_factor_at).not.toBeNull()
  clock.pass(minutes(1))
  const again = door.browser()
  expect((await tryDoor(again, ana.email, fresh.password)).location).toBe('/sign-in/two-factor')
  expect((await give(again, door.phone.code())).location).toBe('/')
})

test('a backup code does it too, and is used up by it', async () => {
  const door = await withTwoFactor()
  const token = await makeResetLink(door.db, operator(door.clock.now), door.services.key, {
    accountId: door.ana.accountId,
    channel: 'copy',
  })
  const [code = ''] = door.codes
  expect((await door.browser().post(`/reset-password/${token}`, { code })).status).toBe(303)
  expect((await door.browser().post(`/reset-password/${token}`, { code })).status).toBe(422)
  expect(acts(await door.events(door.ana))).toContain('backup_code.used')
})

test('an Admin resets it for somebody whom the organization manages, who enrolls before anything else opens (R-23)', async () => {
  const door = await withTwoFactor()
  const { clock, db } = door
  const mia = await door.add({ first: 'Mia' })
  const hers = await door.enter(mia)
  await enroll(hers, clock)
  clock.pass(minutes(4))
  expect((await door.hers.get(`members/${mia.id}`)).html).toContain('/reset-two-factor')
  const page = await door.hers.get(`members/${mia.id}/reset-two-factor`)
  expect(page.text).toContain('and their one session ends')
  const path = `members/${mia.id}/reset-two-factor`
  const version = hiddenOf(page.html, 'version')
  clock.pass(minutes(10))
  const asked = await door.hers.post(path, { version })
  expect(asked.status).toBe(403)
  expect(asked.html).toContain(`name="version" value="${version}"`)
  expect((await door.hers.post(path, { version, confirm_password: password })).status).toBe(303)
  await expectOut(hers)
  expect(await door.account(mia)).toMatchObject({ two_factor_at: null, must_enroll: true, totp_secret: null })
  expect((await door.hers.post(path, { version })).status).toBe(403)
  expect(
    (await db.selectFrom('mail').select('template').where('to_address', '=', mia.email).orderBy('id').execute()).map(
      (one) => one.template,
    ),
  ).toEqual(['two_factor_on', 'two_factor_reset'])

  const browser = door.browser()
  const next = `/o/${door.here.slug}/members/me`
  expect((await tryDoor(browser, mia.email, password, { next })).location).toBe('/sign-in/enroll')
  await expectOut(browser)
  for (const closed of ['members/me', security, app, '/sign-in/two-factor', '/'])
    expect((await browser.get(closed)).location).toBe('/sign-in/enroll')
  await browser.get('members/me')
  const half = browser.cookies.get('session')
  const places = { app: '/sign-in/enroll', codes: '/sign-in/enroll/backup-codes' }
  const { done } = await enroll(browser, clock, places)
  expect(done.location).toBe(next)
  expect(browser.cookies.get('session')).not.toBe(half)
  expect((await browser.get('members/me')).status).toBe(200)
  expect(await door.account(mia)).toMatchObject({ must_enroll: false, two_factor_at: clock.now })
  expect(await door.sessions(mia)).toMatchObject([{ stage: 'full' }])
})

test('the operator resets it for whoever is in several places, or is the only Admin', async () => {
  const door = await withTwoFactor()
  const said: string[] = []
  const context = {
    ...door.services,
    now: door.clock.now,
    words: [door.ana.email],
    flags: {},
    print: (line: string) => said.push(line),
  }
  await command.run(context as never)
  expect(said).toEqual([`Two-factor of ${door.ana.email} is reset.`])
  await expectOut(door.hers)
  const browser = door.browser()
  expect((await tryDoor(browser, door.ana.email)).location).toBe('/sign-in/enroll')
  await command.run(context as never)
  expect(said.at(-1)).toContain('doesn’t have two-factor on')
})

test('a replaced authenticator counts at once, the old one until then, and backup codes stay', async () => {
  const door = await withTwoFactor()
  const { hers, clock, ana } = door
  const other = await door.enter(ana)
  const next = await begun(hers)
  expect(next.page.text).toContain('Your present app goes on working')
  expect((await give(await beforeSecondStep(door), door.phone.code())).location).toBe('/')
  const fresh = phone(next.secret, clock)
  expect(await hers.post(app, { code: fresh.code(), enrollment: next.enrollment })).toMatchObject({
    location: security,
  })
  await expectIn(hers)
  await expectOut(other)
  clock.pass(minutes(1))
  expect((await give(await beforeSecondStep(door), door.phone.code())).status).toBe(422)
  expect((await give(await beforeSecondStep(door), fresh.code())).location).toBe('/')
  expect((await giveBackup(await beforeSecondStep(door), door.codes[0] ?? '')).location).toBe('/')
  expect((await hers.get(codes)).location).toBe(security)
  expect(acts(await door.events(ana))).toContain('two_factor.replaced')
})

test('of each act on two-factor this session goes on under a new id, and others and pending ones end (R-14)', async () => {
  for (const what of ['replace', 'off'] as const) {
    const door = await withTwoFactor()
    const { hers, clock } = door
    const other = await door.enter(door.ana)
    const pending = await beforeSecondStep(door)
    const old = hers.cookies.get('session')
    if (what === 'off') await hers.post(`${app}/off`, { off: 'on' })
    else {
      const { secret, enrollment } = await begun(hers)
      await hers.post(app, { code: phone(secret, clock).code(), enrollment })
    }
    expect(hers.cookies.get('session')).not.toBe(old)
    await expectIn(hers)
    await expectOut(other)
    expect((await pending.get('/sign-in/two-factor')).location).toBe('/sign-in')
    expect(await door.sessions(door.ana)).toHaveLength(1)
  }
})

test('no secret and no code stands in the database as it is', async () => {
  const door = await withTwoFactor()
  const { secret } = await begun(door.hers)
  await door.hers.post(codes, { make: 'on' })
  const rows = await Promise.all([
    door.db.selectFrom('account').selectAll().where('id', '=', door.ana.accountId).execute(),
    door.db.selectFrom('enrollment').selectAll().where('account_id', '=', door.ana.accountId).execute(),
    door.db.selectFrom('backup_code').selectAll().where('account_id', '=', door.ana.accountId).execute(),
    door.db.selectFrom('event').selectAll().where('subject_id', '=', door.ana.accountId).execute(),
    door.db.selectFrom('mail').selectAll().where('to_address', '=', door.ana.email).execute(),
  ])
  const text = JSON.stringify(rows) + JSON.stringify(door.log)
  for (const one of [secret, door.phone.secret, ...door.codes, ...door.codes.map((code) => code.replace('-', ''))])
    expect(text).not.toContain(one)
})

test('what somebody else began is nobody’s to go on with: whoever knew the old password knows no secret of the new app', async () => {
  const door = await atTheDoor()
  const mia = await door.add({ first: 'Mia' })
  await door.db.updateTable('account').set({ must_enroll: true }).where('id', '=', mia.accountId).execute()
  const places = { app: '/sign-in/enroll', codes: '/sign-in/enroll/backup-codes' }
  for (const far of ['secret', 'codes']) {
    const thief = door.browser()
    await tryDoor(thief, mia.email)
    const { secret, enrollment } = await begun(thief, places.app)
    const saved: string[] = []
    if (far === 'codes') {
      await thief.post(places.app, { code: phone(secret, door.clock).code(), enrollment })
      saved.push(...codesIn((await thief.get(places.codes)).html))
      expect(saved).toHaveLength(10)
    }
    door.clock.pass(minutes(1))
    const hers = door.browser()
    await tryDoor(hers, mia.email)
    const pages = [await hers.get(places.app), await hers.get(places.codes)]
    for (const { html } of pages)
      for (const one of [secret, ...saved]) expect(html.replace(/\s/g, '')).not.toContain(one)
    expect((await hers.post(places.codes, { saved: 'on', enrollment })).status).toBe(422)
    expect(await door.account(mia)).toMatchObject({ two_factor_at: null })
  }
})
