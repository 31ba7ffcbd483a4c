import { expect, test } from 'vitest'
import { deviceOf } from '../../src/sessions/device.ts'
import { acts, atTheDoor, expectIn, expectOut, password, tryDoor } from '../sign-in/door.ts'
import type { Browser } from '../support/browser.ts'
import { Lynx } from '../support/lynx.ts'
import { minutes } from '../support/world.ts'
import { beforeSecondStep, withTwoFactor } from '../two-factor/phone.ts'

const path = '/profile/sessions'
const onPhone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'
const atWork =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0'
const ends = (html: string) => [...html.matchAll(/name="end" value="([\w-]{43})"/g)].map(([, value = '']) => value)

async function anaInTwice() {
  const door = await atTheDoor()
  const come = async (agent: string, who = door.ana) => {
    const browser = door.browser()
    await browser.post('/sign-in', { login: who.email, password }, { headers: { 'User-Agent': agent } })
    return browser
  }
  const phone = await come(onPhone)
  door.clock.pass(minutes(3))
  const work = await come(atWork)
  return { ...door, come, phone, work }
}

test('Ana sees where she is signed in, and which one this is', async () => {
  const { phone, work, clock } = await anaInTwice()
  const page = await work.get(path)
  expect(page).toMatchObject({ status: 200, title: 'Sessions – Rollcall' })
  expect(page.text).toMatch(new RegExp(`Edge on Windows ${work.ip} Now This one`))
  expect(page.text).toMatch(new RegExp(`Safari on iPhone ${phone.ip} 3 min ago`))
  expect(ends(page.html)).toHaveLength(1)
  expect(page.html).not.toContain(work.cookies.get('session'))
  expect((await work.get('/profile/security')).html).toContain(`href="${path}"`)
  // What has ended by itself isn't there anymore.
  clock.pass(minutes(57))
  const later = await work.get(path)
  expect(later.text).toContain('You are signed in here, and nowhere else.')
  expect(later.text).not.toContain('iPhone')
})

test('she ends the phone’s, which is out with its next request', async () => {
  const { phone, work, ana, events } = await anaInTwice()
  const [end = ''] = ends((await work.get(path)).html)
  expect(await work.post(path, { end })).toMatchObject({ status: 303, location: path })
  await expectOut(phone)
  await expectIn(work)
  expect(acts(await events(ana)).at(-1)).toBe('session.ended')
  const again = await work.post(path, { end })
  expect(again.status).toBe(422)
  expect(again.text).toContain('had ended already')
  expect(acts(await events(ana)).filter((act) => act === 'session.ended')).toHaveLength(1)
})

test('she ends all others at once, half-done sign-ins too, and stays herself', async () => {
  const door = await withTwoFactor()
  const { hers, ana, sessions, events } = door
  const other = await door.enter(ana)
  const pending = await beforeSecondStep(door)
  expect((await hers.get(path)).text).toContain('Waits for its code')
  expect((await hers.post(path, { end: 'others' })).status).toBe(303)
  await expectIn(hers)
  await expectOut(other)
  expect((await pending.get('/sign-in/two-factor')).location).toBe('/sign-in')
  expect(await sessions(ana)).toHaveLength(1)
  expect(acts(await events(ana)).at(-1)).toBe('sessions.others_ended')
  // Where there is none left, nothing has happened.
  await hers.post(path, { end: 'others' })
  expect(acts(await events(ana)).filter((act) => act === 'sessions.others_ended')).toHaveLength(1)
})

test('nobody ends a session of somebody else, nor by this their own', async () => {
  const { work, come, add, db, ana } = await anaInTwice()
  const bo = await add({ first: 'Bo' })
  const his = await come(atWork, bo)
  const hashes = async (id: string) =>
    (await db.selectFrom('session').select('id_hash').where('account_id', '=', id).orderBy('created_at').execute()).map(
      (one) => one.id_hash.toString('base64url'),
    )
  const before = await hashes(bo.accountId)
  for (const end of [...before, ...(await hashes(ana.accountId)).slice(1), 'x'.repeat(43), '', 'all'])
    expect((await work.post(path, { end })).status).toBe(422)
  expect(await hashes(bo.accountId)).toEqual(before)
  await expectIn(his)
  await expectIn(work)
})

test('ten minutes after signing in she is asked first, and it is done with the answer (R-15)', async () => {
  const { phone, work, clock } = await anaInTwice()
  clock.pass(minutes(10))
  await phone.get('')
  const [end = ''] = ends((await work.get(path)).html)
  const asked = await work.post(path, { end })
  expect(asked.status).toBe(403)
  expect(asked.html).toContain(`name="end" value="${end}"`)
  await expectIn(phone)
  expect((await work.post(path, { end, confirm_password: password })).status).toBe(303)
  await expectOut(phone)
  await expectIn(work)
})

test('the list is never longer than ten', async () => {
  const { ana, browser } = await atTheDoor()
  let last: Browser = browser()
  for (let n = 0; n < 12; n++) await tryDoor((last = browser()), ana.email)
  const page = await last.get(path)
  expect(ends(page.html)).toHaveLength(9)
})

test('in lynx: all others are ended', async () => {
  const { phone, work } = await anaInTwice()
  const lynx = new Lynx(work)
  await lynx.open('/profile/security')
  await lynx.follow('See where you are signed in')
  await lynx.press('End all others')
  expect(lynx.page.text).toContain('You are signed in here, and nowhere else.')
  await expectOut(phone)
})

test('what a browser says of itself is told in words of ours alone', () => {
  const mac = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)'
  for (const [userAgent, words] of [
    [onPhone, 'Safari on iPhone'],
    [atWork, 'Edge on Windows'],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0', 'Firefox on Linux'],
    [
      'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36',
      'Chrome on Android',
    ],
    [
      'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36',
      'Samsung Internet on Android',
    ],
    [`${mac} Version/18.5 Safari/605.1.15`, 'Safari on Mac'],
    [`${mac} CriOS/142.0 Mobile/15E148 Safari/604.1`, 'Chrome on Mac'],
    [
      'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 OPR/125.0',
      'Opera on ChromeOS',
    ],
    ['Lynx/2.9.2 libwww-FM/2.14 SSL-MM/1.4.1 OpenSSL/3.5.0', 'Lynx'],
    ['Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X)', 'A browser on iPad'],
    ['<script>alert(1)</script>', 'A browser that doesn’t say which'],
    ['', 'A browser that doesn’t say which'],
  ] as const)
    expect(deviceOf(userAgent)).toBe(words)
})
