import { expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { atTheDoor, password } from '../sign-in/door.ts'
import { act, actOn, hiddenIn } from '../support/acts.ts'
import { addPerson, makeCustomRole, makeGroup, makeOrganization, minutes } from '../support/world.ts'

/** Ana signed in ten minutes ago; Bo is a member. */
async function anaInForLong() {
  const door = await atTheDoor()
  const bo = await door.add({ first: 'Bo' })
  const hers = await door.enter(door.ana)
  door.clock.pass(minutes(10))
  const roleOf = async (id: string) =>
    (
      await door.db
        .selectFrom('membership')
        .select('organization_role')
        .where('organization_id', '=', door.here.id)
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
    ).organization_role
  return { ...door, bo, hers, roleOf }
}

test('lists leave the organization only with whoever has just shown that it is they (R-15)', async () => {
  const { hers, here, enter, ana } = await anaInForLong()
  for (const name of ['members', 'invitations', 'audit', 'settings/usage'])
    for (const format of ['csv', 'xlsx']) {
      const file = `${name}.${format}`
      expect(await hers.get(file)).toMatchObject({ status: 303, location: '/confirm' })
      expect((await (await enter(ana)).get(file)).status).toBe(200)
    }
  // She is led on to the file, with its filters.
  const path = `/o/${here.slug}/members.csv?status=active`
  await hers.get(path)
  expect((await hers.get('/confirm')).html).toContain(`name="next" value="${path}"`)
  expect((await hers.post('/confirm', { confirm_password: password, next: path })).location).toBe(path)
  expect((await hers.get(path)).headers.get('content-type')).toContain('text/csv')
})

test('what somebody signs in with is changed by others only after that', async () => {
  const { hers, bo, account } = await anaInForLong()
  const before = await account(bo)
  for (const name of ['password', 'reset-link', 'account', 'sign-out']) {
    expect(await hers.get(actOn(bo, name))).toMatchObject({ status: 303, location: '/confirm' })
    const asked = await hers.post(actOn(bo, name), { version: '1' })
    expect(asked.status).toBe(403)
    expect(asked.html).toContain('<input type="hidden" name="version" value="1">')
  }
  expect(await account(bo)).toEqual(before)
  const done = await hers.post(actOn(bo, 'sign-out'), { version: '1', confirm_password: password })
  expect(done.status).toBe(303)
})

test('nobody becomes Admin before that; any other role is given as ever', async () => {
  const { hers, here, bo, roleOf } = await anaInForLong()
  const group = shortId(here.defaultGroup)
  expect((await act(hers, bo, 'access', { role: 'viewer', group })).status).toBe(303)
  expect(await roleOf(bo.id)).toBe('viewer')
  const page = await hers.get(actOn(bo, 'access'))
  const fields = { ...hiddenIn(page.html), role: 'admin', group }
  const asked = await hers.post(actOn(bo, 'access'), fields)
  expect(asked.status).toBe(403)
  expect(asked.html).toContain('<input type="hidden" name="role" value="admin">')
  expect(await roleOf(bo.id)).toBe('viewer')
  const swap = await hers.swap.post(actOn(bo, 'access'), fields)
  expect(swap.headers.get('hx-retarget')).toBe('#main')
  expect((await hers.post(actOn(bo, 'access'), { ...fields, confirm_password: password })).status).toBe(303)
  expect(await roleOf(bo.id)).toBe('admin')
})

test('nor is anybody invited as one', async () => {
  const { hers, here, db } = await anaInForLong()
  const invite = async (email: string, role: string, more = {}) => {
    const { html } = await hers.get('invitations/new')
    const fields = { first_name: '', last_name: '', role, group: shortId(here.defaultGroup), days: '7', message: '' }
    return hers.post('invitations/new', { ...hiddenIn(html), email, ...fields, ...more })
  }
  expect((await invite('vi@example.org', 'viewer')).status).toBe(303)
  expect((await invite('ad@example.org', 'admin')).status).toBe(403)
  const sent = () =>
    db.selectFrom('invitation').select('email').where('organization_id', '=', here.id).orderBy('email').execute()
  expect(await sent()).toEqual([{ email: 'vi@example.org' }])
  expect((await invite('ad@example.org', 'admin', { confirm_password: password })).status).toBe(303)
  expect(await sent()).toHaveLength(2)
})

test('nobody is removed before that, and nobody comes back as Admin; whoever was less comes back as ever', async () => {
  const { hers, bo, add, db, enter, ana, clock } = await anaInForLong()
  const ad = await add({ first: 'Ad', role: 'admin' })
  const out = async () =>
    (
      await db
        .selectFrom('membership')
        .select('id')
        .where('removed_at', 'is not', null)
        .where('id', 'in', [bo.id, ad.id])
        .execute()
    ).length
  expect(await hers.get(actOn(bo, 'remove'))).toMatchObject({ status: 303, location: '/confirm' })
  expect((await hers.post(actOn(bo, 'remove'), { version: '1', reason: '' })).status).toBe(403)
  expect(await out()).toBe(0)
  const now = await enter(ana)
  for (const one of [bo, ad]) expect((await act(now, one, 'remove', { reason: '' })).status).toBe(303)
  expect(await out()).toBe(2)
  clock.pass(minutes(10))
  expect((await act(now, bo, 'take-back')).status).toBe(303)
  const asked = await act(now, ad, 'take-back')
  expect([asked.status, await out()]).toEqual([403, 1])
  const fields = { ...hiddenIn(asked.html), confirm_password: password }
  expect((await now.post(actOn(ad, 'take-back'), fields)).status).toBe(303)
  expect(await out()).toBe(0)
})

test('another role or group, also by one that is deleted, ends it for whom it concerns, and for nobody else (R-14)', async () => {
  const door = await atTheDoor()
  const { here, db, add, enter, ana } = door
  const [crew, other] = [await makeGroup(db, here.id, 'Crew'), await makeGroup(db, here.id, 'Other')]
  const desk = await makeCustomRole(db, here.id, 'Desk')
  const people = {
    moved: await add({ first: 'Mo', group: crew }),
    holding: await add({ first: 'Ho', customRoles: [desk] }),
    raised: await add({ first: 'Ra' }),
    back: await add({ first: 'Ba' }),
    left: await add({ first: 'Le', group: other }),
  }
  const hers = await enter(ana)
  for (const one of Object.values(people)) await enter(one)
  const asked = async () => {
    const gone: string[] = []
    for (const [name, one] of Object.entries(people))
      if ((await door.sessions(one)).some(({ confirmed_at }) => confirmed_at === null)) gone.push(name)
    return gone
  }
  const press = async (path: string) => hers.post(path, hiddenIn((await hers.get(path)).html))
  expect((await press(`groups/${shortId(crew)}/delete`)).status).toBe(303)
  expect(await asked()).toEqual(['moved'])
  expect((await press(`roles/${shortId(desk)}/delete`)).status).toBe(303)
  expect(await asked()).toEqual(['moved', 'holding'])
  const viewer = { role: 'viewer', group: shortId(here.defaultGroup) }
  expect((await act(hers, people.raised, 'access', viewer)).status).toBe(303)
  expect(await asked()).toEqual(['moved', 'holding', 'raised'])
  const elsewhere = await makeOrganization(db, 'North Sea Adjusters', door.clock.now)
  await addPerson(db, elsewhere, door.clock.now, { accountId: people.back.accountId })
  await act(hers, people.back, 'remove', { reason: '' })
  expect((await act(hers, people.back, 'take-back')).status).toBe(303)
  expect(await asked()).toEqual(['moved', 'holding', 'raised', 'back'])
})
