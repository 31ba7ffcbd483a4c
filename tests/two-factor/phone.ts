import { generateSync } from 'otplib'
import { expect } from 'vitest'
import { atTheDoor, password, tryDoor } from '../sign-in/door.ts'
import type { Browser } from '../support/browser.ts'
import { type Clock, minutes } from '../support/world.ts'

/** A phone with an authenticator app: its clock is the test's, and may be off by some milliseconds. */
export const phone = (secret: string, clock: Clock, off = 0) => ({
  secret,
  code: (later = 0) => generateSync({ secret, epoch: Math.floor((clock.now.getTime() + off + later) / 1000) }),
})

export const security = '/profile/security'
export const app = `${security}/two-factor`
export const codes = `${security}/backup-codes`

export const hiddenOf = (html: string, name: string) =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''
export const secretOf = (html: string) =>
  (/<code class="secret"[^>]*>\s*([A-Z2-7 ]+)\s*<\/code>/.exec(html)?.[1] ?? '').replace(/\s/g, '')
export const codesIn = (html: string) =>
  [...html.matchAll(/<code>([0-9A-Z]{5}-[0-9A-Z]{5})<\/code>/g)].map(([, code]) => code ?? '')

/** From the button on the Security page to the page with the secret. */
export async function begun(browser: Browser, base = app) {
  const sent = await browser.post(base, { start: 'on' })
  expect(sent).toMatchObject({ status: 303, location: base })
  const page = await browser.get(base)
  return { page, secret: secretOf(page.html), enrollment: hiddenOf(page.html, 'enrollment') }
}

/** All of it, as the pages lead. */
export async function enroll(browser: Browser, clock: Clock, places = { app, codes }) {
  const { secret, enrollment } = await begun(browser, places.app)
  const hers = phone(secret, clock)
  expect(await browser.post(places.app, { code: hers.code(), enrollment })).toMatchObject({
    status: 303,
    location: places.codes,
  })
  const page = await browser.get(places.codes)
  const saved = codesIn(page.html)
  expect(saved).toHaveLength(10)
  const done = await browser.post(places.codes, { saved: 'on', enrollment: hiddenOf(page.html, 'enrollment') })
  expect(done.status).toBe(303)
  return { phone: hers, codes: saved, done }
}

/** At the door, with Ana's two-factor on for a while; `hers` is the browser that she did it in. */
export async function withTwoFactor(options: Parameters<typeof atTheDoor>[0] = {}) {
  const door = await atTheDoor(options)
  const hers = await door.enter(door.ana)
  const { phone, codes } = await enroll(hers, door.clock)
  door.clock.pass(minutes(5))
  return { ...door, hers, phone, codes }
}

/** The password is given: the browser stands before the second step. */
export async function beforeSecondStep(door: Awaited<ReturnType<typeof withTwoFactor>>, ip?: string, more = {}) {
  const browser = door.browser(ip)
  expect(await tryDoor(browser, door.ana.email, password, more)).toMatchObject({
    status: 303,
    location: '/sign-in/two-factor',
  })
  return browser
}

export const give = (browser: Browser, code: string, more = {}) =>
  browser.post('/sign-in/two-factor', { code, ...more })
export const giveBackup = (browser: Browser, code: string) => browser.post('/sign-in/backup-code', { code })
