import { beforeEach, expect, test } from 'vitest'
import { newId, shortId } from '../../src/platform/ids.ts'
import { act, actOn as at, hiddenIn } from '../support/acts.ts'
import { helper, signInWith } from '../support/given.ts'
import {
  addPerson,
  days,
  makeCustomRole,
  makeGroup,
  makeOrganization,
  organization,
  type Person,
  signedIn,
} from '../support/world.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeEach(async () => {
  world = await organization()
})

const rowOf = (person: Person) =>
  world.db.selectFrom('membership').selectAll().where('id', '=', person.id).executeTakeFirstOrThrow()
const eventsOf = (person: Person) =>
  world.db
    .selectFrom('event')
    .select(['act', 'actor_id', 'changes'])
    .where('subject_id', '=', person.id)
    .orderBy('id')
    .execute()
const sessionsOf = async ({ accountId }: Person) =>
  (
    await world.db
      .selectFrom('session')
      .select('id_hash')
      .where('account_id', '=', accountId ?? '')
      .execute()
  ).length
const canSignIn = (...people: Person[]) =>
  world.db
    .updateTable('account')
    .set({ password_hash: 'not looked at here' })
    .where(
      'id',
      'in',
      people.map(({ accountId }) => accountId ?? ''),
    )
    .execute()

test('a stranger from another organization gets the same 404 as for nobody, and removes nobody', async () => {
  for (const name of ['remove', 'take-back'])
    for (const ask of [
      world.stella.get(at(world.mia.person, name)),
      world.stella.get(`/o/${world.elsewhere.slug}/${at(world.mia.person, name)}`),
      world.stella.post(at(world.mia.person, name), { version: '1' }),
      world.stella.post(`/o/${world.elsewhere.slug}/${at(world.mia.person, name)}`, { version: '1' }),
    ])
      expect((await ask).status).toBe(404)
  expect((await rowOf(world.mia.person)).status).toBe('active')
})

test('before Gus is removed the page says in numbers what will change', async () => {
  const { ana, gus, here, db, clock } = world
  await signedIn(world, gus.person, here)
  for (const [status, expires_at] of [
    ['pending_approval', null],
    ['pending_activation', new Date(clock.now.getTime() + 1)],
    ['pending_activation', clock.now],
    ['revoked', null],
  ] as const) {
    const invited = await world.add({ first: 'Ina', invited: true })
    await db
      .insertInto('invitation')
      .values({
        id: newId(),
        organization_id: here.id,
        membership_id: invited.id,
        email: invited.email,
        email_key: invited.email,
        organization_role: 'member',
        status,
        expires_at,
        invited_by: gus.person.id,
        created_at: clock.now,
      })
      .execute()
  }
  const { text } = await ana.get(at(gus.person, 'remove'))
  expect(text).toContain('Sessions that end 2')
  expect(text).toContain('Groups left without a manager 1 ( Intake )')
  expect(text).toContain('Open invitations they sent 2 (1 goes back to approval')
  expect(text).toContain('Seats freed 1')
  expect(await rowOf(gus.person)).toMatchObject({ status: 'active', manages_group: true })

  await world.add({ first: 'Gil', group: world.intake, manages: true })
  await addPerson(db, world.elsewhere, clock.now, { accountId: gus.person.accountId ?? '' })
  const other = await ana.get(at(gus.person, 'remove'))
  expect(other.text).toContain('Sessions that end 0 (they are a member elsewhere too)')
  expect(other.text).toContain('Groups left without a manager 0')
})

test('Mia is removed: 404 on her next request, signed out, told by a letter; the panel says by whom and why', async () => {
  const { ana, mia } = world
  const answer = await act(ana, mia.person, 'remove', { reason: ' Moved  on ' })
  expect([answer.status, answer.location]).toEqual([303, `/o/${world.here.slug}/members/${shortId(mia.person.id)}`])
  expect((await mia.get('members/me')).location).toBe('/sign-in')
  expect(await sessionsOf(mia.person)).toBe(0)
  expect(await rowOf(mia.person)).toMatchObject({
    status: 'removed',
    removed_at: world.clock.now,
    removed_by: ana.person.id,
    removed_reason: 'Moved on',
    version: 2,
  })
  expect(await eventsOf(mia.person)).toEqual([
    { act: 'membership.removed', actor_id: ana.person.accountId, changes: { status: ['active', 'removed'] } },
  ])
  const letters = await world.db
    .selectFrom('mail')
    .select(['template', 'data'])
    .where('to_address', '=', mia.person.email)
    .execute()
  expect(letters).toEqual([{ template: 'membership_removed', data: { membership_id: mia.person.id } }])

  expect((await ana.get('members')).html).not.toContain('>Mia<')
  expect((await ana.get('members?status=removed')).html).toContain('>Mia<')
  const panel = await ana.get(`members/${shortId(mia.person.id)}`)
  expect(panel.text).toContain('by Ana Admin')
  expect(panel.text).toContain('Moved on')
  expect(panel.html).toContain('>Take back<')
  for (const name of ['remove', 'suspend', 'password', 'sign-out', 'reset-link'])
    expect(panel.html).not.toContain(`${shortId(mia.person.id)}/${name}`)
  expect((await ana.post(at(mia.person, 'remove'), { version: '2' })).status).toBe(403)
})

test('whoever is a member elsewhere too stays signed in there, and gets the same 404 here as a stranger', async () => {
  const { ana, mia, db, clock } = world
  await addPerson(db, world.elsewhere, clock.now, { accountId: mia.person.accountId ?? '', role: 'viewer' })
  await act(ana, mia.person, 'remove')
  expect((await mia.get('members/me')).status).toBe(404)
  expect((await mia.get(`/o/${world.elsewhere.slug}/members/me`)).status).toBe(200)
})

test('of two organizations that let somebody go at the same moment the last one ends the sessions', async () => {
  const { ana, stella, db, clock } = world
  for (let round = 0; round < 10; round++) {
    const pat = await world.enter({ first: 'Pat' })
    const there = await addPerson(db, world.elsewhere, clock.now, { accountId: pat.person.accountId ?? '' })
    const answers = await Promise.all([
      ana.post(at(pat.person, 'remove'), { version: '1' }),
      stella.post(at(there, 'remove'), { version: '1' }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([303, 303])
    expect(await sessionsOf(pat.person)).toBe(0)
  }
})

test('nobody removes themselves, who was only invited, or who holds what they lack; others remove nobody at all', async () => {
  const { ana, vera, dev, gus, mia, ian } = world
  const self = await ana.post(at(ana.person, 'remove'), { version: '1' })
  expect([self.status, self.text]).toEqual([403, expect.stringContaining('can’t remove yourself')])
  const invited = await world.add({ first: 'Ina', invited: true })
  const early = await ana.post(at(invited, 'remove'), { version: '1' })
  expect([early.status, early.text]).toEqual([403, expect.stringContaining('haven’t joined')])
  const remover = await world.enter({ first: 'Rex', permissions: ['members.view', 'members.remove'] })
  expect((await remover.post(at(ana.person, 'remove'), { version: '1' })).status).toBe(403)
  for (const browser of [vera, dev, gus, mia])
    for (const name of ['remove', 'take-back'])
      for (const ask of [browser.get(at(ian.person, name)), browser.post(at(ian.person, name), { version: '1' })])
        expect((await ask).status).toBe(403)
  expect((await remover.post(at(ian.person, 'remove'), { version: '1' })).status).toBe(303)
  expect((await rowOf(ana.person)).status).toBe('active')
})

test('the last Admin who can sign in stays; a reason too long or a field of somebody’s own changes nothing', async () => {
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  const answer = await act(bea, world.ana.person, 'remove')
  expect([answer.status, answer.html]).toEqual([422, expect.stringContaining('the last Admin who can sign in')])
  const long = await act(bea, world.mia.person, 'remove', { reason: 'é'.repeat(201) })
  expect([long.status, long.html]).toEqual([422, expect.stringContaining('id="reason-error"')])
  for (const field of ['removed_at', 'status', 'removed_by'])
    expect((await bea.post(at(world.mia.person, 'remove'), { version: '1', [field]: 'x' })).status).toBe(400)
  for (const person of [world.ana.person, world.mia.person])
    expect(await rowOf(person)).toMatchObject({ status: 'active', version: 1 })
  expect((await act(bea, world.mia.person, 'remove', { reason: 'é'.repeat(200) })).status).toBe(303)
})

test('of two tabs the second is told that somebody changed it', async () => {
  const { ana, mia } = world
  const hidden = hiddenIn((await ana.get(at(mia.person, 'remove'))).html)
  await act(ana, mia.person, 'suspend')
  expect((await ana.post(at(mia.person, 'remove'), hidden)).status).toBe(409)
  expect((await rowOf(mia.person)).status).toBe('suspended')
})

test('two Admins remove each other at the same moment: never an organization without one, in 100 rounds', async () => {
  const { db, clock } = world
  for (let round = 0; round < 100; round++) {
    const here = await makeOrganization(db, 'Round', clock.now)
    const people = [
      await addPerson(db, here, clock.now, { first: 'One', role: 'admin' }),
      await addPerson(db, here, clock.now, { first: 'Two', role: 'admin' }),
    ] as const
    await canSignIn(...people)
    const [one, two] = [await signedIn(world, people[0], here), await signedIn(world, people[1], here)]
    const answers = await Promise.all([
      one.post(at(people[1], 'remove'), { version: '1' }),
      two.post(at(people[0], 'remove'), { version: '1' }),
    ])
    const left = await db
      .selectFrom('membership')
      .select('id')
      .where('organization_id', '=', here.id)
      .where('status', '=', 'active')
      .execute()
    expect(left).toHaveLength(1)
    // The other one has nowhere to sign in to anymore, or lost to who was there first.
    expect(answers.filter(({ location }) => location?.includes('/members/'))).toHaveLength(1)
  }
}, 120_000)

test('what Bea had sent when she was removed decides nothing after it', async () => {
  const { ana, db } = world
  for (let round = 0; round < 20; round++) {
    const bea = await world.enter({ first: 'Bea', role: 'admin' })
    await canSignIn(ana.person, bea.person)
    const pat = await world.add({ first: 'Pat' })
    const [removed, hers] = await Promise.all([
      ana.post(at(bea.person, 'remove'), { version: '1' }),
      bea.post(at(pat, 'suspend'), { version: '1' }),
    ])
    expect(removed.status).toBe(303)
    const did = hers.location?.includes('/members/') === true
    expect((await rowOf(pat)).status).toBe(did ? 'suspended' : 'active')
    const order = await db
      .selectFrom('event')
      .select(['act', 'actor_id'])
      .where('subject_id', 'in', [bea.person.id, pat.id])
      .orderBy('id')
      .execute()
    if (!did) expect(order.map((one) => one.act)).toEqual(['membership.removed'])
    else expect(order.map((one) => one.act).sort()).toEqual(['membership.removed', 'membership.suspended'])
    expect((await bea.post(at(pat, did ? 'reactivate' : 'suspend'), { version: did ? '2' : '1' })).location).toBe(
      '/sign-in',
    )
  }
})

test('Mia is taken back within 30 days with what she held, and the group’s manager without the mark', async () => {
  const { ana, here, db } = world
  const role = await makeCustomRole(db, here.id, 'Auditors', ['audit.view'])
  const mo = await world.enter({
    first: 'Mo',
    group: world.intake,
    manages: true,
    customRoles: [role],
    permissions: ['claims.view'],
  })
  await act(ana, mo.person, 'remove', { reason: 'By mistake' })
  world.clock.pass(days(30) - 1)
  const back = await signedIn(world, ana.person, here)
  const page = await back.get(at(mo.person, 'take-back'))
  for (const text of ['Member', 'Auditors', 'Intake', 'View assigned claims']) expect(page.text).toContain(text)
  expect(page.text).not.toContain('Left out')
  expect((await act(back, mo.person, 'take-back')).status).toBe(303)
  expect(await rowOf(mo.person)).toMatchObject({
    status: 'active',
    removed_at: null,
    removed_by: null,
    removed_reason: '',
    group_id: world.intake,
    manages_group: false,
    role_ids: [role],
    version: 3,
  })
  const again = await signedIn(world, mo.person, here)
  expect((await again.get('members/me')).text).toContain('View the audit log')
  expect((await eventsOf(mo.person)).at(-1)).toEqual({
    act: 'membership.taken_back',
    actor_id: ana.person.accountId,
    changes: { status: ['removed', 'active'] },
  })
  expect((await act(back, mo.person, 'take-back')).status).toBe(403)
})

test('a first password that a helper gave before the removal signs nobody in after Mia is taken back, and Ana is told', async () => {
  const { ana, mia } = world
  const given = await (await helper(world)).password(mia.person)
  await act(ana, mia.person, 'remove')
  const back = await act(ana.swap as never, mia.person, 'take-back')
  expect(back.html).toContain('Taken back. The link or first password that was given to them')
  expect(await signInWith(world, mia.person, given)).toBeNull()
})

test('after 30 days a new invitation is the way', async () => {
  const { ana, mia, here } = world
  await act(ana, mia.person, 'remove')
  world.clock.pass(days(30))
  const later = await signedIn(world, ana.person, here)
  const answer = await later.post(at(mia.person, 'take-back'), { version: '2' })
  expect([answer.status, answer.text]).toEqual([403, expect.stringContaining('A new invitation is the way back')])
  expect((await later.get(`members/${shortId(mia.person.id)}`)).html).not.toContain('>Take back<')
  expect((await rowOf(mia.person)).status).toBe('removed')
})

test('what the one who takes back can’t give is named and left out', async () => {
  const { ana, here, db } = world
  const rex = await world.enter({ first: 'Rex', permissions: ['members.view', 'members.remove', 'claims.view'] })
  const auditors = await makeCustomRole(db, here.id, 'Auditors', ['audit.view'])
  const readers = await makeCustomRole(db, here.id, 'Readers', ['claims.view'])
  const group = await makeGroup(db, here.id, 'Exporters', ['claims.export'])
  const gone = await world.add({
    first: 'Gone',
    role: 'viewer',
    group,
    customRoles: [auditors, readers],
    permissions: ['claims.view', 'usage.view'],
    removed: true,
  })
  const page = await rex.get(at(gone, 'take-back'))
  for (const text of [
    'The role Viewer',
    'The group Exporters',
    'The custom role Auditors',
    'The permission View usage',
  ])
    expect(page.text).toContain(text)
  expect((await act(rex, gone, 'take-back')).status).toBe(303)
  expect(await rowOf(gone)).toMatchObject({
    status: 'active',
    organization_role: 'member',
    group_id: here.defaultGroup,
    role_ids: [readers],
  })
  const direct = await db
    .selectFrom('membership_permission')
    .select('permission')
    .where('membership_id', '=', gone.id)
    .execute()
  const roles = await db.selectFrom('membership_role').select('role_id').where('membership_id', '=', gone.id).execute()
  expect([direct, roles]).toEqual([[{ permission: 'claims.view' }], [{ role_id: readers }]])
  expect((await eventsOf(gone)).at(-1)?.changes).toEqual({
    status: ['removed', 'active'],
    role: ['viewer', 'member'],
    group: [group, here.defaultGroup],
    custom_role: [[auditors, readers], [readers]],
    permission: [['claims.view', 'usage.view'], ['claims.view']],
  })

  const admin = await world.add({ first: 'Adam', role: 'admin', removed: true })
  await act(rex, admin, 'take-back')
  expect((await rowOf(admin)).organization_role).toBe('member')
  const second = await world.add({ first: 'Ada', role: 'admin', removed: true })
  await act(ana, second, 'take-back')
  expect((await rowOf(second)).organization_role).toBe('admin')
})

test('whoever holds too little for the Default group takes nobody back', async () => {
  const { here, db } = world
  const rex = await world.enter({ first: 'Rex', permissions: ['members.view', 'members.remove'], group: world.intake })
  await db
    .insertInto('group_permission')
    .values({ organization_id: here.id, group_id: here.defaultGroup, permission: 'claims.export' })
    .execute()
  const gone = await world.add({ first: 'Gone', removed: true })
  const answer = await act(rex, gone, 'take-back', { version: '1' })
  expect([answer.status, answer.text]).toEqual([422, expect.stringContaining('Export claims')])
  expect((await rowOf(gone)).status).toBe('removed')
})

test('an account that has another place here, and an address that somebody else has, aren’t taken back', async () => {
  const { ana, db } = world
  const twice = await world.add({ first: 'Tess', removed: true })
  await world.add({ first: 'Tess', accountId: twice.accountId ?? '', email: 'tess@new.example' })
  const isBack = await act(ana, twice, 'take-back', { version: '1' })
  expect([isBack.status, isBack.text]).toEqual([422, expect.stringContaining('a member here again')])

  const owen = await world.add({ first: 'Owen', removed: true })
  const heir = await world.add({ first: 'Heir', invited: true })
  await db
    .updateTable('membership')
    .set({ email: owen.email, email_key: owen.email })
    .where('id', '=', heir.id)
    .execute()
  const taken = await act(ana, owen, 'take-back', { version: '1' })
  expect([taken.status, taken.text]).toEqual([422, expect.stringContaining('have been invited here again')])
  await db
    .updateTable('membership')
    .set({ status: 'removed', removed_at: world.clock.now })
    .where('id', '=', heir.id)
    .execute()
  await world.add({ first: 'Heir', email: 'heir@new.example' })
  await db
    .updateTable('membership')
    .set({ email: owen.email, email_key: owen.email })
    .where('email', '=', 'heir@new.example')
    .execute()
  const other = await act(ana, owen, 'take-back', { version: '1' })
  expect([other.status, other.text]).toEqual([422, expect.stringContaining('has their address now')])
  for (const person of [twice, owen]) expect((await rowOf(person)).status).toBe('removed')
})

test('somebody comes back as their account is now: blocked, or with another address', async () => {
  const { ana, db } = world
  const owen = await world.add({ first: 'Owen', removed: true })
  const email = `owen.${Math.random()}@elsewhere.example`
  await db
    .updateTable('account')
    .set({ email, email_key: email, blocked_at: world.clock.now, two_factor_at: world.clock.now })
    .where('id', '=', owen.accountId ?? '')
    .execute()
  await act(ana, owen, 'take-back')
  expect(await rowOf(owen)).toMatchObject({ status: 'blocked', email, email_key: email, has_two_factor: true })
  expect((await ana.get('members?q=elsewhere.example')).html).toContain('>Owen<')
})

test('of twelve who take Mia back at the same moment one does, and there is one of her', async () => {
  const { ana, mia } = world
  await act(ana, mia.person, 'remove')
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  const hidden = hiddenIn((await ana.get(at(mia.person, 'take-back'))).html)
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) => (n % 2 ? bea : ana).post(at(mia.person, 'take-back'), hidden)),
  )
  expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
  expect((await eventsOf(mia.person)).map((one) => one.act)).toEqual(['membership.removed', 'membership.taken_back'])
  expect(await rowOf(mia.person)).toMatchObject({ status: 'active', version: 3 })
})
