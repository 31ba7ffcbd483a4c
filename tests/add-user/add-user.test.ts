import { beforeAll, describe, expect, test } from 'vitest'
import { newId, shortId } from '../../src/platform/ids.ts'
import { limitKey, perNewAddress } from '../../src/platform/web/limits.ts'
import { act, hiddenIn } from '../support/acts.ts'
import { Browser } from '../support/browser.ts'
import { Lynx } from '../support/lynx.ts'
import { unique } from '../support/unique.ts'
import { hours, makeCustomRole, makeGroup, makeRegion, organization, signedIn } from '../support/world.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeAll(async () => {
  world = await organization()
})

type Fields = Record<string, string | string[]>
let number = 0
const someAddress = () => `new.${++number}.${unique()}@example.org`
const name = { first_name: 'Nimali', last_name: 'Wije', title: '', cell_phone: '', office_phone: '', extension: '' }
const access = () => ({ role: 'member', group: shortId(world.here.defaultGroup) })

/** Takes the first steps, as far as one asks for; gives where the draft is. */
async function drafted(
  browser: Browser,
  email: string,
  fields: { name?: Fields | null; how?: 'now' | 'invite'; access?: Fields | null } = {},
) {
  const { key = '' } = hiddenIn((await browser.get('members/new')).html)
  const { location } = await browser.post('members/new', { key, email })
  const at = location?.replace(/\/name$/, '') ?? ''
  if (fields.name === null) return at
  await browser.post(`${at}/name`, { ...name, ...fields.name })
  await browser.post(`${at}/how`, { how: fields.how ?? 'now' })
  if (fields.access !== null) await browser.post(`${at}/access`, { ...access(), ...fields.access })
  return at
}
/** Opens the last step, and gives what presses its button. */
const ready = async (browser: Browser, at: string, fields: Fields = { how: 'link' }) => {
  const { key = newId(), version = '1' } = hiddenIn((await browser.get(`${at}/confirm`)).html)
  return () => browser.post(`${at}/confirm`, { key, version, ...fields })
}
const confirm = async (browser: Browser, at: string, fields?: Fields) => (await ready(browser, at, fields))()
const personOf = async (email: string) =>
  world.db
    .selectFrom('membership as m')
    .leftJoin('account as a', 'a.id', 'm.account_id')
    .where('m.organization_id', '=', world.here.id)
    .where('m.email_key', '=', email)
    .selectAll('a')
    .selectAll('m')
    .execute()
const accountsOf = (email: string) =>
  world.db.selectFrom('account').select('id').where('email_key', '=', email).execute()

test('Ana adds somebody step by step; nothing is there before Confirm, and the link lets them choose a password', async () => {
  const { ana, db, here } = world
  const email = someAddress()
  const region = await makeRegion(db, here.id, 'Nordics', ['Coast'])
  const role = await makeCustomRole(db, here.id, 'Desk lead', ['claims.view'])
  const lynx = new Lynx(ana)
  await lynx.open(ana.url('members'))
  await lynx.follow('Add user')
  await lynx.press('Continue', { email: email.toUpperCase() })
  await lynx.press('Continue', { ...name, title: 'Surveyor' })
  await lynx.press('Continue', { how: 'now' })
  await lynx.press('Continue', {
    role: 'member',
    group: shortId(world.intake),
    group_manager: ['on'],
    custom_role: [shortId(role)],
    permission: ['claims.edit'],
    region: shortId(region.id),
    area: shortId(region.areas[0] ?? ''),
  })
  expect(lynx.page.text).toContain('Role Member: No rights of its own Group Intake')
  expect(lynx.page.text).toContain('Custom roles Desk lead Region Nordics Area Coast Permissions Edit claims')
  expect(await accountsOf(email)).toEqual([])

  // Going back keeps what was typed.
  await lynx.follow('Change email')
  expect(lynx.page.html).toContain(`value="${email.toUpperCase()}"`)
  await lynx.press('Continue', { email })
  expect(lynx.page.html).toContain('value="Surveyor"')
  await lynx.press('Continue')
  expect(lynx.page.html).toMatch(/value="now"[^>]* checked/)
  await lynx.press('Continue')
  expect(lynx.page.html).toMatch(/name="permission" value="claims.edit" checked/)
  await lynx.press('Continue')
  expect(await personOf(email)).toEqual([])
  await lynx.press('Add user', { how: 'link' })
  expect(lynx.page.text).toContain('Nimali Wije is a member of Harbor Claims now')
  const [person] = await personOf(email)
  expect(person).toMatchObject({
    status: 'active',
    invite: '',
    title: 'Surveyor',
    organization_role: 'member',
    group_id: world.intake,
    manages_group: true,
    region_id: region.id,
    area_id: region.areas[0],
    role_ids: [role],
    password_hash: null,
    email_verified_at: null,
  })
  const told = await db
    .selectFrom('event')
    .select(['act', 'changes', 'actor_id'])
    .where('subject_id', 'in', [person?.id ?? '', person?.account_id ?? ''])
    .where('organization_id', '=', here.id)
    .orderBy('act')
    .execute()
  expect(told).toEqual([
    { act: 'account.created', changes: {}, actor_id: ana.person.accountId },
    {
      act: 'membership.added',
      changes: {
        role: [null, 'member'],
        group: [null, world.intake],
        group_manager: [null, true],
        custom_role: [null, [role]],
        permission: [null, ['claims.edit']],
        region: [null, region.id],
        area: [null, region.areas[0]],
      },
      actor_id: ana.person.accountId,
    },
    { act: 'password.reset_link_made', changes: {}, actor_id: ana.person.accountId },
  ])

  const link = /data-copy[^>]*>\s*http:\/\/[^/]+(\/reset-password\/[^<\s]+)/.exec(lynx.page.html)?.[1] ?? ''
  const them = new Browser(world.app, `/o/${here.slug}`)
  const chosen = 'a long walk over the hills'
  expect((await them.post(link, { password: chosen, password_again: chosen })).status).toBe(303)
  await them.post('/sign-in', { login: email, password: chosen })
  expect((await them.get('members')).text).toContain('Nimali Wije')
  expect((await ana.get(lynx.address)).html).not.toContain('/reset-password/')
})

test('a generated password is shown once, lets them in once, and must be changed', async () => {
  const email = someAddress()
  const at = await drafted(world.ana, email)
  const press = await ready(world.ana, at, { how: 'generated' })
  const first = await press()
  expect([first.status, first.location]).toEqual([303, `${at}/done`])
  const page = await world.ana.get(first.location ?? '')
  const password = /<code[^>]*>\s*([0-9a-z]{20})\s*</.exec(page.html)?.[1] ?? ''
  expect(password).toMatch(/^[0-9a-hjkmnp-tv-z]{20}$/)
  expect(JSON.stringify([...world.ana.cookies])).not.toContain(password)
  const again = await world.ana.get(`${at}/done`)
  expect([again.status, again.html.includes(password), /<code/.test(again.html)]).toEqual([200, false, false])
  // The button of a page that the browser kept, pressed a minute later.
  world.clock.pass(60_000)
  expect((await press()).location).toBe(`${at}/done`)
  expect((await world.ana.get(`${at}/done`)).html).not.toMatch(/<code/)

  const [person] = await personOf(email)
  expect(person?.password_expires_at?.getTime()).toBe((person?.created_at.getTime() ?? 0) + hours(72))
  const them = new Browser(world.app, `/o/${world.here.slug}`)
  expect((await them.post('/sign-in', { login: email, password })).location).toBe('/sign-in/new-password')
  const [draft] = await world.db
    .selectFrom('draft')
    .select('data')
    .where('result', '=', person?.id ?? '')
    .execute()
  expect(draft).toEqual({ data: {} })
})

test('a typed password keeps the rules, and is in no draft', async () => {
  const email = someAddress()
  const at = await drafted(world.ana, email)
  const wrong = await confirm(world.ana, at, { how: 'typed', password: 'short', password_again: 'short' })
  expect([wrong.status, wrong.html.includes('id="password-error"')]).toEqual([422, true])
  expect(wrong.html).toMatch(/value="typed" checked/)
  const two = { how: 'typed', password: 'a fine day for sailing', password_again: 'a fine day for walking' }
  expect((await confirm(world.ana, at, two)).text).toContain('Enter the same password twice')
  expect(await personOf(email)).toEqual([])
  const drafts = await world.db.selectFrom('draft').selectAll().where('organization_id', '=', world.here.id).execute()
  expect(JSON.stringify(drafts)).not.toContain('sailing')
  expect((await confirm(world.ana, at, { ...two, password_again: two.password })).status).toBe(303)
  expect((await world.ana.get(`${at}/done`)).text).toContain('It isn’t shown again')
  expect(await personOf(email)).toMatchObject([{ must_change_password: true }])
})

test('twenty Confirms at once add one person, each leads to the same page, and Back adds nobody (R-55)', async () => {
  const email = someAddress()
  const at = await drafted(world.ana, email)
  const { key = '', version = '' } = hiddenIn((await world.ana.get(`${at}/confirm`)).html)
  const all = await Promise.all(
    Array.from({ length: 20 }, () => world.ana.post(`${at}/confirm`, { key, version, how: 'generated' })),
  )
  expect(new Set(all.map(({ status, location }) => `${status} ${location}`))).toEqual(new Set([`303 ${at}/done`]))
  expect((await world.ana.get(`${at}/done`)).html).toMatch(/<code[^>]*>\s*[0-9a-z]{20}\s*</)
  expect([(await personOf(email)).length, (await accountsOf(email)).length]).toEqual([1, 1])
  for (const step of ['email', 'name', 'access', 'confirm', 'how', 'cases'])
    expect((await world.ana.get(`${at}/${step}`)).location).toBe(`${at}/done`)
  expect((await world.ana.post(`${at}/name`, name)).location).toBe(`${at}/done`)
  expect((await world.ana.get(`${at}/done`)).html).toMatch(/href="[^"]*\/members\/[\w-]{16}"/)
})

test('the first form, kept by the browser and sent again with another address, begins another user and says so', async () => {
  const key = newId()
  const first = (await world.ana.post('members/new', { key, email: someAddress() })).location?.replace(/\/name$/, '')
  await world.ana.post(`${first}/name`, name)
  await world.ana.post(`${first}/how`, { how: 'now' })
  await world.ana.post(`${first}/access`, access())
  expect((await confirm(world.ana, first ?? '')).status).toBe(303)
  const email = someAddress()
  const answer = await world.ana.post('members/new', { key, email })
  expect([answer.status, answer.text.includes('This form has added somebody already')]).toEqual([422, true])
  expect(answer.html).toContain(`value="${email}"`)
  const next = (await world.ana.post('members/new', { ...hiddenIn(answer.html), email })).location ?? ''
  expect((await world.ana.get(next)).text).toContain(email)
})

test('an address with something unseen in it, which looks like another one, is refused', async () => {
  for (const unseen of ['\u200b', '\u202e', '\u00ad', '\u0085']) {
    const answer = await world.ana.post('members/new', { key: newId(), email: `a${unseen}na@example.org` })
    expect([unseen, answer.status, answer.html.includes('id="email-error"')]).toEqual([unseen, 422, true])
  }
})

test('what was changed in another window is shown before anybody is added', async () => {
  const email = someAddress()
  const at = await drafted(world.ana, email)
  const { key = '', version = '' } = hiddenIn((await world.ana.get(`${at}/confirm`)).html)
  await world.ana.post(`${at}/access`, { ...access(), role: 'admin' })
  const answer = await world.ana.post(`${at}/confirm`, { key, version, how: 'generated' })
  expect([answer.status, answer.text.includes('Role Admin: Holds every permission')]).toEqual([409, true])
  expect(answer.html).toMatch(/value="generated" checked/)
  expect(await personOf(email)).toEqual([])
  expect((await world.ana.post(`${at}/confirm`, { ...hiddenIn(answer.html), how: 'generated' })).status).toBe(303)
})

test('of two Admins who add one address, one does; the other is told whom to look at', async () => {
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  const email = someAddress()
  const theirs = [await drafted(world.ana, email), await drafted(bea, email)]
  const buttons = await Promise.all([world.ana, bea].map((who, n) => ready(who, theirs[n] ?? '')))
  const both = await Promise.all(buttons.map((press) => press()))
  expect(both.map(({ status }) => status).sort()).toEqual([303, 422])
  const second = both.find(({ status }) => status === 422)
  expect(second?.text).toContain('Somebody with this address is a member already')
  expect(second?.text).toContain('Open Nimali Wije')
  expect(await personOf(email)).toHaveLength(1)
})

test('so of two organizations: the second is not told where', async () => {
  const email = someAddress()
  const here = await drafted(world.ana, email)
  const there = await world.stella.post('members/new', { key: newId(), email })
  const at = there.location?.replace(/\/name$/, '') ?? ''
  await world.stella.post(`${at}/name`, name)
  await world.stella.post(`${at}/how`, { how: 'now' })
  await world.stella.post(`${at}/access`, { role: 'member', group: shortId(world.elsewhere.defaultGroup) })
  const buttons = [await ready(world.ana, here), await ready(world.stella, at)]
  const both = await Promise.all(buttons.map((press) => press()))
  expect(both.map(({ status }) => status).sort()).toEqual([303, 422])
  expect(both.find(({ status }) => status === 422)?.text).toContain('This address can’t be added directly')
  expect(await accountsOf(email)).toHaveLength(1)
})

describe('an address that somebody has', () => {
  const typing = async (browser: Browser, email: string) =>
    browser.post('members/new', { key: newId(), email: ` ${email.toUpperCase()} ` })

  test('in another organization can’t be added: it ends in an invitation, and nothing is said of that', async () => {
    const { ana, stella } = world
    const at = (await typing(ana, stella.person.email)).location?.replace(/\/name$/, '') ?? ''
    await ana.post(`${at}/name`, name)
    const page = await ana.get(`${at}/how`)
    expect(page.text).toContain('This address can’t be added directly, so they get an invitation')
    expect(page.html).not.toMatch(/North Sea|Stella|value="now"/)
    const forced = await ana.post(`${at}/how`, { how: 'now' })
    expect([forced.status, forced.html.includes('id="how-error"')]).toEqual([422, true])
    await ana.post(`${at}/how`, { how: 'invite' })
    await ana.post(`${at}/access`, access())
    expect((await confirm(ana, at, { days: '7', message: '' })).status).toBe(303)
    const here = world.db.selectFrom('membership').select(['status', 'account_id'])
    const found = here.where('organization_id', '=', world.here.id).where('email_key', '=', stella.person.email)
    expect(await found.execute()).toEqual([{ status: 'invited', account_id: null }])
  })
  test('is found out for 200 addresses in an hour and no more, at the first step and when it is changed', async () => {
    const { db, clock, services } = world
    const bea = await world.enter({ first: 'Bea', role: 'admin' })
    const at = await drafted(bea, someAddress(), { name: null })
    const key = limitKey(services.key, perNewAddress, bea.person.accountId ?? '')
    await db.updateTable('try_count').set({ count: 198 }).where('key', '=', key).execute()
    expect((await typing(bea, world.mia.person.email)).status).toBe(422)
    expect((await bea.post(`${at}/email`, { email: world.mia.person.email })).status).toBe(422)
    for (const email of [world.stella.person.email, someAddress()])
      expect([(await typing(bea, email)).status, (await bea.post(`${at}/email`, { email })).status]).toEqual([429, 429])
    clock.pass(hours(1))
    const later = await signedIn(world, bea.person, world.here)
    expect((await typing(later, someAddress())).status).toBe(303)
    clock.pass(-hours(1))
  })
  test('here: a link to them, for those who see them', async () => {
    const answer = await typing(world.ana, world.mia.person.email)
    expect([answer.status, answer.text.includes('Open Mia Member')]).toEqual([422, true])
    const gus = await typing(world.gus, world.mia.person.email)
    expect([gus.status, /Mia/.test(gus.html)]).toEqual([422, false])
    const invited = await world.add({ first: 'Ivy', invited: true })
    expect((await typing(world.ana, invited.email)).text).toContain('has been invited already')
  })
  test('and was removed: they are taken back instead', async () => {
    const removed = await world.add({ first: 'Rae', removed: true })
    const answer = await typing(world.ana, removed.email)
    expect(answer.text).toContain('was removed. Take them back instead')
    expect(answer.html).toContain(`/members/${shortId(removed.id)}"`)
    world.clock.pass(hours(24 * 31))
    const late = await signedIn(world, world.ana.person, world.here)
    expect((await typing(late, removed.email)).status).toBe(303)
    world.clock.pass(-hours(24 * 31))
  })
})

describe('a draft is its owner’s', () => {
  test('somebody else’s, a foreign one, a missing one and a step that isn’t one are the same 404', async () => {
    const bea = await world.enter({ first: 'Bea', role: 'admin' })
    const at = await drafted(world.ana, someAddress())
    const missing = at.replace(/[^/]+$/, shortId(newId()))
    const foreign = (await world.stella.post('members/new', { key: newId(), email: someAddress() })).location ?? ''
    const asks: [Browser, string][] = [
      [bea, at],
      [world.stella, at],
      [world.ana, missing],
      [world.ana, foreign.replace(world.elsewhere.slug, world.here.slug).replace('/name', '')],
      [world.ana, at.replace(/[^/]+$/, 'abc')],
    ]
    const pages = new Set<string>()
    for (const [who, where] of asks)
      for (const step of ['name', 'confirm', 'done']) {
        const answer = await who.get(`${where}/${step}`)
        expect([answer.status, (await who.post(`${where}/name`, name)).status]).toEqual([404, 404])
        pages.add(/<main.*<\/main>/s.exec(answer.html)?.[0] ?? '')
      }
    expect(pages.size).toBe(1)
    for (const step of ['nothing', 'toString']) {
      expect((await world.ana.get(`${at}/${step}`)).status).toBe(404)
      expect((await world.ana.post(`${at}/${step}`, {})).status).toBe(404)
    }
  })
  test('a step comes after those before it', async () => {
    const at = await drafted(world.ana, someAddress(), { name: null })
    for (const step of ['how', 'access', 'confirm', 'done', 'cases'])
      expect((await world.ana.get(`${at}/${step}`)).location).toBe(`${at}/name`)
    expect((await world.ana.post(`${at}/confirm`, { key: newId(), version: '1', how: 'link' })).location).toBe(
      `${at}/name`,
    )
    const wrong = await world.ana.post(`${at}/name`, { ...name, first_name: ' ', last_name: 'x'.repeat(300) })
    expect([wrong.status, wrong.text.includes('Enter a first name')]).toEqual([422, true])
    expect(wrong.html).toContain('x'.repeat(300))
  })
})

describe('nobody gives what they don’t hold', () => {
  test('Kay may invite and edit claims: neither Admin nor a group, role or permission beyond that', async () => {
    const { db, here } = world
    const kay = await world.enter({ first: 'Kay', permissions: ['members.invite', 'claims.view'] })
    const above = await makeGroup(db, here.id, `Above ${newId()}`, ['claims.all'])
    const role = await makeCustomRole(db, here.id, `Above ${newId()}`, ['claims.all'])
    const email = someAddress()
    const at = await drafted(kay, email, { access: null })
    for (const [field, fields] of [
      ['role', { role: 'admin' }],
      ['group', { group: shortId(above) }],
      ['custom_role', { custom_role: [shortId(role)] }],
      ['permission', { permission: ['claims.view', 'audit.view'] }],
    ] as [string, Fields][]) {
      const answer = await kay.post(`${at}/access`, { ...access(), ...fields })
      expect([field, answer.status, answer.html.includes(`id="${field}-error"`)]).toEqual([field, 422, true])
    }
    expect((await kay.post(`${at}/access`, { ...access(), permission: ['claims.view'] })).location).toBe(
      `${at}/confirm`,
    )
    // What was right when it was chosen is judged again at Confirm.
    const press = await ready(kay, at)
    const loses = async (permission: string) => {
      const held = db.deleteFrom('membership_permission').where('organization_id', '=', here.id)
      await held.where('membership_id', '=', kay.person.id).where('permission', '=', permission).execute()
    }
    await loses('claims.view')
    const answer = await press()
    expect([answer.status, answer.text.includes('You don’t hold “View assigned claims” yourself')]).toEqual([422, true])
    await loses('members.invite')
    expect([(await press()).status, (await personOf(email)).length]).toEqual([403, 0])
  })
  test('nor is handed the link of somebody who has risen above them since', async () => {
    const kay = await world.enter({ first: 'Kay', permissions: ['members.invite'] })
    const email = someAddress()
    const at = await drafted(kay, email)
    await confirm(kay, at)
    expect((await kay.get(`${at}/done`)).html).toContain('/reset-password/')
    const [person] = await personOf(email)
    await act(world.ana, { id: person?.id ?? '' }, 'access', { ...access(), role: 'admin' })
    const later = await kay.get(`${at}/done`)
    expect([later.status, later.html.includes('/reset-password/')]).toEqual([200, false])
  })
  test('Gus adds Members of his own group, and chooses nothing else', async () => {
    const email = someAddress()
    const at = await drafted(world.gus, email, { access: null })
    expect((await world.gus.get(`${at}/access`)).location).toBe(`${at}/confirm`)
    expect((await world.gus.post(`${at}/access`, { ...access(), role: 'admin' })).location).toBe(`${at}/confirm`)
    const page = await world.gus.get(`${at}/confirm`)
    expect(page.text).toContain('Add user, step 4 of 4')
    expect(page.text).toContain('Group Intake')
    expect((await confirm(world.gus, at)).status).toBe(303)
    expect(await personOf(email)).toMatchObject([
      { organization_role: 'member', group_id: world.intake, manages_group: false, role_ids: [] },
    ])
  })
  test('who may not invite has no link and is refused', async () => {
    for (const who of [world.vera, world.mia]) expect((await who.get('members/new')).status).toBe(403)
    expect((await world.vera.get('members')).html).not.toContain('members/new')
    for (const who of [world.ana, world.gus]) expect((await who.get('members')).html).toContain('members/new')
  })
})

test('a group, role or area that went meanwhile is said beside what was chosen, and the rest is kept', async () => {
  const { ana, db, here } = world
  const email = someAddress()
  const group = await makeGroup(db, here.id, `Short-lived ${newId()}`)
  const role = await makeCustomRole(db, here.id, `Short-lived ${newId()}`)
  const region = await makeRegion(db, here.id, `Short-lived ${newId()}`)
  const at = await drafted(ana, email, {
    access: {
      group: shortId(group),
      custom_role: [shortId(role)],
      region: shortId(region.id),
      permission: ['claims.view'],
    },
  })
  for (const [table, id] of [
    ['member_group', group],
    ['custom_role', role],
    ['region', region.id],
  ] as const)
    await db.deleteFrom(table).where('organization_id', '=', here.id).where('id', '=', id).execute()
  const answer = await confirm(ana, at)
  expect([answer.status, answer.text.includes('This group isn’t there anymore')]).toEqual([422, true])
  expect(answer.text).toContain('Choose one of these regions')
  expect(answer.text).toContain('Permissions View assigned claims')
  const again = await ana.post(`${at}/access`, {
    ...access(),
    custom_role: [shortId(role)],
    permission: ['claims.view'],
  })
  expect([again.status, again.html.includes('id="custom_role-error"')]).toEqual([422, true])
  expect(again.html).toMatch(/value="claims.view" checked/)
  expect((await ana.post(`${at}/access`, access())).status).toBe(303)
  expect((await confirm(ana, at)).status).toBe(303)
})

test('names as people have them, and as they try them', async () => {
  const email = `zoë.${someAddress()}`
  const at = await drafted(world.ana, email, {
    name: { first_name: '<b>عائشة</b>\u202e', last_name: 'O’Brien & \u0301' },
  })
  const page = await world.ana.get(`${at}/confirm`)
  expect(page.html).toContain('&lt;b&gt;عائشة&lt;/b&gt;')
  expect(page.html).not.toContain('\u202e')
  expect((await confirm(world.ana, at)).status).toBe(303)
  expect(world.log).toEqual([])
})

describe('Add user that ends in an invitation', () => {
  const invitationsOf = (email: string) =>
    world.db
      .selectFrom('invitation')
      .selectAll()
      .where('organization_id', '=', world.here.id)
      .where('email_key', '=', email)
      .execute()

  test('asks for no password, sends one letter, and leads to the invitation', async () => {
    const { ana, db } = world
    const email = someAddress()
    const at = await drafted(ana, email, { how: 'invite', name: { title: 'Surveyor' }, access: { role: 'viewer' } })
    const page = await ana.get(`${at}/confirm`)
    expect(page.html).not.toContain('type="password"')
    expect(page.text).toContain('How Send an invitation')
    const press = await ready(ana, at, { days: '3', message: 'Hello\nthere' })
    const all = await Promise.all(Array.from({ length: 20 }, press))
    expect(new Set(all.map(({ status, location }) => `${status} ${location}`))).toEqual(new Set([`303 ${at}/done`]))
    const [invitation, ...others] = await invitationsOf(email)
    expect(others).toEqual([])
    expect(invitation).toMatchObject({
      organization_role: 'viewer',
      valid_days: 3,
      message: 'Hello\nthere',
      status: 'pending_activation',
    })
    expect((await ana.get(`${at}/done`)).location).toBe(ana.url(`invitations/${shortId(invitation?.id ?? '')}`))
    expect(await personOf(email)).toMatchObject([{ status: 'invited', title: 'Surveyor', organization_role: 'viewer' }])
    expect(await accountsOf(email)).toEqual([])
    const mails = await db.selectFrom('mail').select('template').where('to_address', '=', email).execute()
    expect(mails).toEqual([{ template: 'invitation' }])
    const [draft] = await db
      .selectFrom('draft')
      .select('data')
      .where('result', '=', invitation?.membership_id ?? '')
      .execute()
    expect(draft).toEqual({ data: { invited: world.here.defaultGroup } })
  })
  test('tells what is wrong with it, and sends nothing', async () => {
    const email = someAddress()
    const at = await drafted(world.ana, email, { how: 'invite' })
    for (const [field, fields] of [
      ['days', { days: '99', message: '' }],
      ['days', { message: '' }],
      ['message', { days: '7', message: 'x'.repeat(501) }],
    ] as [string, Fields][]) {
      const answer = await confirm(world.ana, at, fields)
      expect([field, answer.status, answer.html.includes(`id="${field}-error"`)]).toEqual([field, 422, true])
    }
    expect(await invitationsOf(email)).toEqual([])
  })
  test('Gus invites into his own group', async () => {
    const email = someAddress()
    const at = await drafted(world.gus, email, { how: 'invite', access: null })
    expect((await confirm(world.gus, at, { days: '7', message: '' })).status).toBe(303)
    expect(await personOf(email)).toMatchObject([{ status: 'invited', group_id: world.intake }])
  })
})

test('a draft that is left for a day says so, and adds nobody', async () => {
  const email = someAddress()
  const at = await drafted(world.ana, email)
  world.clock.pass(hours(24))
  const later = await signedIn(world, world.ana.person, world.here)
  for (const answer of [
    await later.get(`${at}/confirm`),
    await later.post(`${at}/confirm`, { key: newId(), version: '3', how: 'link' }),
  ])
    expect([answer.status, answer.text.includes('nobody was added')]).toEqual([410, true])
  expect(await personOf(email)).toEqual([])
})

describe('what holds for inviting isn’t passed by adding', () => {
  let strict: typeof world
  beforeAll(async () => {
    strict = await organization()
  })
  const set = (values: { allowed_domains?: string[]; invitation_approval?: string }) =>
    strict.db.updateTable('organization').set(values).where('id', '=', strict.here.id).execute()
  const start = async (browser: Browser, email: string) => {
    const { key = '' } = hiddenIn((await browser.get('members/new')).html)
    return browser.post('members/new', { key, email })
  }
  const place = () => ({ role: 'member', group: shortId(strict.here.defaultGroup) })

  test('an address of another domain is told at once, and at Confirm where that was decided meanwhile', async () => {
    const email = someAddress()
    const at = await drafted(strict.ana, email, { access: place() })
    await set({ allowed_domains: ['harbor.example'] })
    const answer = await confirm(strict.ana, at)
    expect([answer.status, answer.text.includes('Only addresses of harbor.example')]).toEqual([422, true])
    expect(await accountsOf(email)).toEqual([])
    const first = await start(strict.ana, someAddress())
    expect([first.status, first.text.includes('Only addresses of harbor.example')]).toEqual([422, true])
    const changed = await strict.ana.post(`${at}/email`, { email: someAddress() })
    expect(changed.status).toBe(422)
    expect((await start(strict.ana, `new.${unique()}@harbor.example`)).status).toBe(303)
    await set({ allowed_domains: [] })
  })

  test.each([
    ['always', 'ana'],
    ['unless_admin', 'gus'],
  ] as const)('where approval is needed, %s, %s sends an invitation instead', async (invitation_approval, who) => {
    const email = someAddress()
    const browser = strict[who]
    const at = await drafted(browser, email, who === 'ana' ? { access: place() } : { access: null })
    await set({ invitation_approval })
    const answer = await confirm(browser, at)
    expect([answer.status, answer.text.includes('needs somebody’s approval')]).toEqual([422, true])
    const step = await browser.get(`${at}/how`)
    expect(step.html).not.toContain('value="now"')
    expect((await browser.post(`${at}/how`, { how: 'now' })).status).toBe(422)
    expect(await accountsOf(email)).toEqual([])
    await set({ invitation_approval: 'never' })
    expect((await confirm(browser, at)).status).toBe(303)
  })

  test('an Admin adds where only others need approval', async () => {
    await set({ invitation_approval: 'unless_admin' })
    const email = someAddress()
    expect((await confirm(strict.ana, await drafted(strict.ana, email, { access: place() }))).status).toBe(303)
    expect(await accountsOf(email)).toHaveLength(1)
    await set({ invitation_approval: 'never' })
  })
})
