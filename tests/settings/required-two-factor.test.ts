import { beforeEach, describe, expect, inject, test } from 'vitest'
import { acts, atTheDoor, firstPassword, password, tryDoor } from '../sign-in/door.ts'
import { hiddenIn } from '../support/acts.ts'
import type { Browser } from '../support/browser.ts'
import { connectTo } from '../support/database.ts'
import { Lynx } from '../support/lynx.ts'
import { addPerson, clockAt, makeOrganization, minutes, organization } from '../support/world.ts'
import { app, codes, codesIn, enroll, hiddenOf, phone, secretOf, security } from '../two-factor/phone.ts'

const path = 'settings/security/two-factor'
const atSignIn = { app: '/sign-in/enroll', codes: '/sign-in/enroll/backup-codes' }

let world: Awaited<ReturnType<typeof organization>>
beforeEach(async () => {
  world = await organization({ clock: clockAt('2026-11-22T23:30:00.000Z') })
})

type Here = { db: (typeof world)['db']; clock: (typeof world)['clock'] }
/** Somebody who has just shown that it is they may save it. */
const save = async (who: Browser, from: string) => who.post(path, { ...hiddenIn((await who.get(path)).html), from })
const require = (of: Here, here: { id: string }, two_factor_from: string | null) =>
  of.db.updateTable('organization').set({ two_factor_from }).where('id', '=', here.id).execute()
const exempt = (of: Here, here: { id: string }, person: { id: string }, until: string) =>
  of.db
    .insertInto('two_factor_exemption')
    .values({ organization_id: here.id, membership_id: person.id, until, reason: 'Her phone', given_at: of.clock.now })
    .execute()
describe('the setting', () => {
  test('Stella finds nothing, everybody without the permission is refused; Ana must have shown that it is she', async () => {
    const there = `/o/${world.here.slug}/${path}`
    for (const [who, status] of [
      [world.stella, 404],
      [world.vera, 403],
      [world.gus, 403],
      [world.mia, 403],
    ] as const) {
      expect((await who.get(there)).status).toBe(status)
      expect((await who.post(there, { version: '1', from: '' })).status).toBe(status)
    }
    world.clock.pass(minutes(10))
    expect((await world.ana.get(path)).location).toBe('/confirm')
    expect((await world.ana.post(path, { version: '1', from: '2026-12-01' })).text).toContain('Confirm that it is you')
    expect((await world.ana.get('settings/security')).html).toContain(`${there}"`)
  })

  test('before it is saved Ana sees how many lack it, who they are and that she is one; the log has old and new', async () => {
    const { ana, db, here } = world
    await world.add({ first: 'Tess', last: 'Two', twoFactor: true })
    await world.add({ first: 'Ivo', last: 'Invited', invited: true })
    await world.add({ first: 'Sue', last: 'Suspended', suspended: true })
    const page = await ana.get(path)
    expect(page.text).toContain('6 active members lack it')
    for (const name of ['Ana Admin (you)', 'Mia Member', 'Gus Manager']) expect(page.text).toContain(name)
    for (const name of ['Tess', 'Ivo', 'Sue', 'Stella']) expect(page.text).not.toContain(name)
    expect(page.text).toContain('You lack it yourself')
    const table = /href="([^"]*two_factor=off[^"]*)"/.exec(page.html)?.[1]?.replaceAll('&amp;', '&') ?? ''
    expect((await ana.get(table)).text).toContain('Mia')
    const saved = await save(ana, '2026-12-01')
    expect([saved.status, saved.location]).toEqual([303, ana.url(path)])
    const told = await db
      .selectFrom('event')
      .select(['changes', 'actor_id'])
      .where('organization_id', '=', here.id)
      .where('act', '=', 'settings.security_changed')
      .execute()
    expect(told).toEqual([
      {
        actor_id: ana.person.accountId,
        changes: { fields: ['two_factor_from'], two_factor_from: [null, '2026-12-01'] },
      },
    ])
    expect((await ana.get('settings/security')).text).toContain('from Dec 1, 2026 on')
    // What is as it was is no change; with htmx it says so.
    const { version } = hiddenIn((await ana.get(path)).html)
    const again = await ana.swap.post(path, { version: version ?? '', from: '2026-12-01' })
    expect(again.html).toContain('data-said="Nothing was changed."')
    // The other settings go on as before.
    expect((await ana.get('settings/security')).html).toContain(`name="version" value="${version}"`)
    expect((await save(ana, '')).status).toBe(303)
    expect((await ana.get('settings/security')).text).toContain('nobody has to')
  })

  test('with many it names some, and with names that one may not see it counts alone', async () => {
    for (let n = 0; n < 30; n++) await world.add({ first: `P${n}`, last: 'Person' })
    const page = await world.ana.get(path)
    expect(page.text).toContain('36 active members lack it')
    expect(page.html.match(/\/members\/[\w-]{16}"/g)).toHaveLength(20)
    expect(page.text).toContain('and others')
    const kim = await world.enter({ first: 'Kim', permissions: ['settings.security'] })
    const hers = await kim.get(path)
    expect([hers.status, hers.text.includes('37 active members lack it')]).toEqual([200, true])
    expect(hers.text).not.toMatch(/Person|Mia|see them in the table/)
  })

  test.each([
    ['2026-11-21', 'has passed'],
    ['2027-11-24', 'within a year'],
    ['2026-02-30', 'year-month-day'],
    ['tomorrow', 'year-month-day'],
  ])('%s is refused beside its field, with what was typed', async (from, text) => {
    for (const who of [world.ana, world.ana.swap]) {
      const answer = await save(who, from)
      expect([answer.status, answer.html.includes('id="from-error"')]).toEqual([422, true])
      expect(answer.text).toContain(text)
      expect(answer.html).toContain(`value="${from}"`)
    }
  })

  test('of two Admins the second looks again', async () => {
    const version = hiddenIn((await world.ana.get(path)).html)
    const bea = await world.enter({ first: 'Bea', role: 'admin' })
    const both = await Promise.all([
      world.ana.post(path, { ...version, from: '2026-12-01' }),
      bea.post(path, { ...version, from: '2026-12-24' }),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual([303, 409])
    // Pressed twice, the first one's form ends as it did.
    const won = both[0]?.status === 303 ? '2026-12-01' : '2026-12-24'
    expect((await world.ana.post(path, { ...version, from: won })).status).toBe(303)
  })
})

test('the page is two exchanges with the database, saving three', async () => {
  const sent: string[] = []
  const database = connectTo(inject('shared'), { onQuery: (text) => sent.push(text) })
  const of = await organization({ database })
  await of.ana.get(path)
  sent.length = 0
  const page = await of.ana.get(path)
  expect([page.status, sent.length]).toEqual([200, 2])
  sent.length = 0
  expect((await of.ana.post(path, { ...hiddenIn(page.html), from: '2026-12-01' })).status).toBe(303)
  expect(sent).toHaveLength(3)
  await database.close()
})

describe('before the day', () => {
  test('a line above every screen of who lacks it says so, also where a swap takes the place of all of it', async () => {
    await require(world, world.here, '2026-12-01')
    const tess = await world.enter({ first: 'Tess', twoFactor: true })
    const line = 'Harbor Claims requires two-factor from Dec 1, 2026 on.'
    for (const [who, place] of [
      [world.mia, 'members/me'],
      [world.vera, 'members'],
      [world.vera, security],
    ] as const)
      expect((await who.get(place)).text).toContain(line)
    const whole = await world.mia.swap.get(security, { headers: { 'HX-Target': 'main#main' } })
    expect(whole.text).toContain(line)
    expect((await world.vera.swap.get('members')).text).not.toContain(line)
    expect((await tess.get('members/me')).text).not.toContain('requires two-factor')
    expect((await world.stella.get('members')).text).not.toContain('requires two-factor')
    // As soon as it is on, the line is gone.
    await enroll(world.mia, world.clock)
    expect((await world.mia.get('members/me')).text).not.toContain('requires two-factor')
  })

  test('turning it off is possible, and says what will come; from the day on it is refused, naming who requires it', async () => {
    const { mia, clock, here, db } = world
    await enroll(mia, clock)
    await require(world, here, '2026-11-23')
    expect((await mia.get(`${app}/off`)).text).toContain('Harbor Claims requires it from Nov 23, 2026 on')
    const account = { id: mia.person.accountId ?? '' }
    const confirm = () =>
      db.updateTable('session').set({ confirmed_at: clock.now }).where('account_id', '=', account.id).execute()
    clock.now = new Date('2026-11-23T00:00:00.000Z')
    await confirm()
    for (const answer of [
      await mia.get(`${app}/off`),
      await mia.post(`${app}/off`, { off: 'on' }),
      await mia.swap.post(`${app}/off`, { off: 'on' }),
    ]) {
      expect(answer.status).toBe(403)
      expect(answer.text).toContain('Harbor Claims requires two-factor, so it can’t be turned off')
    }
    expect((await mia.get(security)).html).not.toContain(`${app}/off`)
    // Replacing it goes on as ever.
    expect((await mia.post(app, { start: 'on' })).status).toBe(303)
    await require(world, here, null)
    expect((await mia.post(`${app}/off`, { off: 'on' })).status).toBe(303)
  })
})

describe('from the day on', () => {
  test('open sessions lead to enrolling with the first request after midnight UTC, on pages, swaps, downloads and forms', async () => {
    const { ana, mia, here, clock, db } = world
    await require(world, here, '2026-11-23')
    clock.now = new Date('2026-11-22T23:59:59.999Z')
    expect((await mia.get('members/me')).status).toBe(200)
    expect((await ana.get('members')).status).toBe(200)
    clock.pass(1)
    const before = await db.selectFrom('organization').selectAll().where('id', '=', here.id).executeTakeFirst()
    for (const place of [
      'members',
      'members.csv',
      'members.xlsx',
      'audit',
      path,
      '/',
      '/profile/sessions',
      app,
      '/confirm',
    ])
      expect([place, (await ana.get(place)).location]).toEqual([place, '/sign-in/enroll'])
    const swap = await ana.swap.get('members')
    expect([swap.html, swap.headers.get('hx-redirect')]).toEqual(['', '/sign-in/enroll'])
    for (const who of [ana, ana.swap]) {
      const sent = await who.post(path, { version: String(before?.version), from: '' })
      expect(sent.location ?? sent.headers.get('hx-redirect')).toBe('/sign-in/enroll')
    }
    expect(await db.selectFrom('organization').selectAll().where('id', '=', here.id).executeTakeFirst()).toEqual(before)
    const page = await mia.get('/sign-in/enroll')
    expect(page.text).toContain('Harbor Claims has required it since Nov 23, 2026')
    // Signing out stays possible.
    expect((await mia.post('/sign-out')).location).toBe('/sign-in')
    // Done by her who has just shown that it is she, who is where she was going.
    await db
      .updateTable('session')
      .set({ confirmed_at: clock.now })
      .where('account_id', '=', ana.person.accountId ?? '')
      .execute()
    await ana.get('members?q=mia')
    const { done } = await enroll(ana, clock, atSignIn)
    expect(done.location).toBe(ana.url('members?q=mia'))
    expect((await ana.get('members')).status).toBe(200)
  })

  test('one of two organizations is enough; where the place isn’t open it asks nothing', async () => {
    const { db, clock, here, stella } = world
    const more = await makeOrganization(db, 'Lantern Claims', clock.now)
    const place = await addPerson(db, more, clock.now, {
      first: 'Stella',
      email: `s.${here.id}@example.org`,
      accountId: stella.person.accountId ?? '',
    })
    await require(world, more, '2026-11-22')
    expect((await stella.get('members')).location).toBe('/sign-in/enroll')
    for (const closed of [
      { suspended_at: clock.now },
      { suspended_at: null, ends_on: '2026-11-21' },
      { ends_on: 'infinity', starts_on: '2026-11-23' },
      { starts_on: '-infinity', removed_at: clock.now, status: 'removed' },
    ]) {
      await db.updateTable('membership').set(closed).where('id', '=', place.id).execute()
      expect((await stella.get('members')).status).toBe(200)
    }
    await db.updateTable('membership').set({ removed_at: null, status: 'active' }).where('id', '=', place.id).execute()
    expect((await stella.get('members')).location).toBe('/sign-in/enroll')
    // Another’s exemption helps nobody; hers there does, on that day still.
    await exempt(world, here, world.mia.person, '2026-12-01')
    expect((await stella.get('members')).status).toBe(303)
    await exempt(world, more, place, '2026-11-22')
    expect((await stella.get('members')).status).toBe(200)
  })

  test('an exemption opens it again to who stands before the door, and is over by the clock alone', async () => {
    const { mia, clock, here } = world
    await require(world, here, '2026-11-22')
    expect((await mia.get('members/me')).location).toBe('/sign-in/enroll')
    await exempt(world, here, mia.person, '2026-11-22')
    expect((await mia.get('members/me')).text).toContain('requires two-factor from Nov 23, 2026 on')
    clock.now = new Date('2026-11-22T23:59:59.999Z')
    expect((await mia.get('members/me')).status).toBe(200)
    clock.pass(1)
    expect((await mia.get('members/me')).location).toBe('/sign-in/enroll')
  })

  test('signing in leads there, and no further until it is done; support staff without a place aren’t asked', async () => {
    const door = await atTheDoor()
    const { ana, clock, here } = door
    await require(door, here, '2026-11-22')
    const browser = door.browser()
    expect((await tryDoor(browser, ana.email, password)).location).toBe('/sign-in/enroll')
    expect(acts(await door.events(ana))).toContain('sign_in.enrollment_needed')
    expect(acts(await door.events(ana))).not.toContain('sign_in.succeeded')
    for (const place of ['members', security, app, codes, '/sign-in/two-factor'])
      expect((await browser.get(place)).location).toBe('/sign-in/enroll')
    await enroll(browser, clock, atSignIn)
    expect((await browser.get('members')).status).toBe(200)
    clock.pass(minutes(5))
    expect((await tryDoor(door.browser(), ana.email, password)).location).toBe('/sign-in/two-factor')
    const sam = await door.add({ first: 'Sam' })
    await door.db.updateTable('account').set({ is_support: true }).where('id', '=', sam.accountId).execute()
    await door.db
      .updateTable('membership')
      .set({ removed_at: clock.now, status: 'removed' })
      .where('id', '=', sam.id)
      .execute()
    expect((await tryDoor(door.browser(), sam.email, password)).location).toBe('/')
  })

  test('so does a first password, once another is chosen: the log tells of no sign-in before it is done', async () => {
    const door = await atTheDoor()
    await require(door, door.here, '2026-11-22')
    const given = await door.add({ first: 'Gita', password: firstPassword, mustChange: true })
    const browser = door.browser()
    expect((await tryDoor(browser, given.email, firstPassword)).location).toBe('/sign-in/new-password')
    const own = 'seven herons over the weir'
    const chosen = await browser.post('/sign-in/new-password', { password: own, password_again: own })
    expect(chosen.location).toBe('/sign-in/enroll')
    expect(acts(await door.events(given))).not.toContain('sign_in.succeeded')
    await enroll(browser, door.clock, atSignIn)
    expect(acts(await door.events(given)).filter((act) => act === 'sign_in.succeeded')).toHaveLength(1)
  })

  test('what was begun in one’s profile is gone on with at the door, and no page of the profile is a way around', async () => {
    const { mia, here, clock } = world
    await require(world, here, '2026-11-23')
    await mia.post(app, { start: 'on' })
    clock.pass(minutes(30))
    await world.db
      .updateTable('session')
      .set({ confirmed_at: clock.now })
      .where('account_id', '=', mia.person.accountId ?? '')
      .execute()
    expect((await mia.get('/sign-in/enroll')).html).toContain('class="secret"')
    for (const place of [app, codes]) {
      expect((await mia.get(place)).location).toBe('/sign-in/enroll')
      expect((await mia.post(place, { start: 'on' })).location).toBe('/sign-in/enroll')
    }
  })

  test('a session that is older than ten minutes gets no second factor without the password, whoever holds it (R-15)', async () => {
    const door = await atTheDoor()
    const { ana, clock, here } = door
    const old = await door.enter(ana)
    clock.pass(minutes(10))
    await require(door, here, '2026-11-22')
    const asked = await old.post(atSignIn.app, { start: 'on' })
    expect([asked.status, asked.text.includes('Confirm that it is you')]).toEqual([403, true])
    expect((await old.get(atSignIn.app)).html).not.toContain('class="secret"')
    const guessed = await old.post(atSignIn.app, { start: 'on', confirm_password: 'not hers' })
    expect([guessed.status, guessed.text.includes('This isn’t your password')]).toEqual([422, true])
    expect(
      await door.db.selectFrom('enrollment').selectAll().where('account_id', '=', ana.accountId).execute(),
    ).toEqual([])
    // She herself goes on under a new id, and takes the time that it takes.
    const begun = await old.post(atSignIn.app, { start: 'on', confirm_password: password })
    expect(begun).toMatchObject({ status: 303, location: atSignIn.app })
    clock.pass(minutes(15))
    expect((await old.get(atSignIn.app)).status).toBe(403)
    await old.post(atSignIn.app, { show: 'on', confirm_password: password })
    const page = (await old.get(atSignIn.app)).html
    const code = phone(secretOf(page), clock).code()
    const confirmed = await old.post(atSignIn.app, { code, enrollment: hiddenOf(page, 'enrollment') })
    expect(confirmed.location).toBe(atSignIn.codes)
    // What was begun is shown, tried and finished by nobody who took over her session since.
    clock.pass(minutes(10))
    for (const place of [atSignIn.app, atSignIn.codes, `${atSignIn.codes}.txt`])
      for (const who of [old, old.swap]) {
        const again = await who.get(place)
        expect([place, again.status]).toEqual([place, who === old ? 403 : 200])
        expect(again.text).toContain('Confirm that it is you')
        expect([codesIn(again.html), /[0-9A-Z]{5}-[0-9A-Z]{5}/.test(again.text)]).toEqual([[], false])
      }
    const enrollment = hiddenOf(page, 'enrollment')
    for (const fields of [{}, { enrollment }, { enrollment, saved: 'on' }] as Record<string, string>[]) {
      const again = await old.post(atSignIn.codes, fields)
      expect([again.status, codesIn(again.html)]).toEqual([403, []])
    }
    expect((await door.account(ana)).two_factor_at).toBeNull()
    // The page that stayed open is done with her answer, and so is she.
    const done = await old.post(atSignIn.codes, { enrollment, saved: 'on', confirm_password: password })
    expect([done.status, (await door.account(ana)).two_factor_at]).toEqual([303, clock.now])
    expect((await old.get('members')).status).toBe(200)
    // Whoever must enroll after a reset gave their password at the door just now.
    const ben = await door.add({ first: 'Ben' })
    await door.db.updateTable('account').set({ must_enroll: true }).where('id', '=', ben.accountId).execute()
    const fresh = door.browser()
    expect((await tryDoor(fresh, ben.email, password)).location).toBe('/sign-in/enroll')
    expect((await fresh.post(atSignIn.app, { start: 'on' })).status).toBe(303)
  })

  test('a secret that was begun at the door is shown again for ten minutes, then to whoever knows the password', async () => {
    const door = await atTheDoor()
    const { ana, clock, here } = door
    await require(door, here, '2026-11-22')
    const browser = door.browser()
    expect((await tryDoor(browser, ana.email, password)).location).toBe(atSignIn.app)
    await browser.post(atSignIn.app, { start: 'on' })
    const secret = secretOf((await browser.get(atSignIn.app)).html)
    expect(secret).toMatch(/^[A-Z2-7]{32}$/)
    clock.pass(minutes(10) - 1)
    const page = await browser.get(atSignIn.app)
    expect(secretOf(page.html)).toBe(secret)
    clock.pass(1)
    // Not by a wrong code either.
    const wrong = { code: '000000', enrollment: hiddenOf(page.html, 'enrollment') }
    for (const [kind, again] of [
      ['page', await browser.get(atSignIn.app)],
      ['swap', await browser.swap.get(atSignIn.app)],
      ['code', await browser.post(atSignIn.app, wrong)],
      ['code in a swap', await browser.swap.post(atSignIn.app, wrong)],
    ] as const) {
      expect([kind, again.text.includes('Confirm that it is you')]).toEqual([kind, true])
      expect([kind, secretOf(again.html), again.html.includes(secret)]).toEqual([kind, '', false])
    }
    const lynx = new Lynx(browser)
    await lynx.open(atSignIn.app)
    expect(lynx.page.html).toContain('<body class="door">')
    await lynx.press('Confirm', { confirm_password: 'not hers' })
    expect(lynx.page.text).toContain('This isn’t your password')
    await lynx.press('Confirm', { confirm_password: password })
    expect([lynx.address, secretOf(lynx.page.html)]).toEqual([atSignIn.app, secret])
    // Before anything is begun the page says why they are here, and asks with the button.
    const other = await door.add({ first: 'Olga' })
    const hers = await door.enter(other)
    clock.pass(minutes(10))
    expect((await hers.get(atSignIn.app)).text).toContain('Harbor Claims has required it')
    expect((await hers.get(atSignIn.codes)).location).toBe(atSignIn.app)
  })
})
