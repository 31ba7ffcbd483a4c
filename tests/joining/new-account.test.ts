import { beforeAll, expect, test } from 'vitest'
import { hiddenIn } from '../support/acts.ts'
import { Browser } from '../support/browser.ts'
import { Lynx } from '../support/lynx.ts'
import { makeCustomRole, makeRegion, organization } from '../support/world.ts'
import { chosen, invite, joinAnew, opening, password, signIn, type World } from './invited.ts'

let world: World
beforeAll(async () => {
  world = await organization()
})

test('Nora opens her mail, reads who invites her to what, chooses name and password, and is in', async () => {
  const lead = await makeCustomRole(world.db, world.here.id, 'Lead', ['claims.view'])
  const nordics = await makeRegion(world.db, world.here.id, 'Nordics', ['Oslo'])
  const nora = await invite(world, {
    group: world.intake,
    manages: true,
    customRoles: [lead],
    permissions: ['usage.view'],
    region: nordics.id,
    area: nordics.areas[0] ?? null,
    message: 'Welcome!\nSee you <b>Monday</b>',
  })
  const { browser, first, page } = await opening(world, nora.link())
  expect(first).toMatchObject({ status: 303, location: '/join' })
  expect(first.headers.get('referrer-policy')).toBe('no-referrer')
  expect(page.status).toBe(200)
  expect(page.headers.get('referrer-policy')).toBe('same-origin')
  for (const words of [
    'Join Harbor Claims',
    'Ana Admin invites you',
    nora.email,
    'Member',
    'Lead',
    'Intake, as Group manager',
    'Nordics, Oslo',
    'View usage',
    'Nov 29, 2026',
    'See you <b>Monday</b>',
  ])
    expect(page.text).toContain(words)
  expect(page.html).toContain('value="Nora"')
  expect(page.html).not.toMatch(/name="email"/)

  const answer = await browser.post('/join', { ...hiddenIn(page.html), ...chosen })
  expect(answer).toMatchObject({ status: 303, location: `/o/${world.here.slug}` })
  expect((await browser.get(answer.location ?? '')).status).toBe(303)
  expect(browser.cookies.has('device')).toBe(true)
  expect(browser.cookies.has('join')).toBe(false)

  const account = await nora.account()
  expect(account).toMatchObject({ email: nora.email, must_change_password: false, email_verified_at: world.clock.now })
  expect(await nora.person()).toMatchObject({
    account_id: account?.id,
    status: 'active',
    invite: 'active',
    invite_expires_at: null,
    first_name: 'Nora',
    last_name: 'New',
    sort_name: 'new\u0001nora',
    organization_role: 'member',
    group_id: world.intake,
    manages_group: true,
    role_ids: [lead],
    region_id: nordics.id,
    area_id: nordics.areas[0],
  })
  const of = (table: 'membership_role' | 'membership_permission') =>
    world.db.selectFrom(table).selectAll().where('membership_id', '=', nora.membership).execute()
  expect(await of('membership_role')).toMatchObject([{ role_id: lead }])
  expect(await of('membership_permission')).toMatchObject([{ permission: 'usage.view' }])
  expect(await nora.now()).toMatchObject({ status: 'active', accepted_at: world.clock.now })
  expect(await nora.events()).toEqual(['invitation.opened', 'invitation.accepted', 'membership.added'])
  expect(await nora.letters()).toEqual([['invitation_accepted', world.ana.person.email]])
  const told = await world.db
    .selectFrom('event')
    .select('act')
    .where('subject_id', '=', account?.id ?? '')
    .execute()
  expect(told.map(({ act }) => act)).toEqual(['account.created', 'sign_in.succeeded'])
  expect((await signIn(new Browser(world.app), nora.email, '/')).status).toBe(303)
})

test('what the invited row carried beside the offer is replaced by it', async () => {
  const nora = await invite(world, { permissions: ['claims.view'] })
  const organization_id = world.here.id
  const other = await makeCustomRole(world.db, organization_id, 'Other', ['claims.all'])
  await world.db
    .insertInto('membership_role')
    .values({ organization_id, membership_id: nora.membership, role_id: other })
    .execute()
  for (const permission of ['claims.all', 'claims.view'])
    await world.db
      .insertInto('membership_permission')
      .values({ organization_id, membership_id: nora.membership, permission })
      .execute()
  await joinAnew(world, nora.link())
  const held = await world.db
    .selectFrom('membership_permission')
    .select('permission')
    .where('membership_id', '=', nora.membership)
    .execute()
  expect(held).toEqual([{ permission: 'claims.view' }])
  const roles = await world.db
    .selectFrom('membership_role')
    .where('membership_id', '=', nora.membership)
    .selectAll()
    .execute()
  expect(roles).toEqual([])
})

test('a copied link makes an account whose address nobody has shown yet', async () => {
  const nora = await invite(world, { copier: world.ana.person.id })
  const { answer } = await joinAnew(world, nora.link('copy'))
  expect(answer.status).toBe(303)
  expect((await nora.account())?.email_verified_at).toBeNull()
})

test('who has one name leaves the last one empty', async () => {
  const nora = await invite(world)
  const { browser } = await opening(world, nora.link())
  expect((await browser.post('/join', { ...chosen, first_name: 'لیلا', last_name: '' })).status).toBe(303)
  const row = await world.db
    .selectFrom('membership')
    .select(['first_name', 'last_name'])
    .where('id', '=', nora.membership)
    .executeTakeFirst()
  expect(row).toEqual({ first_name: 'لیلا', last_name: '' })
})

test('what is wrong is told beside the fields, with the values kept; passwords are judged as everywhere', async () => {
  const nora = await invite(world)
  const { browser } = await opening(world, nora.link())
  const wrong = async (fields: Record<string, string>, words: string) => {
    const answer = await browser.post('/join', { ...chosen, ...fields })
    expect([answer.status, answer.text]).toEqual([422, expect.stringContaining(words)])
    return answer
  }
  const again = await wrong({ first_name: '', last_name: 'Kept' }, 'Enter your first name')
  expect(again.html).toContain('value="Kept"')
  const both = await wrong({ first_name: '', password: 'short', password_again: 'short' }, 'Enter your first name')
  expect(both.text).toContain('at least 15 characters')
  await wrong({ password: 'short', password_again: 'short' }, 'at least 15 characters')
  await wrong({ password_again: `${password}x` }, 'Enter the same password twice')
  const local = nora.email.slice(0, nora.email.indexOf('@'))
  await wrong({ password: `${local} and more`, password_again: `${local} and more` }, 'first part of your email')
  const house = 'long harbor claims words'
  await wrong({ password: house, password_again: house }, 'name of your organization')
  await wrong({ first_name: 'a'.repeat(101) }, 'at most 100')
  expect((await browser.post('/join', { ...chosen, email: 'other@example.org' })).status).toBe(400)
  expect((await browser.post('/join', { ...chosen, organization_role: 'admin' })).status).toBe(400)
  expect(await nora.account()).toBeUndefined()
  expect((await browser.post('/join', chosen)).status).toBe(303)
})

test('until then there is nobody to sign in as, and no password to reset (R-17)', async () => {
  const nora = await invite(world)
  expect((await signIn(new Browser(world.app), nora.email)).status).toBe(422)
  expect(await nora.account()).toBeUndefined()
  expect((await world.ana.get(`members/${nora.membership}/reset-link`)).status).toBe(403)
  expect((await world.ana.get(`members/${nora.membership}/password`)).status).toBe(403)
})

test('in lynx, from the mail to the first page', async () => {
  const nora = await invite(world)
  const lynx = new Lynx(new Browser(world.app))
  await lynx.open(nora.link())
  expect(lynx.address).toBe('/join')
  await lynx.press('Accept and join', chosen)
  expect(lynx.page.status).toBe(200)
  expect(lynx.address).toMatch(/\/members\/me$/)
})
