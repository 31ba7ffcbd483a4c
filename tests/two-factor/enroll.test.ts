import { expect, test } from 'vitest'
import { acts, atTheDoor, expectIn, expectOut } from '../sign-in/door.ts'
import { minutes, organization } from '../support/world.ts'
import { app, begun, codes, codesIn, enroll, hiddenOf, phone, secretOf, security } from './phone.ts'

const kB = 1024
const weight = (answer: { bytes: Buffer }) => answer.bytes.length

async function anaIn() {
  const door = await atTheDoor()
  return { ...door, hers: await door.enter(door.ana) }
}

test('Ana turns it on: secret, code, saved codes, and everything at once', async () => {
  const { hers, clock, ana, account, events, sessions, enter, db, here } = await anaIn()
  const other = await enter(ana)
  expect((await hers.get(security)).text).toContain('Off. Whoever learns your password')
  const { page, secret, enrollment } = await begun(hers)
  expect(secret).toMatch(/^[A-Z2-7]{32}$/)
  expect(page.html).toContain(`href="otpauth://totp/Rollcall:${encodeURIComponent(ana.email)}?secret=${secret}`)
  expect(page.html).toMatch(
    /<svg viewBox="-4 -4.5 \d+ \d+" shape-rendering="crispEdges" role="img"[^>]*><path stroke="#000" d="M[^"]+"><\/path><\/svg>/,
  )
  expect(await account(ana)).toMatchObject({ two_factor_at: null, totp_secret: null })

  const code = phone(secret, clock).code()
  const old = hers.cookies.get('session')
  expect(await hers.post(app, { code: `${code.slice(0, 3)} ${code.slice(3)}`, enrollment })).toMatchObject({
    status: 303,
    location: codes,
  })
  const save = await hers.get(codes)
  const shown = codesIn(save.html)
  expect(new Set(shown).size).toBe(10)
  for (const one of shown) expect(one).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/)
  const file = await hers.get(`${codes}.txt`)
  expect(file.headers.get('content-disposition')).toBe('attachment; filename="rollcall-backup-codes.txt"')
  for (const one of shown) expect(file.html).toContain(one)
  // Nothing counts before they are saved.
  const saved = { enrollment: hiddenOf(save.html, 'enrollment') }
  expect(await hers.post(codes, saved)).toMatchObject({ status: 422 })
  expect(await account(ana)).toMatchObject({ two_factor_at: null, totp_secret: null })
  await expectIn(other)

  expect(await hers.post(codes, { ...saved, saved: 'on' })).toMatchObject({ status: 303, location: security })
  const now = await account(ana)
  expect(now).toMatchObject({ two_factor_at: clock.now, must_enroll: false })
  expect(Number(now.totp_last_step)).toBe(Math.floor(clock.now.getTime() / 30_000))
  expect(now.totp_secret).not.toContain(secret)
  const place = await db
    .selectFrom('membership')
    .select('has_two_factor')
    .where('organization_id', '=', here.id)
    .where('id', '=', ana.id)
    .executeTakeFirstOrThrow()
  expect(place.has_two_factor).toBe(true)
  expect(acts(await events(ana))).toEqual(['two_factor.on'])
  // This session goes on under a new id, every other one ends (R-14).
  await expectIn(hers)
  await expectOut(other)
  expect(hers.cookies.get('session')).not.toBe(old)
  expect(await sessions(ana)).toHaveLength(1)
  const letters = await db
    .selectFrom('mail')
    .select(['template', 'to_address'])
    .where('to_address', '=', ana.email)
    .execute()
  expect(letters).toEqual([{ template: 'two_factor_on', to_address: ana.email }])
  const after = await hers.get(security)
  expect(after.text).toContain('10 of 10 are left')
  expect((await hers.get(codes)).status).toBe(303)
  expect((await hers.get(`${codes}.txt`)).status).toBe(303)
})

test('the pages are light, with the QR code too', async () => {
  const { hers, clock } = await anaIn()
  const small = { headers: { 'Accept-Encoding': 'br' } }
  await begun(hers)
  const page = await hers.get(app)
  const packed = await hers.get(app, small)
  expect(weight(packed)).toBeLessThanOrEqual(5 * kB)
  const swap = await hers.swap.get(app)
  expect(swap.html.startsWith('<title>')).toBe(true)
  await hers.post(app, {
    code: phone(secretOf(page.html), clock).code(),
    enrollment: hiddenOf(page.html, 'enrollment'),
  })
  expect(weight(await hers.get(codes, small))).toBeLessThanOrEqual(5 * kB)
  expect(weight(await hers.get(security, small))).toBeLessThanOrEqual(5 * kB)
})

test('with htmx each step answers with the next screen', async () => {
  const { hers, clock } = await anaIn()
  const started = await hers.swap.post(app, { start: 'on' })
  expect(started).toMatchObject({ status: 200 })
  expect(started.headers.get('hx-replace-url')).toBe(app)
  const code = phone(secretOf(started.html), clock).code()
  const save = await hers.swap.post(app, { code, enrollment: hiddenOf(started.html, 'enrollment') })
  expect(save.headers.get('hx-replace-url')).toBe(codes)
  expect(codesIn(save.html)).toHaveLength(10)
  const done = await hers.swap.post(codes, { saved: 'on', enrollment: hiddenOf(save.html, 'enrollment') })
  expect(done.headers.get('hx-replace-url')).toBe(security)
  expect(done.html).toContain('data-said="Two-factor is on."')
  await expectIn(hers)
})

test('a wrong code says how far off the phone’s clock is, where it can', async () => {
  const { hers, clock, ana, account } = await anaIn()
  const { secret, enrollment } = await begun(hers)
  const answer = async (code: string) => {
    const { status, text } = await hers.post(app, { code, enrollment })
    expect(status).toBe(422)
    return text
  }
  expect(await answer(phone(secret, clock, minutes(3)).code())).toContain('about 3 minutes ahead')
  expect(await answer(phone(secret, clock, -minutes(3)).code())).toContain('about 3 minutes behind')
  expect(await answer(phone(secret, clock, minutes(10)).code())).toContain('about 10 minutes ahead')
  const far = await answer(phone(secret, clock, minutes(30)).code())
  expect(far).toContain('isn’t right')
  expect(await answer('12345')).toContain('Enter the six digits')
  expect(await answer('<script>')).toContain('Enter the six digits')
  expect((await account(ana)).failed_second_steps).toBe(0)
  // A code of the step before, or after, is still right.
  expect(await hers.post(app, { code: phone(secret, clock, 30_000).code(), enrollment })).toMatchObject({ status: 303 })
})

test('beginning again makes a new secret, and a page from before says so', async () => {
  const { hers, clock, ana, account } = await anaIn()
  const first = await begun(hers)
  const second = await begun(hers)
  expect(second.secret).not.toBe(first.secret)
  const stale = await hers.post(app, { code: phone(first.secret, clock).code(), enrollment: first.enrollment })
  expect(stale.status).toBe(409)
  expect(stale.text).toContain('You began again')
  expect(secretOf(stale.html)).toBe(second.secret)
  const mixed = await hers.post(app, { code: phone(first.secret, clock).code(), enrollment: second.enrollment })
  expect(mixed.status).toBe(422)
  expect(await account(ana)).toMatchObject({ totp_secret: null, two_factor_at: null })
})

test('out of order nothing happens, and each page says where it goes on', async () => {
  const { hers, ana, account, clock, enter } = await anaIn()
  expect(await hers.get(app)).toMatchObject({ status: 303, location: security })
  expect((await hers.get(codes)).location).toBe(security)
  const early = await hers.post(app, { code: '123456' })
  expect(early.status).toBe(422)
  expect(early.text).toContain('Nothing is begun')
  expect((await hers.post(codes, { saved: 'on' })).status).toBe(422)
  expect((await hers.post(codes, { make: 'on' })).location).toBe(codes)
  expect((await hers.get(codes)).location).toBe(security)
  const { secret, enrollment } = await begun(hers)
  expect((await hers.get(codes)).location).toBe(app)
  expect((await hers.post(codes, { saved: 'on', enrollment })).status).toBe(422)
  expect((await hers.post(app, { code: '123456', what: 'else' })).status).toBe(400)
  // Two tabs: the second confirms what is confirmed, and the first is led on.
  const typed = { code: phone(secret, clock).code(), enrollment }
  const both = await Promise.all([hers.post(app, typed), hers.post(app, typed)])
  for (const one of both) expect([303, 409, 422]).toContain(one.status)
  expect((await hers.get(app)).location).toBe(codes)
  // An hour later it is over.
  clock.pass(minutes(61))
  const late = await enter(ana)
  expect((await late.get(codes)).location).toBe(security)
  expect(await account(ana)).toMatchObject({ totp_secret: null, two_factor_at: null })
})

test('Mia, who may open nothing else, can do it too, and nobody for somebody else', async () => {
  const { mia, stranger, clock } = await organization()
  await enroll(mia, clock)
  expect((await mia.get(security)).text).toContain('10 of 10 are left')
  for (const path of [security, app, codes, `${codes}.txt`, '/confirm'])
    expect((await stranger.get(path)).location).toBe('/sign-in')
})
