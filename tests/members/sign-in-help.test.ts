import { beforeEach, expect, test } from 'vitest'
import { hashPassword } from '../../src/passwords/hash.ts'
import type { Db } from '../../src/platform/database/connect.ts'
import { shortId } from '../../src/platform/ids.ts'
import { act, actOn as at, hiddenIn } from '../support/acts.ts'
import { Browser } from '../support/browser.ts'
import { meanwhile } from '../support/meanwhile.ts'
import { startSession } from '../support/start-session.ts'
import { addPerson, hours, minutes, organization, type Person, signedIn } from '../support/world.ts'

const password = 'a long walk by the canal'
const other = 'seven herons on one leg'
const names = ['unblock', 'sign-out', 'password', 'reset-link']

let world: Awaited<ReturnType<typeof organization>>
beforeEach(async () => {
  world = await organization()
})

const accountOf = (person: Person) =>
  world.db
    .selectFrom('account')
    .selectAll()
    .where('id', '=', person.accountId ?? '')
    .executeTakeFirstOrThrow()
const sessionsOf = async (person: Person) =>
  (
    await world.db
      .selectFrom('session')
      .select('id_hash')
      .where('account_id', '=', person.accountId ?? '')
      .execute()
  ).length
const eventsOf = async (person: Person) =>
  world.db
    .selectFrom('event')
    .select(['act', 'actor_id', 'organization_id', 'changes'])
    .where('subject_id', '=', person.accountId)
    .where('act', 'not like', 'sign_in%')
    .orderBy('id')
    .execute()
const lettersTo = (person: Person) =>
  world.db.selectFrom('mail').select(['template', 'data', 'state']).where('to_address', '=', person.email).execute()
const giveThemAPassword = async (person: Person, text = password) =>
  world.db
    .updateTable('account')
    .set({ password_hash: await hashPassword(text) })
    .where('id', '=', person.accountId ?? '')
    .execute()
const blockAccount = async (person: Person) => {
  await world.db
    .updateTable('account')
    .set({ blocked_at: world.clock.now, failed_sign_ins: 100 })
    .where('id', '=', person.accountId ?? '')
    .execute()
  await world.db
    .updateTable('membership')
    .set({ status: 'blocked' })
    .where('account_id', '=', person.accountId ?? '')
    .execute()
}
/** Somebody's try at the door, from a browser of their own. */
const tryDoor = async (person: Person, text: string) => {
  const browser = new Browser(world.app, `/o/${world.here.slug}`)
  return { browser, answer: await browser.post('/sign-in', { login: person.email, password: text }) }
}
/** What the form of an act sends, filled in. */
const fieldsOf = (name: string): Record<string, string> =>
  name === 'password' ? { version: '1', how: 'generated' } : { version: '1' }
const onceIn = (html: string) => /<code data-copy="true"[^>]*>([^<]*)<\/code>/.exec(html)?.[1] ?? ''

test('a stranger from another organization gets the same 404 as for nobody, and changes nothing', async () => {
  const before = await accountOf(world.mia.person)
  for (const name of names)
    for (const ask of [
      world.stella.get(at(world.mia.person, name)),
      world.stella.get(`/o/${world.elsewhere.slug}/${at(world.mia.person, name)}`),
      world.stella.post(at(world.mia.person, name), { version: '1' }),
      world.stella.post(`/o/${world.elsewhere.slug}/${at(world.mia.person, name)}`, { version: '1' }),
    ])
      expect((await ask).status).toBe(404)
  expect(await accountOf(world.mia.person)).toEqual(before)
  expect(await sessionsOf(world.mia.person)).toBe(1)
})

test('nobody does it to themselves, and who doesn’t manage sign-in to nobody at all', async () => {
  const { ana, vera, dev, gus, mia, ian } = world
  for (const name of names) {
    for (const ask of [ana.get(at(ana.person, name)), ana.post(at(ana.person, name), fieldsOf(name))]) {
      const { status, html } = await ask
      expect([name, status]).toEqual([name, 403])
      expect(html).toContain('Your own is in your profile')
    }
    for (const browser of [vera, dev, gus, mia])
      for (const ask of [browser.get(at(ian.person, name)), browser.post(at(ian.person, name), fieldsOf(name))])
        expect((await ask).status).toBe(403)
  }
  expect(await sessionsOf(ian.person)).toBe(1)
})

test('who lacks a permission that somebody holds doesn’t help them sign in, and the panel doesn’t offer it', async () => {
  const helper = await world.enter({ first: 'Hal', permissions: ['members.view', 'members.credentials'] })
  for (const name of names) {
    expect((await helper.post(at(world.ana.person, name), fieldsOf(name))).status).toBe(403)
  }
  const admins = (await helper.get(`members/${shortId(world.ana.person.id)}`)).html
  const mias = (await helper.get(`members/${shortId(world.mia.person.id)}`)).html
  for (const name of names) {
    expect(admins).not.toContain(`${shortId(world.ana.person.id)}/${name}`)
    expect(mias.includes(`${shortId(world.mia.person.id)}/${name}`)).toBe(name !== 'unblock')
  }
})

test('Bo, who is blocked, is unblocked by Ana and signs in at once, waiting time or not', async () => {
  const { ana } = world
  const bo = await world.add({ first: 'Bo', username: `bo.${Math.random()}` })
  await giveThemAPassword(bo)
  for (let n = 0; n < 6; n++) await tryDoor(bo, 'a wrong one, and long enough')
  await blockAccount(bo)
  expect((await tryDoor(bo, password)).answer.status).toBe(429)
  expect((await ana.get(`members/${shortId(bo.id)}`)).html).toContain('>Unblock<')

  const answer = await act(ana, bo, 'unblock')
  expect(answer.status).toBe(303)
  expect((await tryDoor(bo, password)).answer.status).toBe(303)
  expect(await accountOf(bo)).toMatchObject({ blocked_at: null, failed_sign_ins: 0 })
  expect((await ana.get('members?status=blocked')).html).not.toContain('>Bo<')
  expect(
    (await eventsOf(bo)).map(({ act: name, actor_id, organization_id }) => [name, actor_id, organization_id]),
  ).toEqual([['account.unblocked', ana.person.accountId, world.here.id]])
  const twice = await act(ana, bo, 'unblock')
  expect(twice.status).toBe(403)
  expect((await ana.get(`members/${shortId(bo.id)}`)).html).not.toContain('>Unblock<')
})

test('of twelve who unblock Bo at the same moment one does', async () => {
  const bo = await world.add({ first: 'Bo' })
  await blockAccount(bo)
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  const hidden = hiddenIn((await world.ana.get(at(bo, 'unblock'))).html)
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) => (n % 2 ? bea : world.ana).post(at(bo, 'unblock'), hidden)),
  )
  expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
  expect(await eventsOf(bo)).toHaveLength(1)
})

test('Mia is signed out everywhere, after the page said of how many sessions', async () => {
  const { ana, mia } = world
  const second = await signedIn(world, mia.person, world.here)
  const page = await ana.get(at(mia.person, 'sign-out'))
  expect(page.text).toContain('has 2 sessions open')
  expect((await act(ana, mia.person, 'sign-out')).status).toBe(303)
  for (const browser of [mia, second]) expect((await browser.get('members/me')).location).toBe('/sign-in')
  expect(await sessionsOf(mia.person)).toBe(0)
  // Again: there is nothing to end, and nothing is told of.
  expect((await ana.post(at(mia.person, 'sign-out'), hiddenIn(page.html))).status).toBe(303)
  expect((await eventsOf(mia.person)).map((one) => one.act)).toEqual(['sessions.ended'])
  expect((await ana.get(at(mia.person, 'sign-out'))).text).toContain('isn’t signed in anywhere')
})

test('sessions that have expired aren’t counted, by the strictest of somebody’s organizations', async () => {
  const { mia } = world
  const enterAna = () => signedIn(world, world.ana.person, world.here)
  world.clock.pass(minutes(20))
  await signedIn(world, mia.person, world.here)
  const ana = await enterAna()
  expect((await ana.get(at(mia.person, 'sign-out'))).text).toContain('2 sessions')
  const there = await addPerson(world.db, world.elsewhere, world.clock.now, { accountId: mia.person.accountId ?? '' })
  await world.db
    .updateTable('organization')
    .set({ session_idle_minutes: 15 })
    .where('id', '=', world.elsewhere.id)
    .execute()
  expect((await ana.get(at(mia.person, 'sign-out'))).text).toContain('one session')
  expect(there.accountId).toBe(mia.person.accountId)
  world.clock.pass(minutes(15))
  expect((await (await enterAna()).get(at(mia.person, 'sign-out'))).text).toContain('isn’t signed in anywhere')
})

test('a generated password is shown once, opens one session, and must be changed there', async () => {
  const { ana, mia } = world
  await giveThemAPassword(mia.person)
  const before = await accountOf(mia.person)
  const { html } = await ana.get(at(mia.person, 'password'))
  const answer = await ana.post(at(mia.person, 'password'), { ...hiddenIn(html), how: 'generated' })
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
  const given = onceIn(answer.html)
  expect(given).toMatch(/^[0-9a-hjkmnp-tv-z]{20}$/)
  expect(answer.text).toContain('Nov 25, 2026, 12:00 UTC')

  expect((await mia.get('members/me')).location).toBe('/sign-in')
  const after = await accountOf(mia.person)
  expect(after).toMatchObject({
    must_change_password: true,
    password_expires_at: new Date(world.clock.now.getTime() + hours(72)),
    reset_expires_at: null,
    reset_generation: before.reset_generation + 1,
    version: before.version + 1,
  })
  // Nowhere else: not on the next page, not in what is stored, not in what is logged.
  for (const page of [ana.get(at(mia.person, 'password')), ana.get(`members/${shortId(mia.person.id)}`)])
    expect((await page).html).not.toContain(given)
  const stored = JSON.stringify([
    await eventsOf(mia.person),
    await lettersTo(mia.person),
    world.log,
    [...ana.cookies],
    after,
    answer.location,
  ])
  expect(stored).not.toContain(given)
  expect(await lettersTo(mia.person)).toEqual([
    { template: 'password_changed', data: { account_id: mia.person.accountId }, state: 'waiting' },
  ])
  expect((await eventsOf(mia.person)).map((one) => [one.act, one.actor_id, one.changes])).toEqual([
    ['password.given', ana.person.accountId, {}],
  ])

  expect((await tryDoor(mia.person, password)).answer.status).toBe(422)
  const first = await tryDoor(mia.person, given)
  expect(first.answer.location).toBe('/sign-in/new-password')
  expect((await tryDoor(mia.person, given)).answer.status).toBe(422)
  const own = await first.browser.post('/sign-in/new-password', { password: other, password_again: other })
  expect(own.status).toBe(303)
  expect((await first.browser.get('members/me')).status).toBe(200)
})

test('a given password that wasn’t used in 72 hours works no longer', async () => {
  const { ana, mia } = world
  const given = onceIn((await act(ana, mia.person, 'password', { how: 'generated' })).html)
  world.clock.pass(hours(72))
  expect((await tryDoor(mia.person, given)).answer.status).toBe(422)
})

test('a second press of the button makes no second password', async () => {
  const { ana, mia } = world
  const hidden = hiddenIn((await ana.get(at(mia.person, 'password'))).html)
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => ana.post(at(mia.person, 'password'), { ...hidden, how: 'generated' })),
  )
  const shown = answers.map(({ html }) => onceIn(html)).filter(Boolean)
  expect(shown).toHaveLength(1)
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409])
  expect(answers.find(({ status }) => status === 409)?.html).toContain('was changed after this form was opened')
  expect(await lettersTo(mia.person)).toHaveLength(1)
  expect((await tryDoor(mia.person, shown[0] ?? '')).answer.location).toBe('/sign-in/new-password')
})

test('a typed password keeps the rules, and comes back beside its field', async () => {
  const { ana, mia } = world
  const type = (text: string, again = text) =>
    act(ana, mia.person, 'password', { how: 'typed', password: text, password_again: again })
  for (const [text, again, field] of [
    ['short', 'short', 'password'],
    ['', '', 'password'],
    [password, other, 'password_again'],
    ['harbor claims forever', 'harbor claims forever', 'password'],
    [`${mia.person.email.split('@')[0]} and more`, `${mia.person.email.split('@')[0]} and more`, 'password'],
  ] as const) {
    const answer = await type(text, again)
    expect([text, answer.status]).toEqual([text, 422])
    expect(answer.html).toContain(`id="${field}-error"`)
    if (text) expect(answer.html).not.toContain(`value="${text}"`)
  }
  expect((await accountOf(mia.person)).password_hash).toBe(null)
  const answer = await type(password)
  expect(answer.status).toBe(303)
  expect((await tryDoor(mia.person, password)).answer.location).toBe('/sign-in/new-password')
})

test('whoever is a member elsewhere too keeps their password and their block, whatever is sent', async () => {
  const { ana, mia } = world
  await addPerson(world.db, world.elsewhere, world.clock.now, { accountId: mia.person.accountId ?? '' })
  await giveThemAPassword(mia.person)
  const before = await accountOf(mia.person)
  for (const [name, fields] of [
    ['password', { version: '1', how: 'generated' }],
    ['reset-link', { version: '1', block_now: 'on' }],
    ['unblock', { version: '1' }],
  ] as const) {
    const { status, html } = await ana.post(at(mia.person, name), fields)
    expect([name, status]).toEqual([name, 403])
    expect(html).toContain('a member elsewhere too')
  }
  expect(await accountOf(mia.person)).toEqual(before)
  // A link would open the other organization to whoever sees it: without mail it isn't made.
  const page = await ana.get(at(mia.person, 'reset-link'))
  expect([page.status, page.html.includes('block_now'), page.html.includes('<form method="post"')]).toEqual([
    200,
    false,
    page.html.includes('action="/sign-out"'),
  ])
  expect(page.text).toContain('Ask its operator')
  const forced = await ana.post(at(mia.person, 'reset-link'), { version: '1' })
  expect([forced.status, forced.html.includes('/reset-password/')]).toEqual([403, false])
  expect(await accountOf(mia.person)).toEqual(before)
})

test('a reset link is shown once, to be passed on; the old password works until it is used', async () => {
  const { ana, mia } = world
  await giveThemAPassword(mia.person)
  const page = await ana.get(at(mia.person, 'reset-link'))
  expect(page.text).toContain(mia.person.email)
  const first = onceIn((await act(ana, mia.person, 'reset-link')).html)
  const answer = await act(ana, mia.person, 'reset-link')
  const link = onceIn(answer.html)
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
  expect(answer.text).toContain('Nothing was sent')
  expect(link).toMatch(/^http:\/\/localhost:3000\/reset-password\//)
  expect((await mia.get('members/me')).status).toBe(200)
  expect((await tryDoor(mia.person, password)).answer.status).toBe(303)
  expect(await lettersTo(mia.person)).toEqual([])
  const stored = JSON.stringify([await eventsOf(mia.person), world.log, [...ana.cookies], await accountOf(mia.person)])
  expect(stored).not.toContain(link.split('.').at(-1))

  const path = new URL(link).pathname
  expect((await world.stranger.get(new URL(first).pathname)).status).toBe(404)
  expect((await world.stranger.post(path, { password: other, password_again: other })).status).toBe(303)
  // A link that was copied doesn't prove the address.
  expect((await accountOf(mia.person)).email_verified_at).toBe(null)
  expect((await tryDoor(mia.person, password)).answer.status).toBe(422)
  expect((await tryDoor(mia.person, other)).answer.status).toBe(303)
})

test('blocked now, the old password stops at once and sessions end, and the door says no more than ever', async () => {
  const { ana, mia } = world
  await giveThemAPassword(mia.person)
  await giveThemAPassword(world.ian.person)
  const link = onceIn((await act(ana, mia.person, 'reset-link', { block_now: 'on' })).html)
  expect((await mia.get('members/me')).location).toBe('/sign-in')
  const hers = await tryDoor(mia.person, password)
  const his = await tryDoor(world.ian.person, 'a wrong one, and long enough')
  expect(hers.answer.status).toBe(422)
  const without = (html: string, { email }: Person) => html.replaceAll(email, '')
  expect(without(hers.answer.html, mia.person)).toBe(without(his.answer.html, world.ian.person))
  expect((await eventsOf(mia.person)).map((one) => one.act)).toEqual(['password.stopped'])
  await world.stranger.post(new URL(link).pathname, { password: other, password_again: other })
  expect((await tryDoor(mia.person, other)).answer.status).toBe(303)
})

test('the last Admin who can sign in isn’t blocked by it', async () => {
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  const page = await bea.get(at(world.ana.person, 'reset-link'))
  expect(page.html).not.toContain('block_now')
  const answer = await bea.post(at(world.ana.person, 'reset-link'), { ...hiddenIn(page.html), block_now: 'on' })
  expect(answer.status).toBe(422)
  expect(answer.html).toContain('the last Admin who can sign in')
  await giveThemAPassword(bea.person)
  expect((await act(bea, world.ana.person, 'reset-link', { block_now: 'on' })).status).toBe(200)
})

test('two Admins who block each other at the same moment: one is left who can sign in, in each of 20 rounds', async () => {
  for (let round = 0; round < 20; round++) {
    const fresh = await organization()
    const bea = await fresh.enter({ first: 'Bea', role: 'admin' })
    const both = [fresh.ana, bea]
    for (const { person } of both)
      await fresh.db
        .updateTable('account')
        .set({ password_hash: 'not looked at here' })
        .where('id', '=', person.accountId ?? '')
        .execute()
    await Promise.all(
      both.map((one, n) =>
        one.post(at(both[1 - n]?.person as Person, 'reset-link'), { version: '1', block_now: 'on' }),
      ),
    )
    const left = await fresh.db
      .selectFrom('account')
      .select('id')
      .where(
        'id',
        'in',
        both.map(({ person }) => person.accountId ?? ''),
      )
      .where('password_hash', 'is not', null)
      .execute()
    expect(left).toHaveLength(1)
  }
})

test('three links an hour for one person; the fourth waits, and a second press makes none', async () => {
  const { ana, mia } = world
  for (let n = 0; n < 3; n++) expect((await act(ana, mia.person, 'reset-link')).status).toBe(200)
  const fourth = await act(ana, mia.person, 'reset-link')
  expect(fourth.status).toBe(429)
  expect(Number(fourth.headers.get('retry-after'))).toBeGreaterThan(3000)
  expect((await act(ana, world.ian.person, 'reset-link')).status).toBe(200)
  world.clock.pass(minutes(30))
  await ana.get('members/me')
  world.clock.pass(minutes(31))
  await world.db
    .updateTable('session')
    .set({ last_used_at: world.clock.now, confirmed_at: world.clock.now })
    .where('account_id', '=', ana.person.accountId ?? '')
    .execute()
  const hidden = hiddenIn((await ana.get(at(mia.person, 'reset-link'))).html)
  const link = onceIn((await ana.post(at(mia.person, 'reset-link'), hidden)).html)
  expect((await ana.post(at(mia.person, 'reset-link'), hidden)).status).toBe(409)
  expect((await world.stranger.get(new URL(link).pathname)).status).toBe(200)
})

test('fields of somebody’s own are refused, and change nothing', async () => {
  const { ana, mia } = world
  const before = await accountOf(mia.person)
  for (const name of names)
    for (const field of ['password_hash', 'email', 'must_change_password', 'role'])
      expect((await ana.post(at(mia.person, name), { ...fieldsOf(name), [field]: 'x' })).status).toBe(400)
  expect(await accountOf(mia.person)).toEqual(before)
})

test('a sign-in that is on its way with the old password doesn’t outlive a new one', async () => {
  const { ana } = world
  for (let round = 0; round < 10; round++) {
    const pat = await world.add({ first: 'Pat' })
    await giveThemAPassword(pat)
    const hidden = hiddenIn((await ana.get(at(pat, 'password'))).html)
    const [door, answer] = await Promise.all([
      tryDoor(pat, password),
      ana.post(at(pat, 'password'), { ...hidden, how: 'generated' }),
    ])
    expect(answer.status).toBe(200)
    expect((await door.browser.get('members/me')).location).toBe('/sign-in')
    expect(await sessionsOf(pat)).toBe(0)
  }
})

test('a session that begins, and a place that somebody gets elsewhere, while the act waits for the account are seen', async () => {
  const { ana, db, clock, elsewhere } = world
  for (const [name, fields] of [
    ['password', { version: '1', how: 'generated' }],
    ['reset-link', { version: '1', block_now: 'on' }],
    ['unblock', { version: '1' }],
  ] as const) {
    const pat = await world.add({ first: 'Pat' })
    const accountId = pat.accountId ?? ''
    await giveThemAPassword(pat)
    if (name === 'unblock') await blockAccount(pat)
    else {
      const signsIn = async (trx: Db) => {
        await trx.updateTable('account').set({ failed_sign_ins: 0 }).where('id', '=', accountId).execute()
        const session = { accountId, stage: 'full', ip: '', userAgent: '', confirmed: true } as const
        await startSession(trx, clock.now, false, session)
      }
      expect((await meanwhile(world.db, signsIn, () => ana.post(at(pat, name), fields))).status).toBe(200)
      expect([name, await sessionsOf(pat)]).toEqual([name, 0])
    }
    const before = await accountOf(pat)
    const version = name === 'password' ? before.version : name === 'reset-link' ? before.reset_generation + 1 : 1
    const joins = (trx: Db) => addPerson(trx, elsewhere, clock.now, { accountId })
    const again = await meanwhile(world.db, joins, () => ana.post(at(pat, name), { ...fields, version: `${version}` }))
    expect([name, again.status]).toEqual([name, 403])
    expect(again.html).toContain('a member elsewhere too')
    expect(await accountOf(pat)).toEqual(before)
    await db
      .deleteFrom('membership')
      .where('organization_id', '=', elsewhere.id)
      .where('account_id', '=', accountId)
      .execute()
  }
})
