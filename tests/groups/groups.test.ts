import { beforeEach, describe, expect, test } from 'vitest'
import { newId, shortId } from '../../src/platform/ids.ts'
import { act, hiddenIn } from '../support/acts.ts'
import type { Browser } from '../support/browser.ts'
import { accountOf, helper, signInWith, works } from '../support/given.ts'
import { makeGroup, organization } from '../support/world.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeEach(async () => {
  world = await organization()
})

type Fields = Record<string, string | string[]>
const at = (id: string, act = '') => `groups/${shortId(id)}${act && `/${act}`}`
const groupRows = () =>
  world.db
    .selectFrom('member_group')
    .selectAll()
    .where('organization_id', '=', world.here.id)
    .orderBy('sort_name')
    .execute()
const given = async (id: string) =>
  (await world.db.selectFrom('group_permission').select('permission').where('group_id', '=', id).execute())
    .map((one) => one.permission)
    .sort()
const locked = async (id: string) =>
  (await world.db.selectFrom('group_locked_field').select('field').where('group_id', '=', id).execute())
    .map((one) => one.field)
    .sort()
const eventsOf = (id: string) =>
  world.db.selectFrom('event').select(['act', 'changes']).where('subject_id', '=', id).orderBy('id').execute()
const memberOf = (person: { id: string }) =>
  world.db
    .selectFrom('membership')
    .select(['group_id', 'manages_group', 'version'])
    .where('id', '=', person.id)
    .executeTakeFirstOrThrow()
/** Opens the page for its hidden fields, and sends its form with these. */
const send = async (browser: Browser, path: string, fields: Fields = {}) => {
  const { version, key } = hiddenIn((await browser.get(path)).html)
  return browser.post(path, { ...(version ? { version } : {}), ...(key ? { key } : {}), ...fields })
}

test('who asks to delete the group that always exists is led back to the groups', async () => {
  const { status, html } = await world.ana.get(at(world.here.defaultGroup, 'delete'))
  expect(status).toBe(403)
  expect(html).toContain(`<a class="btn" href="/o/${world.here.slug}/groups">Groups</a>`)
})

test('a stranger from another organization gets the same 404 as for nobody', async () => {
  for (const path of ['groups', 'groups/new', at(world.intake), at(world.intake, 'delete')])
    expect((await world.stella.get(`/o/${world.here.slug}/${path}`)).status).toBe(404)
  for (const [who, id] of [
    [world.stella, world.intake],
    [world.ana, world.elsewhere.defaultGroup],
    [world.ana, newId()],
  ] as const) {
    expect((await who.get(at(id))).status).toBe(404)
    expect((await who.post(at(id), { version: '1', name: 'Mine' })).status).toBe(404)
    expect((await who.post(at(id, 'delete'), { version: '1' })).status).toBe(404)
  }
  expect((await groupRows()).map((group) => group.name)).toEqual(['Default', 'Intake'])
})

test('who may not manage groups is refused and has no tab; a Group manager manages people, not groups', async () => {
  for (const browser of [world.vera, world.dev, world.gus, world.mia]) {
    for (const path of ['groups', 'groups/new', at(world.intake)]) expect((await browser.get(path)).status).toBe(403)
    expect((await browser.post(at(world.intake), { version: '1', name: 'X' })).status).toBe(403)
  }
  expect((await world.gus.get('members')).html).not.toContain('/groups"')
  expect((await world.ana.get('members')).html).toContain(`href="/o/${world.here.slug}/groups"`)
})

test('Ana makes a group, and what it gives works on the next request of everybody in it', async () => {
  const { ana } = world
  const list = await ana.get('groups')
  expect(list.text).toContain('Default Everybody who is in no other group 4 people no permissions')
  expect(list.text).toContain('Intake 1 manager 2 people no permissions')
  const made = await send(ana, 'groups/new', {
    name: 'Marine',
    permissions: ['claims.view'],
    locked: ['email', 'title'],
  })
  expect(made.location).toBe(`/o/${world.here.slug}/groups`)
  const marine = (await groupRows()).find((group) => group.name === 'Marine')?.id ?? ''
  expect([await given(marine), await locked(marine)]).toEqual([['claims.view'], ['email', 'title']])

  expect((await world.ian.get('groups')).status).toBe(403)
  const fields = { name: 'Intake desk', permissions: ['groups.manage', 'members.view'], locked: ['first_name'] }
  expect((await send(ana, at(world.intake), fields)).status).toBe(303)
  expect((await world.ian.get('groups')).status).toBe(200)
  const page = await ana.get(at(world.intake))
  expect(page.text).toContain('Group manager: Gus Manager')
  expect(page.html).toContain(`href="/o/${world.here.slug}/members?group=${shortId(world.intake)}"`)
  expect(page.html).toMatch(/value="first_name" checked/)
  expect(await eventsOf(world.intake)).toEqual([
    { act: 'group.renamed', changes: { group: ['Intake', 'Intake desk'] } },
    { act: 'group.permissions_changed', changes: { permissions: [[], ['members.view', 'groups.manage']] } },
    { act: 'group.locks_changed', changes: { locked: [[], ['first_name']] } },
  ])
})

test('deleting says in numbers what happens; everybody moves to Default, and managers lose the mark', async () => {
  const { ana, gus, ian } = world
  const removed = await world.add({ first: 'Rae', group: world.intake, removed: true })
  await world.db
    .insertInto('group_permission')
    .values({ organization_id: world.here.id, group_id: world.intake, permission: 'claims.view' })
    .execute()
  const asked = await ana.get(at(world.intake, 'delete'))
  expect(asked.text).toContain('2 people of Intake move to Default')
  expect(asked.text).toContain('Each of them loses 1 permission')
  expect(asked.text).toContain('1 Group manager loses the mark')
  expect(asked.text).toContain('Ian Intake')
  expect((await ana.post(at(world.intake, 'delete'), hiddenIn(asked.html))).status).toBe(303)
  for (const person of [gus.person, ian.person, removed])
    expect(await memberOf(person)).toEqual({
      group_id: world.here.defaultGroup,
      manages_group: false,
      version: 2,
    })
  expect((await gus.get('members')).status).toBe(403)
  expect((await ana.get('members?sort=group')).status).toBe(200)
  expect(await eventsOf(world.intake)).toEqual([
    {
      act: 'group.deleted',
      changes: { group: ['Intake', 'Default'], permissions: [['claims.view'], []], members: 2, managers: 1 },
    },
  ])
})

test('Default is renamed, never deleted', async () => {
  const id = world.here.defaultGroup
  expect((await world.ana.get(at(id))).html).not.toContain('Delete group')
  for (const ask of [world.ana.get(at(id, 'delete')), world.ana.post(at(id, 'delete'), { version: '1' })])
    expect((await ask).status).toBe(403)
  expect((await send(world.ana, at(id), { name: 'Everybody else' })).status).toBe(303)
  expect((await groupRows())[0]).toMatchObject({ name: 'Everybody else', is_default: true })
})

describe('what is typed wrong comes back beside its field', () => {
  test.each([
    ['no name', { name: ' ' }, 'Enter a name for the group'],
    ['300 characters', { name: 'x'.repeat(300) }, 'The name can have at most 100 characters'],
    ['a name that is there, in other letters', { name: 'ÍNTAKE' }, 'There is a group with this name already'],
    ['a field that isn’t one', { name: 'New', locked: ['password'] }, 'Choose from the list'],
    ['a permission that isn’t one', { name: 'New', permissions: ['root'] }, 'Choose from the list'],
  ])('%s', async (_, fields, sentence) => {
    const other = await makeGroup(world.db, world.here.id, 'Other')
    for (const path of ['groups/new', at(other)]) {
      const answer = await send(world.ana, path, fields)
      expect([answer.status, answer.text.includes(sentence)]).toEqual([422, true])
    }
    expect((await groupRows()).map((group) => group.name)).toEqual(['Default', 'Intake', 'Other'])
  })
})

test('the same form sent ten times makes one group', async () => {
  const fields = { ...hiddenIn((await world.ana.get('groups/new')).html), name: 'עברית 🙂' }
  const answers = await Promise.all(Array.from({ length: 10 }, () => world.ana.post('groups/new', fields)))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]))
  expect(await groupRows()).toHaveLength(3)
})

test('of two Admins the second is told, and what they typed is still there', async () => {
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  await send(world.ana, at(world.intake), { name: 'Front desk', permissions: ['claims.view'] })
  const answer = await bea.post(at(world.intake), { version: '1', name: 'Back desk', locked: ['title'] })
  expect(answer.status).toBe(409)
  expect(answer.html).toContain('value="Back desk"')
  expect(answer.html).toMatch(/value="title" checked/)
  expect(answer.text).toContain('Front desk')
  expect(await given(world.intake)).toEqual(['claims.view'])
  expect((await bea.post(at(world.intake, 'delete'), { version: '1' })).status).toBe(409)
})

describe('nobody gives what they don’t hold, nor changes their own or that of people above them', () => {
  test('their own group keeps what it gives and locks; its name may change', async () => {
    const kay = await world.enter({ first: 'Kay', group: world.intake, permissions: ['groups.manage', 'claims.view'] })
    for (const fields of [{ permissions: ['claims.view'] }, { locked: ['title'] }] as Fields[])
      expect((await send(kay, at(world.intake), { name: 'Intake', ...fields })).status).toBe(403)
    expect((await kay.get(at(world.intake))).text).toContain('You are in this group yourself')
    for (const ask of [kay.get(at(world.intake, 'delete')), kay.post(at(world.intake, 'delete'), { version: '1' })])
      expect((await ask).status).toBe(403)
    expect((await send(kay, at(world.intake), { name: 'Front desk' })).status).toBe(303)
    expect(await given(world.intake)).toEqual([])
  })
  test('a permission that they lack is neither given nor taken away', async () => {
    const kay = await world.enter({ first: 'Kay', permissions: ['groups.manage', 'claims.view', 'members.view'] })
    const empty = await makeGroup(world.db, world.here.id, 'Empty', ['audit.view'])
    for (const permissions of [[], ['audit.view', 'claims.all']] as string[][])
      expect((await send(kay, at(empty), { name: 'Empty', permissions })).status).toBe(422)
    expect((await send(kay, 'groups/new', { name: 'New', permissions: ['claims.all'] })).status).toBe(422)
    expect((await kay.post(at(empty, 'delete'), { version: '1' })).status).toBe(422)
    expect(await given(empty)).toEqual(['audit.view'])
  })
  test('nor is anything changed for a Group manager who may invite, where they may not', async () => {
    const kay = await world.enter({ first: 'Kay', permissions: ['groups.manage', 'claims.view', 'members.view'] })
    expect((await send(kay, at(world.intake), { name: 'Intake', permissions: ['claims.view'] })).status).toBe(403)
    expect((await kay.post(at(world.intake, 'delete'), { version: '1' })).status).toBe(403)
  })
  test('moving to Default gives what Default gives: who lacks that doesn’t move anybody', async () => {
    const marine = await makeGroup(world.db, world.here.id, 'Marine')
    await world.add({ first: 'Max', group: marine })
    await world.db
      .insertInto('group_permission')
      .values({ organization_id: world.here.id, group_id: world.here.defaultGroup, permission: 'claims.all' })
      .execute()
    const kay = await world.enter({ first: 'Kay', group: world.intake, permissions: ['groups.manage'] })
    const answer = await kay.post(at(marine, 'delete'), { version: '1' })
    expect([answer.status, answer.text.includes('You can’t give “View all claims”')]).toEqual([422, true])
  })
})

describe('what somebody else may know to sign in as those who get more', () => {
  test('ends with a group that is widened, and Ana is told for how many; not with one that only loses', async () => {
    const { ana, ian, mia } = world
    const cy = await helper(world)
    const ina = await world.add({ first: 'Ina', group: world.intake })
    const [password, link, mias] = [await cy.password(ian.person), await cy.link(ina), await cy.link(mia.person)]
    await cy.newEmail(ina)
    await world.db
      .insertInto('group_permission')
      .values({ organization_id: world.here.id, group_id: world.intake, permission: 'claims.view' })
      .execute()
    await send(ana, at(world.intake), { name: 'Front desk', permissions: [], locked: ['title'] })
    expect(await works(world, link)).toBe(true)
    const saved = await send(ana.swap as never, at(world.intake), { name: 'Front desk', permissions: ['claims.all'] })
    expect(saved.html).toContain('Front desk was saved. The links or first passwords that were given to 2 of them')
    expect(await works(world, link)).toBe(false)
    expect(await works(world, mias)).toBe(true)
    expect(await accountOf(world, ina)).toMatchObject({ new_email: null, reset_expires_at: null })
    expect(await signInWith(world, ian.person, password)).toBeNull()
    const again = await send(ana.swap as never, at(world.intake), {
      name: 'Front',
      permissions: ['claims.all', 'cases.view'],
    })
    expect(again.html).toContain('<template data-said="Front was saved.">')
  })

  test('ends with Default, but for Admins, who hold everything already', async () => {
    const { ana, mia } = world
    const cy = await helper(world)
    const password = await cy.password(mia.person)
    const bea = await world.enter({ first: 'Bea', role: 'admin' })
    const admins = (await act(bea, ana.person, 'reset-link')).html
    expect(admins).toContain('/reset-password/')
    await send(ana, at(world.here.defaultGroup), { name: 'Default', permissions: ['claims.all'] })
    expect(await signInWith(world, mia.person, password)).toBeNull()
    expect((await accountOf(world, ana.person)).reset_expires_at).not.toBeNull()
  })

  test('ends with the deletion of a group where Default gives more, and stays where it gives less', async () => {
    const { ana, ian, db, here } = world
    const marine = await makeGroup(db, here.id, 'Marine', ['claims.view'])
    const max = await world.enter({ first: 'Max', group: marine })
    const cy = await helper(world, 'claims.view')
    const [intakes, marines] = [await cy.link(ian.person), await cy.link(max.person)]
    await db
      .insertInto('group_permission')
      .values({ organization_id: here.id, group_id: here.defaultGroup, permission: 'claims.view' })
      .execute()
    await send(ana, at(marine, 'delete'))
    expect(await works(world, marines)).toBe(true)
    const deleted = await send(ana.swap as never, at(world.intake, 'delete'))
    expect(deleted.html).toContain('Intake was deleted. The link or first password that was given to one of them')
    expect(await works(world, intakes)).toBe(false)
  })

  test('ends for more people than one statement takes, whether their group is widened or deleted', async () => {
    const { ana, db, here, clock } = world
    const big = await makeGroup(db, here.id, 'Big')
    const people = Array.from({ length: 2100 }, (_, n) => ({
      id: newId(),
      account: newId(),
      email: `${newId()}@example.org`,
      n,
    }))
    await db
      .insertInto('account')
      .values(
        people.map(({ account, email }) => ({
          id: account,
          email,
          email_key: email,
          created_at: clock.now,
          password_hash: 'x',
          must_change_password: true,
        })),
      )
      .execute()
    await db
      .insertInto('membership')
      .values(
        people.map(({ id, account, email }) => ({
          id,
          organization_id: here.id,
          account_id: account,
          email,
          email_key: email,
          group_id: big,
          status: 'active',
        })),
      )
      .execute()
    const first = () =>
      db
        .selectFrom('account')
        .select('id')
        .where(
          'id',
          'in',
          people.map(({ account }) => account),
        )
        .where('password_hash', 'is not', null)
        .execute()
    const saved = await send(ana.swap as never, at(big), { name: 'Big', permissions: ['claims.view'] })
    expect(saved.html).toContain('given to 2,100 of them')
    expect(await first()).toHaveLength(0)
    expect((await eventsOf(big)).map(({ act }) => act)).toEqual([
      'group.given_ended',
      'group.given_ended',
      'group.permissions_changed',
    ])

    await db
      .updateTable('account')
      .set({ password_hash: 'x' })
      .where(
        'id',
        'in',
        people.map(({ account }) => account),
      )
      .execute()
    await send(ana, at(here.defaultGroup), { name: 'Default', permissions: ['claims.all'] })
    expect(await first()).toHaveLength(2100)
    const deleted = await send(ana.swap as never, at(big, 'delete'))
    expect(deleted.html).toContain('given to 2,100 of them')
    expect(await first()).toHaveLength(0)
  }, 60_000)
})

test('more people than one statement takes move in several, and the group is gone at the end', async () => {
  const big = await makeGroup(world.db, world.here.id, 'Big')
  const people = Array.from({ length: 2100 }, (_, n) => ({ id: newId(), n }))
  await world.db
    .insertInto('membership')
    .values(
      people.map(({ id, n }) => ({
        id,
        organization_id: world.here.id,
        email: `big${n}@example.org`,
        email_key: `big${n}@example.org`,
        group_id: big,
        status: 'invited',
        invite: 'pending_activation',
      })),
    )
    .execute()
  const asked = await world.ana.get(at(big, 'delete'))
  expect(asked.text).toContain('2,100 people of Big move to Default')
  expect((await world.ana.post(at(big, 'delete'), hiddenIn(asked.html))).status).toBe(303)
  const moved = await world.db
    .selectFrom('membership')
    .select('id')
    .where('organization_id', '=', world.here.id)
    .where('group_id', '=', world.here.defaultGroup)
    .execute()
  expect(moved).toHaveLength(2104)
  expect((await eventsOf(big)).map(({ act }) => act)).toEqual([
    'group.members_moved',
    'group.members_moved',
    'group.deleted',
  ])
}, 60_000)
