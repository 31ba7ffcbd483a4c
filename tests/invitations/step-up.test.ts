import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { hashPassword } from '../../src/passwords/hash.ts'
import { shortId } from '../../src/platform/ids.ts'
import { password } from '../sign-in/door.ts'
import { actOn, hiddenIn } from '../support/acts.ts'
import { minutes, organization } from '../support/world.ts'
import { sam } from '../support-staff/sam.ts'
import { act, at } from './acting.ts'

/** Ana signed in a quarter of an hour ago, and has left her desk. */
async function anaAway() {
  const world = await organization()
  await world.db
    .updateTable('account')
    .set({ password_hash: await hashPassword(password) })
    .where('id', '=', world.ana.person.accountId ?? '')
    .execute()
  world.clock.pass(minutes(15))
  return world
}

test('whoever sits down at Ana’s browser makes nobody an Admin, at once or by an invitation; other choices ask for nothing (R-15)', async () => {
  const { ana, mia, here, db } = await anaAway()
  const group = shortId(here.defaultGroup)
  const terms = { days: '7', message: '' }
  const person = { key: randomUUID(), email: 'mallory@example.org', first_name: '', last_name: '' }
  const admin = { role: 'admin', group }
  expect((await ana.post('invitations/new', { ...person, ...terms, ...admin })).status).toBe(403)
  const list = { key: randomUUID(), addresses: 'mallory@example.org', ...terms }
  expect((await ana.post('invitations/new/several', { ...list, ...admin })).status).toBe(403)
  expect(await db.selectFrom('invitation').select('id').where('organization_id', '=', here.id).execute()).toEqual([])

  const path = actOn(mia.person, 'access')
  const { html } = await ana.get(path)
  const asked = await ana.post(path, { ...hiddenIn(html), ...admin })
  expect(asked.status).toBe(403)
  expect(asked.html).toContain('<input type="hidden" name="role" value="admin">')
  expect((await ana.post(path, { ...hiddenIn(html), role: 'developer', group })).status).toBe(303)
  const role = async () =>
    (await db.selectFrom('membership').select('organization_role').where('id', '=', mia.person.id).executeTakeFirst())
      ?.organization_role
  expect(await role()).toBe('developer')
  const now = { ...hiddenIn((await ana.get(path)).html), ...admin, confirm_password: password }
  expect((await ana.post(path, now)).status).toBe(303)
  expect(await role()).toBe('admin')
})

/** Two invitations from Bea, the other Admin, a moment before: one that offers Admin, one that offers Viewer. */
async function offersOfBea({ approval }: { approval: string }) {
  const world = await organization()
  const { db, here, enter, clock, ana } = world
  await db.updateTable('organization').set({ invitation_approval: approval }).where('id', '=', here.id).execute()
  await db
    .updateTable('account')
    .set({ password_hash: await hashPassword(password) })
    .where('id', '=', ana.person.accountId ?? '')
    .execute()
  clock.pass(minutes(15))
  const bea = await enter({ first: 'Bea', role: 'admin' })
  const invite = async (role: string) => {
    const email = `${role}@example.org`
    const terms = { days: '7', message: '', first_name: '', last_name: '', role, group: shortId(here.defaultGroup) }
    expect((await bea.post('invitations/new', { key: randomUUID(), email, ...terms })).status).toBe(303)
    return invitationTo(email)
  }
  const invitationTo = (email: string) =>
    db
      .selectFrom('invitation')
      .selectAll()
      .where('organization_id', '=', here.id)
      .where('email', '=', email)
      .executeTakeFirstOrThrow()
  return { ...world, invitationTo, admin: await invite('admin'), viewer: await invite('viewer') }
}

/** Asked of what offers Admin, and done with the password; of what offers less it is done at once. */
async function expectAsked(
  { ana, admin, viewer, invitationTo }: Awaited<ReturnType<typeof offersOfBea>>,
  name: string,
  { done, more = () => ({}) }: { done: number; more?: (of: { email: string }) => Record<string, string> },
) {
  const before = await invitationTo(admin.email)
  const asked = await act(ana, admin, name, more(admin))
  expect([name, asked.status, asked.text]).toEqual([name, 403, expect.stringContaining('Confirm that it is you')])
  expect(await invitationTo(admin.email)).toEqual(before)
  expect([name, (await act(ana, viewer, name, more(viewer))).status]).toEqual([name, done])
  const answer = await ana.post(at(admin, name), { ...hiddenIn(asked.html), confirm_password: password })
  expect([name, answer.status]).toEqual([name, done])
}

test.each([
  ['resend', { done: 303 }],
  ['link', { done: 200 }],
  ['address', { done: 303, more: ({ email }: { email: string }) => ({ email: `other.${email}`, days: '7' }) }],
] as const)(
  'an invitation that offers Admin is handed on (%s) only by whoever has just shown that it is they',
  async (name, how) => {
    const world = await offersOfBea({ approval: 'never' })
    await expectAsked(world, name, how)
  },
)

test('nor is one approved; denying makes nobody an Admin', async () => {
  const world = await offersOfBea({ approval: 'always' })
  await expectAsked(world, 'approve', { done: 303 })
  expect((await world.invitationTo('admin@example.org')).status).toBe('pending_activation')
  const other = await offersOfBea({ approval: 'always' })
  expect((await act(other.ana, other.admin, 'deny', { reason: 'No.' })).status).toBe(303)
})

test('whom an invitation isn’t for is told nothing of what it offers by the question', async () => {
  const world = await offersOfBea({ approval: 'never' })
  const forms = { resend: { days: '7' }, link: {}, address: { days: '7', email: 'gus@example.org' } }
  for (const [name, fields] of Object.entries(forms))
    for (const one of [world.admin, world.viewer])
      expect((await world.gus.post(at(one, name), { version: '1', ...fields })).status).toBe(404)
})

test('support staff are asked before they send one again', async () => {
  const world = await offersOfBea({ approval: 'never' })
  const { clock, admin, viewer, invitationTo } = world
  const staff = await sam(world)
  clock.pass(minutes(10))
  const send = async ({ id }: { id: string }) => {
    const path = `/support/invitations/${shortId(id)}/resend`
    return staff.post(path, { ...hiddenIn((await staff.get(path)).html), days: '7' })
  }
  expect((await send(admin)).status).toBe(403)
  expect((await send(viewer)).status).toBe(303)
  expect([(await invitationTo(admin.email)).generation, (await invitationTo(viewer.email)).generation]).toEqual([1, 2])
})

test('of a list that was checked with Admin chosen, and of Add user, the last press is asked about too, and the page with a password', async () => {
  const { ana, here, db, clock } = await offersOfBea({ approval: 'never' })
  const group = shortId(here.defaultGroup)
  const counted = async () =>
    (await db.selectFrom('membership').select('id').where('organization_id', '=', here.id).execute()).length
  const confirmed = { confirm_password: password }
  const terms = { days: '7', message: '', role: 'admin', group }
  const list = { key: randomUUID(), addresses: 'lou@example.org', ...terms }
  const draft = (await ana.post('invitations/new/several', { ...list, ...confirmed })).location ?? ''
  const { key = '' } = hiddenIn((await ana.get('members/new')).html)
  const user = ((await ana.post('members/new', { key, email: 'max@example.org' })).location ?? '').replace(/name$/, '')
  const contact = { first_name: 'Max', last_name: '', title: '', cell_phone: '', office_phone: '', extension: '' }
  await ana.post(`${user}name`, contact)
  await ana.post(`${user}how`, { how: 'now' })
  expect((await ana.post(`${user}access`, { role: 'admin', group })).location).toBe(`${user}confirm`)
  const before = await counted()
  const [checked, last] = [hiddenIn((await ana.get(draft)).html), hiddenIn((await ana.get(`${user}confirm`)).html)]

  clock.pass(minutes(10))
  expect((await ana.post(draft, checked)).status).toBe(403)
  expect(await ana.get(`${user}confirm`)).toMatchObject({ status: 303, location: '/confirm' })
  expect((await ana.get(`${user}access`)).status).toBe(200)
  const asked = await ana.post(`${user}confirm`, { ...last, how: 'link' })
  expect(asked.status).toBe(403)
  expect(await counted()).toBe(before)
  expect((await ana.post(`${user}confirm`, { ...hiddenIn(asked.html), ...confirmed })).location).toBe(`${user}done`)
  expect((await ana.post(draft, checked)).status).toBe(303)
  expect(await counted()).toBe(before + 2)
  clock.pass(minutes(10))
  // Nothing is left to confirm.
  expect(await ana.get(`${user}done`)).toMatchObject({ status: 200 })
})
