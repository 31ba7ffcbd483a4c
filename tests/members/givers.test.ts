import { beforeEach, describe, expect, inject, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { signLink } from '../../src/platform/links.ts'
import { act, hiddenIn } from '../support/acts.ts'
import { Browser } from '../support/browser.ts'
import { connectTo } from '../support/database.ts'
import { accountOf, helper, signInWith, works } from '../support/given.ts'
import { meanwhile } from '../support/meanwhile.ts'
import { addPerson, makeCustomRole, makeGroup, organization, type Person, signedIn } from '../support/world.ts'

/*
 * What somebody gave, and so knows, works only while they may give it. Cy may help people to sign in, until something takes that away.
 */

let world: Awaited<ReturnType<typeof organization>>
beforeEach(async () => {
  world = await organization()
})

const own = { password: 'a walk along the old canal', password_again: 'a walk along the old canal' }
const given = '/sign-in/new-password'
const onceIn = (html: string) => /<code data-copy="true"[^>]*>([^<]*)<\/code>/.exec(html)?.[1] ?? ''
const as = (permission: string[], more = {}) => ({
  role: 'member',
  group: shortId(world.here.defaultGroup),
  permission,
  ...more,
})
/** Whether a link to confirm another address opens. */
const confirms = async (path: string) => (await new Browser(world.app).get(path)).status === 303
const copiedTo = async (by: Browser, person: Person) =>
  new URL(onceIn((await act(by, person, 'account', { username: '', email: `cy.${person.id}@example.org` })).html))
    .pathname
/** The one in the letter, which is in whosever mailbox that is. */
const mailed = async (person: Person) =>
  `/confirm-email/${signLink(
    {
      kind: 'email',
      id: person.accountId ?? '',
      generation: (await accountOf(world, person)).email_generation,
      channel: 'mail',
    },
    world.services.key,
  )}`

/** Everything that somebody can give, to a person each; and what of it works. */
async function gives(who: Awaited<ReturnType<typeof helper>>['cy']) {
  const [linked, known, moved] = [
    await world.add({ first: 'Lin' }),
    await world.add({ first: 'Pat' }),
    await world.add({ first: 'Em' }),
  ]
  const link = onceIn((await act(who, linked, 'reset-link')).html)
  const password = onceIn((await act(who, known, 'password', { how: 'generated' })).html)
  const email = await copiedTo(who, moved)
  return {
    people: { linked, known, moved },
    links: async () => [await works(world, link), await confirms(email), await confirms(await mailed(moved))],
    password: () => signInWith(world, known, password),
  }
}

describe('a link, a first password and a change of email that Cy gave', () => {
  const ways: Record<string, (cy: Person) => Promise<unknown>> = {
    'Cy’s own access is changed': (cy) => act(world.ana, cy, 'access', as(['members.view', 'claims.view'])),
    'Cy becomes a Viewer, a ceiling': (cy) => act(world.ana, cy, 'access', as([], { role: 'viewer' })),
    'Cy is suspended': (cy) => act(world.ana, cy, 'suspend'),
    'Cy is removed': (cy) => act(world.ana, cy, 'remove', { reason: '' }),
    'Cy is blocked': (cy) =>
      world.db
        .updateTable('account')
        .set({ blocked_at: world.clock.now })
        .where('id', '=', cy.accountId ?? '')
        .execute(),
  }
  test.each(Object.entries(ways))('end when %s; those of Ana work on', async (_, happens) => {
    const { cy } = await helper(world)
    const [hers, his] = [await gives(world.ana), await gives(cy)]
    expect(await his.links()).toEqual([true, true, true])
    await happens(cy.person)
    expect(await his.links()).toEqual([false, false, false])
    expect(await his.password()).toBeNull()
    expect(await hers.links()).toEqual([true, true, true])
    expect(await hers.password()).toBe(given)
  })

  test('end when Cy’s group, or custom role, gives it no longer', async () => {
    const { db, here, ana } = world
    const rights = ['members.view', 'members.credentials'] as const
    const group = await makeGroup(db, here.id, 'Help desk', [...rights])
    const role = await makeCustomRole(db, here.id, 'Helper', [...rights])
    for (const [details, path, named] of [
      [{ group }, `groups/${shortId(group)}`, { name: 'Help desk' }],
      [{ customRoles: [role] }, `roles/${shortId(role)}`, { name: 'Helper', description: '' }],
    ] as const) {
      const cy = await world.enter({ first: 'Cy', ...(details as object) })
      const his = await gives(cy)
      expect([path, ...(await his.links())]).toEqual([path, true, true, true])
      const { html } = await ana.get(path)
      const changed = await ana.post(path, { ...hiddenIn(html), ...named, permissions: ['members.view'] })
      expect(changed.status).toBe(303)
      expect([path, ...(await his.links())]).toEqual([path, false, false, false])
      expect(await his.password()).toBeNull()
    }
  })

  test('end at midnight after Cy’s last day, before anything has written it down', async () => {
    const { clock } = world
    clock.now = new Date(clock.now.toISOString().replace(/T.*/, 'T23:50:00.000Z'))
    world.ana = await signedIn(world, world.ana.person, world.here)
    const { cy } = await helper(world)
    await world.db
      .updateTable('membership')
      .set({ ends_on: clock.now.toISOString().slice(0, 10) })
      .where('id', '=', cy.person.id)
      .execute()
    const his = await gives(cy)
    clock.pass(10 * 60_000 - 1)
    expect(await his.links()).toEqual([true, true, true])
    clock.pass(1)
    expect(await his.links()).toEqual([false, false, false])
    expect(await his.password()).toBeNull()
  })

  test('end when the person comes to hold what Cy doesn’t, though nobody touched their account, or has a place elsewhere too', async () => {
    const { cy } = await helper(world, 'claims.view')
    const his = await gives(cy)
    for (const person of Object.values(his.people))
      await world.db
        .insertInto('membership_permission')
        .values({ organization_id: world.here.id, membership_id: person.id, permission: 'audit.view' })
        .execute()
    expect(await his.links()).toEqual([false, false, false])
    expect(await his.password()).toBeNull()
    const others = await gives(cy)
    for (const { accountId, email } of Object.values(others.people))
      await addPerson(world.db, world.elsewhere, world.clock.now, { accountId: accountId ?? '', email })
    expect(await others.links()).toEqual([false, false, false])
    expect(await others.password()).toBeNull()
  })

  test('work on when Cy becomes something else that may still do it', async () => {
    const { cy } = await helper(world)
    const his = await gives(cy)
    await act(world.ana, cy.person, 'access', as([], { role: 'admin' }))
    expect(await his.links()).toEqual([true, true, true])
    expect(await his.password()).toBe(given)
  })

  test('what went to their own mailbox, and what the operator printed, is nobody else’s to lose', async () => {
    const { cy, link } = await helper(world)
    const copied = await link(world.mia.person)
    const [, id = '', generation = ''] = /\/([\w-]+)\.(\d+)\./.exec(copied) ?? []
    const like = { kind: 'reset', id, generation: Number(generation) } as const
    await act(world.ana, cy.person, 'suspend')
    const of = (channel: 'mail' | 'copy') =>
      new URL(`/reset-password/${signLink({ ...like, channel }, world.services.key)}`, copied).href
    expect([await works(world, copied), await works(world, of('mail')), await works(world, of('copy'))]).toEqual([
      false,
      true,
      true,
    ])
  })

  test('nobody puts another one’s name in the place of Cy’s', async () => {
    const { link } = await helper(world)
    const copied = await link(world.mia.person)
    const parts = copied.split('.')
    expect(parts).toHaveLength(4)
    for (const by of [shortId(world.ana.person.id), '', 'x', shortId(world.mia.person.id)])
      expect(await works(world, [parts[0], parts[1], by, parts[3]].join('.'))).toBe(false)
    expect(await works(world, [parts[0], parts[1], parts[3]].join('.'))).toBe(false)
    expect(await works(world, copied)).toBe(true)
  })
})

describe('a first password whose giver may no longer give it', () => {
  test('answers like a wrong one, in as many exchanges', async () => {
    const sent: string[] = []
    const database = connectTo(inject('shared'), { onQuery: (text) => sent.push(text) })
    world = await organization({ database })
    const { cy, password } = await helper(world)
    const [dead, fresh] = [await world.add({ first: 'Pat' }), await world.add({ first: 'Fay' })]
    const [his, hers] = [
      await password(dead),
      onceIn((await act(world.ana, fresh, 'password', { how: 'generated' })).html),
    ]
    await act(world.ana, cy.person, 'suspend')
    const answers = []
    for (const [login, typed] of [
      [dead.email, his],
      [fresh.email, `${hers}x`],
      ['nobody@example.org', his],
    ] as const) {
      sent.length = 0
      const { status, html } = await new Browser(world.app).post('/sign-in', { login, password: typed })
      answers.push([status, html.replaceAll(login, 'LOGIN'), sent.length])
    }
    expect(answers[0]?.[0]).toBe(422)
    expect(answers[0]).toEqual(answers[1])
    expect(answers[0]).toEqual(answers[2])
    sent.length = 0
    expect(await signInWith(world, fresh, hers)).toBe(given)
    expect(sent).toHaveLength(2)
    await database.close()
  })

  test('lets nobody choose the next one who signed in with it before', async () => {
    const { cy, password } = await helper(world)
    const browser = new Browser(world.app)
    const { email } = world.mia.person
    await browser.post('/sign-in', { login: email, password: await password(world.mia.person) })
    await act(world.ana, cy.person, 'suspend')
    expect((await browser.post(given, own)).location).toBe('/sign-in')
    expect(await accountOf(world, world.mia.person)).toMatchObject({ must_change_password: true })
    expect(await signInWith(world, world.mia.person, own.password)).toBeNull()
  })
})

test('who uses it while Cy is being suspended waits for that, and then has nothing', async () => {
  const { db, here } = world
  const { cy } = await helper(world)
  const suspend = (trx: typeof db) =>
    trx
      .with('turn', (of) =>
        of
          .updateTable('organization')
          .set((eb) => ({ access_version: eb('access_version', '+', 1) }))
          .where('id', '=', here.id)
          .returning('id'),
      )
      .updateTable('membership')
      .set({ suspended_at: world.clock.now, status: 'suspended' })
      .where('organization_id', '=', here.id)
      .where('id', '=', cy.person.id)
      .execute()
  const back = () =>
    db
      .updateTable('membership')
      .set({ suspended_at: null, status: 'active' })
      .where('organization_id', '=', here.id)
      .where('id', '=', cy.person.id)
      .execute()
  const browser = new Browser(world.app)
  const [linked, known, moved] = [
    await world.add({ first: 'Lin' }),
    await world.add({ first: 'Pat' }),
    await world.add({ first: 'Em' }),
  ]
  const link = new URL(onceIn((await act(cy, linked, 'reset-link')).html)).pathname
  expect((await meanwhile(db, suspend, () => browser.post(link, own))).status).toBe(404)
  expect((await accountOf(world, linked)).password_hash).toBeNull()

  await back()
  const page = await browser.get((await browser.get(await copiedTo(cy, moved))).location ?? '')
  const confirmed = await meanwhile(db, suspend, () => browser.post('/confirm-email', hiddenIn(page.html)))
  expect([confirmed.status, (await accountOf(world, moved)).email]).toEqual([404, moved.email])

  await back()
  const password = onceIn((await act(cy, known, 'password', { how: 'generated' })).html)
  await browser.post('/sign-in', { login: known.email, password })
  expect((await meanwhile(db, suspend, () => browser.post(given, own))).location).toBe('/sign-in')
  expect(await accountOf(world, known)).toMatchObject({ must_change_password: true })
})

describe('what was given to somebody who was added', () => {
  /** Adds somebody now; gives the person, and what the last page shows once. */
  async function added(by: Browser, how: 'link' | 'generated', access: Record<string, string>) {
    const email = `new.${how}.${Math.random().toString(36).slice(2)}@example.org`
    const { key = '' } = hiddenIn((await by.get('members/new')).html)
    const at = (await by.post('members/new', { key, email })).location?.replace(/\/name$/, '') ?? ''
    const contact = { title: '', cell_phone: '', office_phone: '', extension: '' }
    await by.post(`${at}/name`, { first_name: 'New', last_name: 'Comer', ...contact })
    await by.post(`${at}/how`, { how: 'now' })
    await by.post(`${at}/access`, access)
    const { html } = await by.get(`${at}/confirm`)
    await by.post(`${at}/confirm`, { ...hiddenIn(html), how })
    const row = await world.db.selectFrom('membership').selectAll().where('email', '=', email).executeTakeFirstOrThrow()
    const person: Person = { id: row.id, accountId: row.account_id, email, first: 'New', last: 'Comer' }
    return { person, once: onceIn((await by.get(`${at}/done`)).html) }
  }

  test('works while whoever added them may invite there, without any right over sign-in', async () => {
    const ivy = await world.enter({ first: 'Ivy', permissions: ['members.view', 'members.invite'] })
    const access = { role: 'member', group: shortId(world.here.defaultGroup) }
    const [one, two, three] = [
      await added(ivy, 'link', access),
      await added(ivy, 'generated', access),
      await added(ivy, 'generated', access),
    ]
    expect(await works(world, one.once)).toBe(true)
    expect(await signInWith(world, two.person, two.once)).toBe(given)
    await act(world.ana, ivy.person, 'access', as(['members.view']))
    expect(await works(world, one.once)).toBe(false)
    expect(await signInWith(world, three.person, three.once)).toBeNull()
    // A new one helps them in.
    const hers = onceIn((await act(world.ana, three.person, 'password', { how: 'generated' })).html)
    expect(await signInWith(world, three.person, hers)).toBe(given)
  })

  test('by a Group manager: until the mark goes, or the person leaves that group', async () => {
    const { gus, ana } = world
    const [one, two, three] = [
      await added(gus, 'link', {}),
      await added(gus, 'generated', {}),
      await added(gus, 'link', {}),
    ]
    expect([await works(world, one.once), await works(world, three.once)]).toEqual([true, true])
    await world.db
      .updateTable('membership')
      .set({ group_id: world.here.defaultGroup })
      .where('id', '=', one.person.id)
      .execute()
    expect([await works(world, one.once), await works(world, three.once)]).toEqual([false, true])
    await act(ana, gus.person, 'access', as([], { group: shortId(world.intake) }))
    expect(await works(world, three.once)).toBe(false)
    expect(await signInWith(world, two.person, two.once)).toBeNull()
  })

  test('ends with the first password of their own: whoever added them is nobody to the account then', async () => {
    const ivy = await world.enter({ first: 'Ivy', permissions: ['members.view', 'members.invite'] })
    const { person, once } = await added(ivy, 'generated', { role: 'member', group: shortId(world.here.defaultGroup) })
    const browser = new Browser(world.app)
    await browser.post('/sign-in', { login: person.email, password: once })
    expect((await browser.post(given, own)).status).toBe(303)
    expect(await accountOf(world, person)).toMatchObject({ added_by: null, password_given_by: null })
  })
})

test('an Admin whose first password another Admin gave isn’t the one who stays when that one goes (R-21)', async () => {
  const { ana, db, here, clock } = world
  const ben = await world.add({ first: 'Ben' })
  const all = await world.enter({ first: 'All', role: 'admin' })
  await act(ana, ben, 'access', as([], { role: 'admin' }))
  await act(ana, ben, 'password', { how: 'generated' })
  const other = await db
    .selectFrom('organization')
    .select((eb) => [
      eb.fn<boolean>('other_admin_signs_in', [eb.val(here.id), eb.val(ana.person.id), eb.val(clock.now)]).as('ana'),
      eb.fn<boolean>('other_admin_signs_in', [eb.val(here.id), eb.val(all.person.id), eb.val(clock.now)]).as('all'),
    ])
    .where('id', '=', here.id)
    .executeTakeFirstOrThrow()
  // Neither of them has a password here: only Ben could sign in, and only while Ana is there.
  expect(other).toEqual({ ana: false, all: true })
})
