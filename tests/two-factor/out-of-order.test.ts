import { describe, expect, test } from 'vitest'
import { makeResetLink } from '../../src/passwords/commands.ts'
import type { Stage } from '../../src/platform/access/actor.ts'
import { newId } from '../../src/platform/ids.ts'
import { operatorCause } from '../../src/tasks/command.ts'
import { acts, atTheDoor, expectIn, password } from '../sign-in/door.ts'
import type { Answer, Browser } from '../support/browser.ts'
import { startSession } from '../support/start-session.ts'
import { minutes } from '../support/world.ts'
import { app, beforeSecondStep, begun, codes, codesIn, enroll, give, hiddenOf, phone, withTwoFactor } from './phone.ts'

/*
 * Bad input of two-factor: whatever is sent in whatever state, there is a clear answer, and an account has all of two-factor or nothing.
 */

const enrollApp = '/sign-in/enroll'
const enrollCodes = '/sign-in/enroll/backup-codes'

type Door = Awaited<ReturnType<typeof atTheDoor>>
type Way = { app: string; codes: string }
const inProfile = { app, codes }
const atSignIn = { app: enrollApp, codes: enrollCodes }

async function at(door: Door, stage: Stage): Promise<Browser> {
  const browser = door.browser()
  const who = { accountId: door.ana.accountId, stage, ip: browser.ip, userAgent: '', confirmed: true }
  const cookie = await startSession(door.db, door.clock.now, false, who)
  browser.cookies.set('session', /=([^;]+)/.exec(cookie)?.[1] ?? '')
  return browser
}

async function begin(door: Door, browser: Browser, way: Way, confirm: boolean): Promise<Browser> {
  const { secret, enrollment } = await begun(browser, way.app)
  if (confirm) await browser.post(way.app, { code: phone(secret, door.clock).code(), enrollment })
  return browser
}

const on = async (door: Door) => {
  const browser = await at(door, 'full')
  await enroll(browser, door.clock)
  door.clock.pass(minutes(2))
  return browser
}

const states: [string, (door: Door) => Promise<Browser>][] = [
  ['signed out', async (door) => door.browser()],
  ['off', (door) => at(door, 'full')],
  ['begun', async (door) => begin(door, await at(door, 'full'), inProfile, false)],
  ['confirmed, codes not saved', async (door) => begin(door, await at(door, 'full'), inProfile, true)],
  ['a first password to change', (door) => at(door, 'new_password')],
  ['must enroll', (door) => at(door, 'enroll')],
  ['must enroll, begun', async (door) => begin(door, await at(door, 'enroll'), atSignIn, false)],
  ['must enroll, codes not saved', async (door) => begin(door, await at(door, 'enroll'), atSignIn, true)],
  ['on', on],
  ['on, before the second step', async (door) => on(door).then(() => at(door, 'password'))],
  ['on, replacing', async (door) => begin(door, await on(door), inProfile, false)],
  [
    'on, new codes not saved',
    async (door) => {
      const browser = await on(door)
      await browser.post(codes, { make: 'on' })
      return browser
    },
  ],
]

/** What somebody could send, in another order than the pages lead; never what ends a step rightly. */
const sent = (enrollment: string): [string, Record<string, string>][] =>
  [inProfile, atSignIn].flatMap(({ app: toApp, codes: toCodes }): [string, Record<string, string>][] => [
    [toApp, { code: '000000' }],
    [toApp, { code: '000000', enrollment }],
    [toApp, { code: '123456', enrollment: newId() }],
    [toApp, { code: '', enrollment }],
    [toApp, { code: 'nothing of the kind', enrollment }],
    [toApp, { code: '9'.repeat(101), enrollment }],
    [toApp, { code: '000000', enrollment: 'not one' }],
    [toApp, {}],
    [toCodes, {}],
    [toCodes, { saved: 'on' }],
    [toCodes, { saved: 'on', enrollment: newId() }],
    [toCodes, { saved: 'yes', enrollment }],
    [toCodes, { enrollment }],
  ])
const atTheDoorToo: [string, Record<string, string>][] = [
  ['/sign-in/two-factor', { code: '000000' }],
  ['/sign-in/two-factor', {}],
  ['/sign-in/backup-code', { code: '00000-00000' }],
  ['/sign-in/backup-code', { code: 'x' }],
  [`${app}/off`, {}],
  [enrollCodes, { make: 'on' }],
]

describe('in whatever state', () => {
  test.each(states)('%s: nothing that is sent out of order changes the account', async (_state, make) => {
    const door = await atTheDoor()
    // Not the last Admin, whom a block passes over.
    await door.add({ first: 'Ben', role: 'admin' })
    const browser = await make(door)
    const whole = async () => {
      const { totp_secret, two_factor_at, backup_salt, backup_made_at, must_enroll } = await door.account(door.ana)
      const left = await door.db
        .selectFrom('backup_code')
        .selectAll()
        .where('account_id', '=', door.ana.accountId)
        .execute()
      const { has_two_factor } = await door.db
        .selectFrom('membership')
        .select('has_two_factor')
        .where('id', '=', door.ana.id)
        .executeTakeFirstOrThrow()
      return { totp_secret, two_factor_at, backup_salt, backup_made_at, must_enroll, left, has_two_factor }
    }
    const before = await whole()
    const isOn = before.two_factor_at !== null
    expect([
      before.totp_secret !== null,
      before.backup_salt !== null,
      before.left.length,
      before.has_two_factor,
    ]).toEqual([isOn, isOn, isOn ? 10 : 0, isOn])
    const row = await door.db
      .selectFrom('enrollment')
      .select('id')
      .where('account_id', '=', door.ana.accountId)
      .executeTakeFirst()
    for (const [path, fields] of [...sent(row?.id ?? newId()), ...atTheDoorToo]) {
      const answer = await browser.post(path, fields)
      const what = `${path} ${JSON.stringify(fields)}: ${answer.status}`
      expect([303, 403, 409, 422, 429], what).toContain(answer.status)
      if (answer.status !== 303) expect(answer.text.length, what).toBeGreaterThan(40)
      expect(await whole(), what).toEqual(before)
    }
    for (const path of [
      app,
      codes,
      `${codes}.txt`,
      enrollApp,
      enrollCodes,
      '/sign-in/two-factor',
      '/sign-in/backup-code',
    ])
      expect([200, 303], path).toContain((await browser.get(path)).status)
    expect(door.log.filter((line) => line.level === 'error')).toEqual([])
  })
})

test('fifty wrong codes at once for a new app: thirty are looked at, and nothing is half on', async () => {
  const door = await atTheDoor()
  const hers = await door.enter(door.ana)
  const { secret, enrollment } = await begun(hers)
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) => hers.post(app, { code: String(100_000 + n), enrollment })),
  )
  const count = (status: number) => answers.filter((one) => one.status === status).length
  expect([count(422), count(429)]).toEqual([30, 20])
  expect(await door.account(door.ana)).toMatchObject({ two_factor_at: null, totp_secret: null })
  door.clock.pass(minutes(15))
  const late = { code: phone(secret, door.clock).code(), enrollment, confirm_password: password }
  expect((await hers.post(app, late)).location).toBe(codes)
})

test('fifty times the right one, and fifty times “I have saved them”: it is turned on once, with one set of codes', async () => {
  const door = await atTheDoor()
  const hers = await door.enter(door.ana)
  const { secret, enrollment } = await begun(hers)
  const code = phone(secret, door.clock).code()
  const together = (send: () => Promise<Answer>) => Promise.all(Array.from({ length: 50 }, send))
  for (const { status } of await together(() => hers.post(app, { code, enrollment })))
    expect([303, 409, 422, 429]).toContain(status)
  const page = await hers.get(codes)
  const shown = codesIn(page.html)
  const saved = { saved: 'on', enrollment: hiddenOf(page.html, 'enrollment') }
  const answers = await together(() => hers.post(codes, saved))
  for (const { status } of answers) expect([303, 422, 503]).toContain(status)
  expect(acts(await door.events(door.ana)).filter((act) => act === 'two_factor.on')).toHaveLength(1)
  const left = await door.db
    .selectFrom('backup_code')
    .select('code_hash')
    .where('account_id', '=', door.ana.accountId)
    .execute()
  expect(left).toHaveLength(10)
  const door2 = { ...door, phone: phone(secret, door.clock), codes: shown, hers }
  door.clock.pass(minutes(1))
  expect((await give(await beforeSecondStep(door2), door2.phone.code())).location).toBe('/')
})

test('a tab with codes that were made before others were says so, and shows those that count', async () => {
  const { hers, ...door } = await withTwoFactor()
  await hers.post(codes, { make: 'on' })
  const tab = await hers.get(codes)
  await hers.post(codes, { make: 'on' })
  const stale = await hers.post(codes, { saved: 'on', enrollment: hiddenOf(tab.html, 'enrollment') })
  expect(stale.status).toBe(409)
  expect(stale.text).toContain('New codes were made after this page was opened')
  expect(codesIn(stale.html)).not.toEqual(codesIn(tab.html))
  expect((await door.account(door.ana)).backup_made_at).not.toEqual(door.clock.now)
  // A tab of an app that took the other's place meanwhile is over.
  const first = await begun(hers)
  await hers.post(app, { code: phone(first.secret, door.clock).code(), enrollment: first.enrollment })
  const late = await hers.post(app, {
    code: phone(first.secret, door.clock).code(30_000),
    enrollment: first.enrollment,
  })
  expect(late.status).toBe(422)
  expect(late.text).toContain('Nothing is begun')
})

test('a link that was used asks for no code anymore', async () => {
  const door = await withTwoFactor()
  const link = { accountId: door.ana.accountId, channel: 'mail' } as const
  const path = `/reset-password/${await makeResetLink(door.db, operatorCause(door.clock.now), door.services.key, link)}`
  const chosen = { password: 'seven herons over the weir', password_again: 'seven herons over the weir' }
  const hers = door.browser()
  await hers.post(path, { code: door.phone.code() })
  expect((await hers.post(path, chosen)).location).toBe('/sign-in/password-changed')
  for (const browser of [hers, door.browser()])
    for (const answer of [
      await browser.get(path),
      await browser.post(path, { code: door.phone.code(30_000) }),
      await browser.post(path, chosen),
    ])
      expect(answer.status).toBe(404)
  // Nor did it use the code up.
  expect((await door.account(door.ana)).totp_last_step).toBe(String(Math.floor(door.clock.now.getTime() / 30_000)))
})

test('a phone three minutes off is told how far at enrolling; at the door only what to do', async () => {
  const door = await withTwoFactor()
  for (const off of [minutes(3), -minutes(3)]) {
    const answer = await give(await beforeSecondStep(door), phone(door.phone.secret, door.clock, off).code())
    expect(answer.status).toBe(422)
    expect(answer.text).toContain('set the time of your phone to automatic')
    expect(answer.text).not.toContain('minutes')
  }
})

test('a code counts as people type it', async () => {
  const door = await withTwoFactor()
  const write: ((code: string) => string)[] = [
    (code) => ` ${code} `,
    (code) => `${code.slice(0, 3)} ${code.slice(3)}`,
    (code) => `${code.slice(0, 3)}\u00a0${code.slice(3)}`,
    (code) => `${code.slice(0, 3)}\u202f${code.slice(3)}`,
    (code) => `${code.slice(0, 3)}-${code.slice(3)}`,
    (code) => `${code.slice(0, 3)}–${code.slice(3)}`,
    (code) => [...code].join(' '),
    (code) => code.replace(/\d/g, (figure) => String.fromCodePoint(0xff10 + Number(figure))),
  ]
  for (const typed of write) {
    const browser = await beforeSecondStep(door)
    const code = typed(door.phone.code())
    expect((await give(browser, code)).location, code).toBe('/')
    await expectIn(browser)
    door.clock.pass(minutes(1))
  }
})
