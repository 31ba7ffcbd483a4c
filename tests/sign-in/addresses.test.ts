import { expect, test } from 'vitest'
import { networkOf } from '../../src/platform/web/address.ts'
import { countTry, limitKey, perAddress } from '../../src/platform/web/limits.ts'
import { Browser, someIp } from '../support/browser.ts'
import { minutes, organization } from '../support/world.ts'
import { atTheDoor, strangeLogin, tryDoor, wrong } from './door.ts'

/** As after so many wrong tries from there; each real one costs a hash. */
const afterFailures = async ({ services, clock }: Awaited<ReturnType<typeof atTheDoor>>, ip: string, count: number) => {
  const row = limitKey(services.key, perAddress, networkOf(ip))
  for (let n = 0; n < count; n++) await countTry(services.db, row, perAddress, clock.now)
}

const guess = (browser: Parameters<typeof tryDoor>[0], like: string) => tryDoor(browser, strangeLogin(like), wrong)

test('one network address may fail 20 times in five minutes (R-06)', async () => {
  const { ana, browser, clock } = await atTheDoor()
  const ip = someIp()
  for (let n = 0; n < 20; n++) expect((await guess(browser(ip), ana.email)).status).toBe(422)
  clock.pass(minutes(2))
  const late = await guess(browser(ip), ana.email)
  expect(late.status).toBe(429)
  expect(late.headers.get('retry-after')).toBe('180')
  expect(late.text).toContain('Wait 3 minutes, then try again.')
  expect((await tryDoor(browser(), ana.email)).status).toBe(303)
  expect((await tryDoor(browser(ip), ana.email)).status).toBe(429)
  clock.pass(minutes(3))
  expect((await tryDoor(browser(ip), ana.email)).status).toBe(303)
})

test('an office behind one address signs in as often as it likes', async () => {
  const door = await atTheDoor()
  const { ana, browser } = door
  const ip = someIp()
  await afterFailures(door, ip, 19)
  for (let n = 0; n < 4; n++) expect((await tryDoor(browser(ip), ana.email)).status).toBe(303)
})

test('who guesses from the office doesn’t keep a known device of the office out', async () => {
  const door = await atTheDoor()
  const { ana, browser } = door
  const laptop = browser(someIp())
  await tryDoor(laptop, ana.email)
  await afterFailures(door, laptop.ip, 20)
  expect((await tryDoor(browser(laptop.ip), ana.email)).status).toBe(429)
  expect((await tryDoor(laptop, ana.email)).status).toBe(303)
})

test('tries side by side from one address are counted, and what is refused isn’t counted for the login', async () => {
  const { ana, browser } = await atTheDoor()
  const ip = someIp()
  const answers = []
  for (let round = 0; round < 3; round++)
    answers.push(...(await Promise.all(Array.from({ length: 12 }, () => guess(browser(ip), ana.email)))))
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array(20).fill(422), ...Array(16).fill(429)])
  for (let n = 0; n < 10; n++) await tryDoor(browser(ip), ana.email, wrong)
  for (let n = 0; n < 5; n++) expect((await tryDoor(browser(), ana.email, wrong)).status).toBe(422)
})

test('another X-Forwarded-For is no other address, unless a trusted proxy says it', async () => {
  const door = await atTheDoor()
  const { ana, browser } = door
  const ip = someIp()
  const forge = (where: ReturnType<typeof browser>, address: string) =>
    where.post(
      '/sign-in',
      { login: strangeLogin(ana.email), password: wrong },
      { headers: { 'X-Forwarded-For': address } },
    )
  await afterFailures(door, ip, 18)
  for (let n = 0; n < 2; n++) await forge(browser(ip), someIp())
  expect((await forge(browser(ip), someIp())).status).toBe(429)

  const proxied = await atTheDoor({ env: { TRUSTED_PROXIES: '192.168.7.0/24' } })
  const client = someIp()
  await afterFailures(proxied, client, 18)
  for (let n = 0; n < 2; n++) await forge(proxied.browser('192.168.7.1'), `${someIp()}, ${client}`)
  expect((await forge(proxied.browser('192.168.7.2'), `${someIp()}, ${client}`)).status).toBe(429)
  expect((await forge(proxied.browser('192.168.7.2'), someIp())).status).toBe(422)
})

test.each<[forwarded: string, client: string]>([
  ['203.0.113.7:4711', '203.0.113.7'],
  ['[2001:db8::1]:443', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[::ffff:203.0.113.7]:80', '203.0.113.7'],
  ['2001:db8::1:443', '2001:db8::1:443'],
  ['198.51.100.1, 203.0.113.7:4711 , 192.168.7.9:3128', '203.0.113.7'],
  ['198.51.100.1, [2001:db8::1]:443, [fd00::7]:8080', '2001:db8::1'],
  // What is no address tells nothing, and what stands before it is whatever the client wrote.
  ...[
    'unknown',
    '_hidden',
    '203.0.113.7:',
    '203.0.113.7:x',
    '[203.0.113.7',
    '[]',
    '[]:80',
    'client.example.org:80',
    '',
  ].map((hop): [string, string] => [`198.51.100.1, ${hop}`, '192.168.7.1']),
])('a trusted proxy says %s: the client is %s', async (forwarded, client) => {
  const { app, mia, db, here } = await organization({ env: { TRUSTED_PROXIES: '192.168.7.0/24, fd00::/8' } })
  const behind = new Browser(app, `/o/${here.slug}`, '192.168.7.1')
  for (const [name, value] of mia.cookies) behind.cookies.set(name, value)
  expect((await behind.get('members', { headers: { 'X-Forwarded-For': forwarded } })).status).toBe(403)
  const [event] = await db.selectFrom('event').select('ip').where('organization_id', '=', here.id).execute()
  expect(event?.ip).toBe(client)
})

test('an IPv6 address counts as its /64', async () => {
  const door = await atTheDoor()
  const { ana, browser } = door
  const net = `2001:db8:${Math.floor(Math.random() * 65535).toString(16)}`
  await afterFailures(door, `${net}:1::1`, 17)
  for (let n = 0; n < 3; n++) await guess(browser(`${net}:1::${n.toString(16)}a`), ana.email)
  expect((await guess(browser(`${net}:1:abcd::1`), ana.email)).status).toBe(429)
  expect((await guess(browser(`${net}:2::1`), ana.email)).status).toBe(422)
})
