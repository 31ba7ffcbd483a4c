import { beforeEach, describe, expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { actOn as at, hiddenIn } from '../support/acts.ts'
import type { Answer, Browser } from '../support/browser.ts'
import { accountOf, helper, signInWith, works } from '../support/given.ts'
import { makeCustomRole, makeGroup, organization, type Person } from '../support/world.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeEach(async () => {
  world = await organization()
})

const rowOf = (person: Person) =>
  world.db.selectFrom('membership').selectAll().where('id', '=', person.id).executeTakeFirstOrThrow()
const directOf = async (person: Person) =>
  (
    await world.db
      .selectFrom('membership_permission')
      .select('permission')
      .where('membership_id', '=', person.id)
      .orderBy('permission')
      .execute()
  ).map(({ permission }) => permission)
const rolesOf = async (person: Person) =>
  (await world.db.selectFrom('membership_role').select('role_id').where('membership_id', '=', person.id).execute()).map(
    ({ role_id }) => role_id,
  )
const eventsOf = (person: Person) =>
  world.db
    .selectFrom('event')
    .select(['act', 'actor_id', 'changes'])
    .where('subject_id', '=', person.id)
    .orderBy('id')
    .execute()

/** The form as the page fills it: what a browser would send when only Save is pressed. */
function filled(html: string): Record<string, string | string[]> {
  const checked = (name: string) =>
    [...html.matchAll(new RegExp(`<input type="(?:radio|checkbox)" name="${name}" value="([^"]*)"([^>]*)`, 'g'))]
      .filter(([, , rest = '']) => / checked/.test(rest) && !/ disabled/.test(rest))
      .map(([, value = '']) => value)
  const group = /<option value="([^"]*)" selected/.exec(html)?.[1]
  const fields: Record<string, string | string[]> = { ...hiddenIn(html), ...(group !== undefined && { group }) }
  for (const name of ['role', 'group_manager', 'custom_role', 'permission'])
    if (checked(name).length > 0) fields[name] = checked(name)
  return fields
}
const change = async (browser: Browser, person: Person, fields: Record<string, string | string[]>) => {
  const { html } = await browser.get(at(person, 'access'))
  return browser.post(at(person, 'access'), { ...filled(html), ...fields })
}
const errorOf = ({ html }: Answer, name: string) =>
  new RegExp(`id="${name}-error">.*?</svg>(.*?)</p>`, 's').exec(html)?.[1]?.replaceAll('&quot;', '"')

test('a stranger from another organization gets the same 404 as for nobody', async () => {
  for (const ask of [
    world.stella.get(at(world.mia.person, 'access')),
    world.stella.post(at(world.mia.person, 'access'), {}),
  ])
    expect((await ask).status).toBe(404)
})

test('Ana changes role, group, mark, custom roles and permissions of Mia at once, and one event tells all of it', async () => {
  const { ana, mia, db, here, intake } = world
  const lead = await makeCustomRole(db, here.id, 'Lead', ['claims.edit'])
  const night = await makeCustomRole(db, here.id, 'Night', [])
  expect((await mia.get('members')).status).toBe(403)
  const answer = await change(ana, mia.person, {
    role: 'member',
    group: shortId(intake),
    group_manager: 'on',
    custom_role: [shortId(lead), shortId(night)],
    permission: ['members.view', 'claims.all'],
  })
  expect([answer.status, answer.location]).toEqual([303, `/o/${here.slug}/members/${shortId(mia.person.id)}`])
  expect(await rowOf(mia.person)).toMatchObject({
    organization_role: 'member',
    group_id: intake,
    manages_group: true,
    role_ids: [lead, night],
    status: 'active',
    version: 2,
  })
  expect((await rolesOf(mia.person)).toSorted()).toEqual([lead, night].toSorted())
  expect(await directOf(mia.person)).toEqual(['claims.all', 'members.view'])
  // On the very next request.
  expect((await mia.get('members')).status).toBe(200)

  await change(ana, mia.person, { custom_role: shortId(night), permission: 'members.view' })
  expect(await rolesOf(mia.person)).toEqual([night])
  expect((await rowOf(mia.person)).role_ids).toEqual([night])
  expect(await directOf(mia.person)).toEqual(['members.view'])
  expect(await eventsOf(mia.person)).toEqual([
    {
      act: 'membership.access_changed',
      actor_id: ana.person.accountId,
      changes: {
        group: [here.defaultGroup, intake],
        group_manager: [false, true],
        custom_role: [[], [lead, night].toSorted()],
        permission: [[], ['claims.all', 'members.view']],
      },
    },
    {
      act: 'membership.access_changed',
      actor_id: ana.person.accountId,
      changes: {
        custom_role: [[lead, night].toSorted(), [night]],
        permission: [['claims.all', 'members.view'], ['members.view']],
      },
    },
  ])
})

test('the form shows what they have, and saving it as it is changes and records nothing', async () => {
  const { ana, gus } = world
  const lead = await makeCustomRole(world.db, world.here.id, 'Lead', ['claims.edit'])
  await change(ana, gus.person, { custom_role: shortId(lead), permission: 'claims.all' })
  const { html } = await ana.get(at(gus.person, 'access'))
  expect(filled(html)).toEqual({
    version: '2',
    role: ['member'],
    group: shortId(world.intake),
    group_manager: ['on'],
    custom_role: [shortId(lead)],
    permission: ['claims.all'],
  })
  expect((await change(ana, gus.person, {})).status).toBe(303)
  expect((await rowOf(gus.person)).version).toBe(2)
  expect(await eventsOf(gus.person)).toHaveLength(1)
})

test('with htmx the answer is the fresh panel and what was done', async () => {
  const { ana, mia } = world
  const form = await ana.swap.get(at(mia.person, 'access'))
  expect(form.html).toContain('id="panel"')
  const answer = await ana.swap.post(at(mia.person, 'access'), { ...filled(form.html), role: 'viewer' })
  expect(answer.status).toBe(200)
  expect(answer.html).toContain('<template data-said="Access changed.">')
  expect(answer.html).toMatch(/<tr><th scope="row" class="name"><a [^>]*>Mia<\/a>.*Viewer/s)
})

describe('who may', () => {
  test('nobody changes their own, and the panel offers it to nobody who may not', async () => {
    const { ana, vera, gus, mia, ian } = world
    expect((await ana.get(at(ana.person, 'access'))).text).toContain('Nobody changes their own')
    expect((await ana.post(at(ana.person, 'access'), { version: '1', role: 'viewer' })).status).toBe(403)
    for (const browser of [vera, gus, mia])
      for (const ask of [
        browser.get(at(ian.person, 'access')),
        browser.post(at(ian.person, 'access'), { version: '1' }),
      ])
        expect([403, 404]).toContain((await ask).status)
    for (const [browser, person] of [
      [ana, ana],
      [vera, mia],
      [gus, ian],
    ] as const)
      expect((await browser.get(`members/${shortId(person.person.id)}`)).html).not.toContain('/access')
    expect((await ana.get(`members/${shortId(mia.person.id)}`)).html.match(/\/access"/g)).toHaveLength(2)
  })

  test('nobody changes somebody who holds what they lack', async () => {
    const nora = await world.enter({ first: 'Nora', permissions: ['members.view', 'members.access'] })
    const editor = await world.add({ first: 'Ed', permissions: ['claims.edit'] })
    for (const person of [world.ana.person, editor, world.dev.person]) {
      const refused = await nora.get(at(person, 'access'))
      expect(refused.status).toBe(403)
      expect(refused.text).toContain('which you don’t')
    }
    expect((await nora.get(at(world.mia.person, 'access'))).status).toBe(200)
  })
})

describe('nobody gives what they don’t hold', () => {
  const entered = () =>
    world.enter({ first: 'Nora', permissions: ['members.view', 'members.access', 'claims.view', 'cases.view'] })

  test('such choices are shown, disabled, with the reason', async () => {
    const nora = await entered()
    await makeCustomRole(world.db, world.here.id, 'Editors', ['claims.edit'])
    await makeCustomRole(world.db, world.here.id, 'Lookers', ['claims.view'])
    await makeGroup(world.db, world.here.id, 'Property', ['claims.edit'])
    const { html, text } = await nora.get(at(world.mia.person, 'access'))
    for (const role of ['admin', 'viewer', 'developer'])
      expect(html).toMatch(new RegExp(`name="role" value="${role}"[^>]* disabled`))
    expect(html).not.toMatch(/name="role" value="member"[^>]* disabled/)
    expect(text).toContain('Editors gives “Edit claims”, which you don’t hold.')
    expect(text).not.toContain('Lookers gives')
    expect(html).toMatch(/<option [^>]*disabled[^>]*>Property: Property gives “Edit claims”/)
    expect(html).toMatch(/value="claims.edit"[^>]* disabled/)
    expect(html).not.toMatch(/value="claims.view"[^>]* disabled/)
    expect(html).toMatch(/name="group_manager"[^>]* disabled/)
  })

  test('and sent all the same they are refused beside their field, with the other values kept', async () => {
    const nora = await entered()
    const editors = await makeCustomRole(world.db, world.here.id, 'Editors', ['claims.edit'])
    const property = await makeGroup(world.db, world.here.id, 'Property', ['claims.edit'])
    const tries: [field: string, fields: Record<string, string | string[]>][] = [
      ['role', { role: 'admin' }],
      ['role', { role: 'viewer' }],
      ['role', { role: 'developer' }],
      ['group', { group: shortId(property) }],
      ['custom_role', { custom_role: shortId(editors) }],
      ['permission', { permission: ['claims.view', 'claims.edit'] }],
      ['group_manager', { group: shortId(world.intake), group_manager: 'on' }],
    ]
    for (const [field, fields] of tries) {
      const answer = await change(nora, world.mia.person, { permission: 'claims.view', ...fields })
      expect([field, answer.status]).toEqual([field, 422])
      expect(errorOf(answer, field), field).toMatch(/you don’t/i)
      expect(filled(answer.html).permission).toContain('claims.view')
    }
    expect((await rowOf(world.mia.person)).version).toBe(1)
    expect((await change(nora, world.mia.person, { permission: 'claims.view' })).status).toBe(303)
  })

  test('nor by lifting a ceiling, under which somebody has more than shows', async () => {
    const nora = await world.enter({ first: 'Nora', role: 'admin' })
    const viewer = await world.add({ first: 'Val', role: 'developer', permissions: ['claims.edit', 'claims.view'] })
    const { text } = await nora.get(`members/${viewer.id}`)
    expect(text).toContain('Not effective')
    const lesser = await world.enter({
      first: 'Les',
      permissions: ['members.view', 'members.access', 'developer.tools', 'claims.view'],
    })
    const refused = await change(lesser, viewer, { role: 'member' })
    expect(refused.status).toBe(422)
    expect(errorOf(refused, 'role')).toContain('they would hold “Edit claims” in effect')
    expect((await change(lesser, viewer, { role: 'member', permission: 'claims.view' })).status).toBe(303)
    expect(await directOf(viewer)).toEqual(['claims.view'])
  })
})

describe('Admin goes with the Default group', () => {
  test('moving an Admin to a custom group says that Admin ends, and asks for the new role', async () => {
    const { ana, intake } = world
    const bea = await world.add({ first: 'Bea', role: 'admin' })
    await usable(ana.person)
    const first = await change(ana, bea, { group: shortId(intake) })
    expect(first.status).toBe(422)
    expect(errorOf(first, 'role')).toBe(
      'Admin goes with the Default group, so it ends with the move to Intake. Choose the new role.',
    )
    const again = filled(first.html)
    expect(again).toMatchObject({ group: shortId(intake) })
    expect(again).not.toHaveProperty('role')
    expect((await ana.post(at(bea, 'access'), again)).status).toBe(422)
    expect((await ana.post(at(bea, 'access'), { ...again, role: 'member' })).status).toBe(303)
    expect(await rowOf(bea)).toMatchObject({ organization_role: 'member', group_id: intake })
  })

  test('somebody of a custom group becomes Admin only together with the Default group, and has no custom roles then', async () => {
    const { ana, ian, here, db } = world
    const lead = await makeCustomRole(db, here.id, 'Lead', [])
    await change(ana, ian.person, { custom_role: shortId(lead) })
    const refused = await change(ana, ian.person, { role: 'admin' })
    expect(errorOf(refused, 'role')).toContain('Choose that group, or another role for Intake')
    // What they chose stays chosen: only the group is left to choose.
    expect(filled(refused.html)).toMatchObject({ role: ['admin'] })
    const form = await ana.swap.get(at(ian.person, 'access'))
    const done = await ana.swap.post(at(ian.person, 'access'), {
      ...filled(form.html),
      role: 'admin',
      group: shortId(here.defaultGroup),
    })
    expect(done.html).toContain('Their custom roles ended')
    expect(await rowOf(ian.person)).toMatchObject({ organization_role: 'admin', role_ids: [] })
    expect(await rolesOf(ian.person)).toEqual([])
  })

  test('nobody manages the Default group; who leaves their group stops managing it, and is told before and after', async () => {
    const { ana, gus, mia, here, db } = world
    const none = await change(ana, mia.person, { group_manager: 'on' })
    expect(errorOf(none, 'group_manager')).toContain('Nobody manages the Default group')
    const marine = await makeGroup(db, here.id, 'Marine')
    const form = await ana.swap.get(at(gus.person, 'access'))
    expect(form.text).toContain('Ends when they move to another group.')
    const done = await ana.swap.post(at(gus.person, 'access'), { ...filled(form.html), group: shortId(marine) })
    expect(done.html).toContain('They don’t manage their former group anymore.')
    expect(await rowOf(gus.person)).toMatchObject({ group_id: marine, manages_group: false })
    expect((await eventsOf(gus.person))[0]?.changes).toEqual({
      group: [world.intake, marine],
      group_manager: [true, false],
    })
  })

  test('the last Admin who can sign in stays Admin', async () => {
    const { ana } = world
    const bea = await world.enter({ first: 'Bea', role: 'admin' })
    const refused = await change(bea, ana.person, { role: 'member' })
    expect(refused.status).toBe(422)
    expect(errorOf(refused, 'role')).toContain('the last Admin who can sign in')
    await usable(bea.person)
    expect((await change(bea, ana.person, { role: 'member' })).status).toBe(303)
  })
})

/** An Admin counts as one who can sign in with a password. */
const usable = (person: Person) =>
  world.db
    .updateTable('account')
    .set({ password_hash: 'x' })
    .where('id', '=', person.accountId ?? '')
    .execute()

describe('what isn’t there', () => {
  test('a group or a role that was deleted meanwhile is said beside its field, and the rest is kept', async () => {
    const { ana, mia, here, db } = world
    const marine = await makeGroup(db, here.id, 'Marine')
    const lead = await makeCustomRole(db, here.id, 'Lead')
    const night = await makeCustomRole(db, here.id, 'Night')
    const { html } = await ana.get(at(mia.person, 'access'))
    await db.deleteFrom('member_group').where('id', '=', marine).execute()
    await db.deleteFrom('custom_role').where('id', '=', lead).execute()
    const mine = { ...filled(html), custom_role: [shortId(lead), shortId(night)], permission: 'claims.all' }
    const noGroup = await ana.post(at(mia.person, 'access'), { ...mine, group: shortId(marine) })
    expect(noGroup.status).toBe(422)
    expect(errorOf(noGroup, 'group')).toContain('isn’t there anymore')
    expect(filled(noGroup.html)).toMatchObject({ custom_role: [shortId(night)], permission: ['claims.all'] })
    const noRole = await ana.post(at(mia.person, 'access'), mine)
    expect(errorOf(noRole, 'custom_role')).toContain('isn’t there anymore')
    expect((await ana.post(at(mia.person, 'access'), filled(noRole.html))).status).toBe(303)
    expect(await rolesOf(mia.person)).toEqual([night])
  })

  test('nor are those of another organization', async () => {
    const { ana, mia, elsewhere, db } = world
    const theirs = await makeCustomRole(db, elsewhere.id, 'Canary role')
    const tries: Record<string, string>[] = [{ group: elsewhere.defaultGroup }, { custom_role: theirs }]
    for (const fields of tries) {
      const answer = await change(ana, mia.person, fields)
      expect(answer.status).toBe(422)
      expect(answer.html).not.toContain('Canary')
    }
    expect((await rowOf(mia.person)).version).toBe(1)
  })

  test('forged values are refused beside their field, and forged fields altogether', async () => {
    const { ana, mia } = world
    const tries: [string, Record<string, string | string[]>, number][] = [
      ['role', { role: 'root' }, 422],
      ['group', { group: 'nonsense' }, 422],
      ['group', { group: '' }, 422],
      ['permission', { permission: '__proto__' }, 422],
      ['custom_role', { custom_role: 'nonsense' }, 422],
      ['group_manager', { group_manager: 'yes' }, 422],
      ['status', { status: 'removed' }, 400],
      ['role twice', { role: ['admin', 'viewer'] }, 400],
    ]
    for (const [name, fields, status] of tries) {
      const answer = await change(ana, mia.person, fields)
      expect([name, answer.status]).toEqual([name, status])
      if (status === 422) expect(errorOf(answer, name), name).toBeTruthy()
    }
    expect((await ana.post(at(mia.person, 'access'), {})).status).toBe(422)
    expect((await rowOf(mia.person)).version).toBe(1)
  })
})

test('another role or group ends that the person confirmed who they are; a direct permission doesn’t', async () => {
  const { ana, mia, db } = world
  const confirmed = async () =>
    (
      await db
        .selectFrom('session')
        .select('confirmed_at')
        .where('account_id', '=', mia.person.accountId ?? '')
        .execute()
    ).map(({ confirmed_at }) => confirmed_at !== null)
  await change(ana, mia.person, { permission: 'claims.all' })
  expect(await confirmed()).toEqual([true])
  await change(ana, mia.person, { role: 'viewer' })
  expect(await confirmed()).toEqual([false])
  expect((await mia.get('members/me')).status).toBe(200)
})

describe('what somebody else may know to sign in as them', () => {
  test('a reset link and a new email that a helper began end when the person may get more, and Ana is told', async () => {
    const { ana, mia } = world
    const cy = await helper(world)
    const link = await cy.link(mia.person)
    await cy.newEmail(mia.person)
    expect(await works(world, link)).toBe(true)
    const answer = await change(ana.swap as never, mia.person, { permission: 'claims.all' })
    expect(answer.html).toContain('has ended: give them a new one')
    expect(await works(world, link)).toBe(false)
    expect(await accountOf(world, mia.person)).toMatchObject({ new_email: null, reset_expires_at: null })
  })

  test('who signed in with a password that a helper gave doesn’t get to choose the next one', async () => {
    const { ana, mia, stranger } = world
    const given = await (await helper(world)).password(mia.person)
    const signedIn = await stranger.post('/sign-in', { login: mia.person.email, password: given })
    expect(signedIn.location).toBe('/sign-in/new-password')
    expect((await stranger.get('/sign-in/new-password')).status).toBe(200)
    await change(ana, mia.person, { role: 'viewer' })
    const next = { password: 'a door that Cy would hold open', password_again: 'a door that Cy would hold open' }
    expect((await stranger.post('/sign-in/new-password', next)).location).toBe('/sign-in')
    expect(await accountOf(world, mia.person)).toMatchObject({ must_change_password: true, password_hash: null })
  })

  test('nor does who is just sending it, in 20 rounds', async () => {
    const { ana, stranger } = world
    const cy = await helper(world)
    for (let round = 0; round < 20; round++) {
      const person = await world.add({ first: `Pat${round}` })
      const given = await cy.password(person)
      await stranger.post('/sign-in', { login: person.email, password: given })
      const { html } = await ana.get(at(person, 'access'))
      const next = { password: 'a door that Cy would hold open', password_again: 'a door that Cy would hold open' }
      const [sent, changed] = await Promise.all([
        stranger.post('/sign-in/new-password', next),
        ana.post(at(person, 'access'), { ...filled(html), role: 'viewer' }),
      ])
      expect(changed.status).toBe(303)
      const { must_change_password, password_hash } = await accountOf(world, person)
      // Before it, the account was theirs already; after it nothing is.
      if (must_change_password) expect([sent.location, password_hash]).toEqual(['/sign-in', null])
      else expect(sent.location).toBe('/')
      await stranger.post('/sign-out')
    }
  })

  test('who sends it after a sign-in that was read before has a password no more', async () => {
    const { ana, mia, stranger, db } = world
    const given = await (await helper(world)).password(mia.person)
    await stranger.post('/sign-in', { login: mia.person.email, password: given })
    const accountId = mia.person.accountId ?? ''
    const sessions = await db.selectFrom('session').selectAll().where('account_id', '=', accountId).execute()
    await change(ana, mia.person, { role: 'viewer' })
    // As if that request had been let in by its session just before.
    await db.insertInto('session').values(sessions).execute()
    const next = { password: 'a door that Cy would hold open', password_again: 'a door that Cy would hold open' }
    await stranger.post('/sign-in/new-password', next)
    expect(await accountOf(world, mia.person)).toMatchObject({ must_change_password: true, password_hash: null })
  })

  test('a password that a helper gave signs nobody in anymore; one of their own stays', async () => {
    const { ana, mia, db } = world
    const given = await (await helper(world)).password(mia.person)
    await change(ana, mia.person, { role: 'viewer' })
    expect(await signInWith(world, mia.person, given)).toBeNull()
    expect((await accountOf(world, mia.person)).password_hash).toBeNull()

    const { accountId } = world.ian.person
    const own = { must_change_password: false, password_expires_at: null, reset_expires_at: null }
    await db
      .updateTable('account')
      .set(own)
      .where('id', '=', accountId ?? '')
      .execute()
    const before = await accountOf(world, world.ian.person)
    await change(ana, world.ian.person, { role: 'viewer' })
    expect(await accountOf(world, world.ian.person)).toEqual(before)
  })
})

test('two tabs: the second keeps what was typed, and says who changed what', async () => {
  const { ana, mia } = world
  const bea = await world.enter({ first: 'Bea', last: 'Boss', role: 'admin' })
  const { html } = await ana.get(at(mia.person, 'access'))
  await change(bea, mia.person, { role: 'viewer', permission: 'claims.all' })
  const late = await ana.post(at(mia.person, 'access'), {
    ...filled(html),
    role: 'developer',
    permission: 'claims.edit',
  })
  expect(late.status).toBe(409)
  expect(late.text).toContain('Role, group or permissions changed by Bea Boss')
  expect(errorOf(late, 'role')).toBe('It is Viewer now.')
  expect(errorOf(late, 'permission')).toBe('Now: View all claims.')
  expect(filled(late.html)).toMatchObject({ version: '2', role: ['developer'], permission: ['claims.edit'] })
  expect((await rowOf(mia.person)).organization_role).toBe('viewer')
  expect((await ana.post(at(mia.person, 'access'), filled(late.html))).status).toBe(303)
  expect((await rowOf(mia.person)).organization_role).toBe('developer')
})

test('a button pressed twice saves once', async () => {
  const { ana, mia } = world
  const { html } = await ana.get(at(mia.person, 'access'))
  const fields = { ...filled(html), role: 'viewer' }
  const answers = await Promise.all(Array.from({ length: 8 }, () => ana.post(at(mia.person, 'access'), fields)))
  expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
  for (const { status } of answers) expect([303, 409]).toContain(status)
  expect(await eventsOf(mia.person)).toHaveLength(1)
})
