import { beforeEach, describe, expect, test } from 'vitest'
import { signLink } from '../../src/platform/links.ts'
import { act } from '../invitations/acting.ts'
import type { Browser } from '../support/browser.ts'
import { addPerson, makeCustomRole, makeGroup, makeRegion, organization, type Person } from '../support/world.ts'
import { chosen, type Invitation, invite, joinAnew, named, opening, type World } from './invited.ts'

let world: World
beforeEach(async () => {
  world = await organization()
})

const set = (person: Person, values: Record<string, unknown>) =>
  world.db.updateTable('membership').set(values).where('id', '=', person.id).execute()
const remove = (person: Person) => set(person, { status: 'removed', removed_at: world.clock.now })

async function expectReturned(inv: Invitation, link = inv.link()) {
  const { browser, answer } = await joinAnew(world, link)
  expect(answer).toMatchObject({ status: 303, location: '/join/waiting' })
  const page = await browser.get('/join/waiting')
  expect(page.text).toContain('must approve it once more')
  for (const word of ['Harbor', 'Ana', '@']) expect(page.text).not.toContain(word)
  expect(await inv.now()).toMatchObject({
    status: 'pending_approval',
    approval: 'waiting',
    generation: 2,
    expires_at: null,
    decided_by: null,
  })
  expect(await inv.person()).toMatchObject({ status: 'invited', invite: 'pending_approval', account_id: null })
  expect(await inv.account()).toBeUndefined()
  expect((await inv.events()).at(-1)).toBe('invitation.returned')
  expect((await opening(world, link)).page.status).toBe(410)
  expect((await opening(world, inv.link('mail', 2))).page.status).toBe(410)
}

describe('nobody who answers for it could still give what it offers: it waits for approval again', () => {
  const ends: [string, (ned: Person) => Promise<unknown>][] = [
    ['demoted', (ned) => set(ned, { organization_role: 'member' })],
    ['suspended', (ned) => set(ned, { status: 'suspended', suspended_at: world.clock.now })],
    ['removed', remove],
  ]
  test.each(ends)('its sender was %s', async (_, end) => {
    const ned = await world.add({ first: 'Ned', role: 'admin' })
    const inv = await invite(world, { by: ned.id, role: 'admin' })
    await end(ned)
    await expectReturned(inv)
    expect(await inv.letters()).toEqual([['approval_asked', world.ana.person.email]])
  })

  test('but its approver still could', async () => {
    const ned = await world.add({ first: 'Ned', role: 'admin' })
    const inv = await invite(world, { by: ned.id, role: 'admin', approver: world.ana.person.id })
    await remove(ned)
    expect((await joinAnew(world, inv.link())).answer.location).toBe(`/o/${world.here.slug}`)
    expect((await inv.person()).organization_role).toBe('admin')
    // The one who sent it isn’t here to be told.
    expect(await inv.letters()).toEqual([])
  })

  test('its approver may approve no longer, either', async () => {
    const [ned, pat] = [
      await world.add({ first: 'Ned', role: 'admin' }),
      await world.add({ first: 'Pat', role: 'admin' }),
    ]
    const inv = await invite(world, { by: ned.id, role: 'viewer', approver: pat.id })
    await remove(ned)
    await set(pat, { organization_role: 'viewer' })
    await expectReturned(inv)
  })

  test('the group gives more than its sender holds now', async () => {
    const ned = await world.add({ first: 'Ned', permissions: ['members.invite'] })
    const group = await makeGroup(world.db, world.here.id, 'Team')
    const inv = await invite(world, { by: ned.id, group })
    await world.db
      .insertInto('group_permission')
      .values({ organization_id: world.here.id, group_id: group, permission: 'claims.all' })
      .execute()
    await expectReturned(inv)
  })

  test('its group was deleted', async () => {
    const group = await makeGroup(world.db, world.here.id, 'Team')
    const inv = await invite(world, { group })
    await set({ id: inv.membership } as Person, { group_id: world.here.defaultGroup })
    await world.db.deleteFrom('member_group').where('id', '=', group).execute()
    const { page } = await opening(world, inv.link())
    expect(page.status).toBe(200)
    await expectReturned(inv)
  })

  test('what was typed wrong is told first, and nothing returns by opening it', async () => {
    const ned = await world.add({ first: 'Ned', role: 'admin' })
    const inv = await invite(world, { by: ned.id, role: 'admin' })
    await remove(ned)
    const { browser, page } = await opening(world, inv.link())
    expect(page.status).toBe(200)
    expect((await browser.post('/join', { ...chosen, first_name: '' })).status).toBe(422)
    expect((await inv.now()).status).toBe('pending_activation')
  })
})

test('a role, a region or an area that was deleted since is simply gone', async () => {
  const [lead, gone] = [
    await makeCustomRole(world.db, world.here.id, 'Lead', ['claims.view']),
    await makeCustomRole(world.db, world.here.id, 'Gone', ['claims.all']),
  ]
  const nordics = await makeRegion(world.db, world.here.id, 'Nordics', ['Oslo'])
  const alps = await makeRegion(world.db, world.here.id, 'Alps', ['Bern'])
  const inv = await invite(world, { customRoles: [lead, gone], region: nordics.id, area: nordics.areas[0] ?? null })
  const other = await invite(world, { region: alps.id, area: alps.areas[0] ?? null })
  await world.db.deleteFrom('custom_role').where('id', '=', gone).execute()
  await world.db.deleteFrom('region').where('id', '=', nordics.id).execute()
  await world.db
    .deleteFrom('area')
    .where('id', '=', alps.areas[0] ?? '')
    .execute()
  const { page } = await opening(world, inv.link())
  expect(page.text).toContain('Lead')
  expect(page.text).not.toContain('Gone')
  await joinAnew(world, inv.link())
  expect(await inv.person()).toMatchObject({ role_ids: [lead], region_id: null, area_id: null, status: 'active' })
  await joinAnew(world, other.link())
  expect(await other.person()).toMatchObject({ region_id: alps.id, area_id: null, status: 'active' })
})

describe('a copied link', () => {
  test('stops when its copier may invite no longer, also for reading it; the mailed one goes on', async () => {
    const cap = await world.add({ first: 'Cap', permissions: ['members.invite'] })
    const inv = await invite(world, { copier: cap.id })
    expect((await opening(world, inv.link('copy'))).page.status).toBe(200)
    const { browser } = await opening(world, inv.link('copy'))
    await world.db.deleteFrom('membership_permission').where('membership_id', '=', cap.id).execute()
    expect((await opening(world, inv.link('copy'))).page.status).toBe(410)
    expect((await browser.post('/join', chosen)).status).toBe(410)
    expect((await inv.now()).status).toBe('pending_activation')
    expect((await joinAnew(world, inv.link())).answer.status).toBe(303)
  })
  test('isn’t brought back by somebody else who copies it: each has a link of their own', async () => {
    const [cap, bea] = [
      await world.enter({ first: 'Cap', permissions: ['members.invite', 'invitations.view', 'members.view'] }),
      await world.enter({ first: 'Bea', role: 'admin' }),
    ]
    const inv = await invite(world)
    const copied = async (by: Browser) =>
      /\/join\/[\w.-]+/.exec((await act(by, { id: inv.id }, 'link')).html)?.[0] ?? ''
    const his = await copied(cap)
    expect((await opening(world, his)).page.status).toBe(200)
    expect(await copied(cap)).toBe(his)
    await world.db.deleteFrom('membership_permission').where('membership_id', '=', cap.person.id).execute()
    expect((await opening(world, his)).page.status).toBe(410)
    const hers = await copied(bea)
    expect(hers).not.toBe(his)
    expect((await opening(world, his)).page.status).toBe(410)
    expect((await opening(world, hers)).page.status).toBe(200)
    expect((await opening(world, inv.link())).page.status).toBe(200)
    await world.db
      .updateTable('membership')
      .set({ suspended_at: world.clock.now, status: 'suspended' })
      .where('id', '=', bea.person.id)
      .execute()
    expect((await opening(world, hers)).page.status).toBe(410)
    expect((await joinAnew(world, inv.link())).answer.status).toBe(303)
  })

  test('that doesn’t say who copied it opens nothing', async () => {
    const inv = await invite(world)
    const link = { kind: 'invitation', id: inv.id, generation: 1, channel: 'copy' } as const
    expect((await opening(world, `/join/${signLink(link, world.services.key)}`)).page.status).toBe(410)
  })

  test('and when its copier is gone', async () => {
    const cap = await world.add({ first: 'Cap', role: 'admin' })
    const inv = await invite(world, { copier: cap.id })
    await remove(cap)
    expect((await opening(world, inv.link('copy'))).page.status).toBe(410)
  })
  test('of a Group manager works for their own group alone', async () => {
    const inv = await invite(world, { by: world.gus.person.id, copier: world.gus.person.id, group: world.intake })
    expect((await opening(world, inv.link('copy'))).page.status).toBe(200)
    const other = await invite(world, { copier: world.gus.person.id })
    expect((await opening(world, other.link('copy'))).page.status).toBe(410)
  })
})

test('an existing account is told the same when it waits again', async () => {
  const ned = await world.add({ first: 'Ned', role: 'admin' })
  const person = await addPerson(world.db, world.elsewhere, world.clock.now, { first: 'Else' })
  const inv = await invite(world, { by: ned.id, role: 'admin', email: person.email })
  await remove(ned)
  const { signedIn } = await import('../support/world.ts')
  const { browser } = await opening(world, inv.link(), await signedIn(world, person, world.elsewhere))
  expect((await browser.post('/join', named)).location).toBe('/join/waiting')
})
