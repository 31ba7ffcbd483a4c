import { expect, test } from 'vitest'
import { acts, atTheDoor, expectIn, expectOut, tryDoor } from '../sign-in/door.ts'
import { startSession } from '../support/start-session.ts'

test('Ana signs out: this session ends, the others go on (R-26)', async () => {
  const { ana, browser, events, sessions } = await atTheDoor()
  const [laptop, phone] = [browser(), browser()]
  await tryDoor(laptop, ana.email)
  await tryDoor(phone, ana.email)
  const stolen = browser()
  stolen.cookies.set('session', laptop.cookies.get('session') ?? '')

  const answer = await laptop.post('/sign-out')
  expect(answer).toMatchObject({ status: 303, location: '/sign-in' })
  expect(answer.headers.get('clear-site-data')).toBe('"storage"')
  expect(answer.headers.getSetCookie()).toEqual([expect.stringMatching(/^session=; .*Max-Age=0/)])
  expect(laptop.cookies.has('device')).toBe(true)
  await expectOut(laptop)
  await expectOut(stolen)
  await expectIn(phone)
  expect(await sessions(ana)).toHaveLength(1)
  const log = await events(ana)
  expect(acts(log).at(-1)).toBe('signed_out')
  expect(log.at(-1)?.actor_id).toBe(ana.accountId)
})

test('it works at every stage, twice, and for strangers', async () => {
  const { ana, browser, db, clock, sessions } = await atTheDoor()
  for (const stage of ['password', 'new_password', 'enroll', 'full'] as const) {
    const hers = browser()
    const cookie = await startSession(db, clock.now, false, {
      accountId: ana.accountId,
      stage,
      ip: '',
      userAgent: '',
      confirmed: false,
    })
    hers.cookies.set('session', /=([^;]+)/.exec(cookie)?.[1] ?? '')
    for (let n = 0; n < 2; n++)
      expect(await hers.post('/sign-out')).toMatchObject({ status: 303, location: '/sign-in' })
  }
  expect(await sessions(ana)).toEqual([])
})

test('a link, or another site’s page, signs nobody out', async () => {
  const { ana, browser } = await atTheDoor()
  const hers = browser()
  await tryDoor(hers, ana.email)
  expect((await hers.get('/sign-out')).status).toBe(404)
  expect((await hers.post('/sign-out', {}, { headers: { 'Sec-Fetch-Site': 'cross-site' } })).status).toBe(403)
  await expectIn(hers)
})
