import { beforeEach, describe, expect, test } from 'vitest'
import { allPermissions } from '../../src/platform/access/permissions.ts'
import { newId, shortId } from '../../src/platform/ids.ts'
import { hiddenIn } from '../support/acts.ts'
import type { Browser } from '../support/browser.ts'
import { helper, signInWith, works } from '../support/given.ts'
import { makeCustomRole, organization } from '../support/world.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeEach(async () => {
  world = await organization()
})

const at = (id: string, act = '') => `roles/${shortId(id)}${act && `/${act}`}`
const roleRows = () =>
  world.db
    .selectFrom('custom_role')
    .selectAll()
    .where('organization_id', '=', world.here.id)
    .orderBy('sort_name')
    .execute()
const given = async (id: string) =>
  (await world.db.selectFrom('custom_role_permission').select('permission').where('role_id', '=', id).execute())
    .map((one) => one.permission)
    .sort()
const eventsOf = (id: string) =>
  world.db
    .selectFrom('event')
    .select(['act', 'changes', 'actor_id'])
    .where('subject_id', '=', id)
    .orderBy('id')
    .execute()
const holders = (id: string) =>
  world.db.selectFrom('membership_role').select('membership_id').where('role_id', '=', id).execute()

/** The hidden fields and what is ticked: what the page's own button would send. */
async function fill(browser: Browser, path: string, fields: Record<string, string | string[]> = {}) {
  const { html } = await browser.get(path)
  const { permissions: _, ...hidden } = hiddenIn(html)
  const typed = Object.fromEntries(
    [...html.matchAll(/<input id="(\w+)" name="\w+"[^>]*? type="text"[^>]*?value="([^"]*)"/g)].map(
      ([, name, value]) => [name, value ?? ''],
    ),
  )
  const ticked = [
    ...html.matchAll(
      /<input type="(?:checkbox" name="permissions" value="([^"]+)" checked=""(?! disabled)|hidden" name="permissions" value="([^"]+)")/g,
    ),
  ].map(([, one, other]) => one ?? other ?? '')
  return { ...hidden, ...typed, permissions: ticked, ...fields }
}
const send = async (browser: Browser, path: string, fields: Record<string, string | string[]> = {}) =>
  browser.post(path, await fill(browser, path, fields))

test('a stranger from another organization gets the same 404 as for nobody', async () => {
  const id = await makeCustomRole(world.db, world.here.id, 'Lead', ['claims.view'])
  const there = await makeCustomRole(world.db, world.elsewhere.id, 'Theirs')
  for (const path of ['roles', 'roles/new', at(id), at(id, 'delete')])
    expect((await world.stella.get(`/o/${world.here.slug}/${path}`)).status).toBe(404)
  for (const who of [world.stella, world.ana])
    for (const path of [at(who === world.ana ? there : id), at(newId())]) {
      expect((await who.get(path)).status).toBe(404)
      expect((await who.post(path, { version: '1', name: 'Mine', description: '' })).status).toBe(404)
      expect((await who.post(`${path}/delete`, { version: '1' })).status).toBe(404)
    }
  expect(await roleRows()).toMatchObject([{ name: 'Lead', version: 1 }])
})

test('who may not manage roles is refused, and has no tab for it', async () => {
  for (const browser of [world.vera, world.dev, world.gus, world.mia]) {
    for (const path of ['roles', 'roles/new']) expect((await browser.get(path)).status).toBe(403)
    expect((await browser.post('roles/new', { key: newId(), name: 'X' })).status).toBe(403)
  }
  expect((await world.vera.get('members')).html).not.toContain('/roles"')
  expect((await world.ana.get('members')).html).toContain(`href="/o/${world.here.slug}/roles"`)
})

test('Ana makes the first role, renames it, changes what it gives, and deletes it', async () => {
  const { ana } = world
  const empty = await ana.get('roles')
  expect(empty.text).toContain('No roles yet')
  expect(
    (
      await send(ana, 'roles/new', {
        name: '  Claims   lead ',
        description: 'Leads',
        permissions: ['claims.view', 'claims.edit'],
      })
    ).location,
  ).toBe(`/o/${world.here.slug}/roles`)
  const [role] = await roleRows()
  if (!role) throw new Error('no role')
  expect(role).toMatchObject({ name: 'Claims lead', description: 'Leads' })
  expect(await given(role.id)).toEqual(['claims.edit', 'claims.view'])
  const mia = await world.enter({ first: 'Mina', customRoles: [role.id] })
  const list = await ana.get('roles')
  expect(list.text).toContain('Claims lead Leads 1 person 2 permissions')
  expect(list.html).toContain(`href="/o/${world.here.slug}/members?role=${shortId(role.id)}"`)
  expect((await ana.get(`members?role=${shortId(role.id)}`)).text).toContain('1 person matches')

  const changed = await send(ana, at(role.id), { name: 'Claims head', permissions: ['claims.edit', 'members.view'] })
  expect(changed.status).toBe(303)
  expect(await given(role.id)).toEqual(['claims.edit', 'members.view'])
  expect((await mia.get('members')).status).toBe(200)

  const asked = await ana.get(at(role.id, 'delete'))
  expect(asked.text).toContain('is taken from 1 person')
  expect(asked.text).toContain('Mina 2 permissions')
  expect((await ana.post(at(role.id, 'delete'), hiddenIn(asked.html))).status).toBe(303)
  expect(await roleRows()).toEqual([])
  expect((await mia.get('members')).status).toBe(403)
  expect(
    await world.db.selectFrom('membership').select(['role_ids', 'version']).where('id', '=', mia.person.id).execute(),
  ).toEqual([{ role_ids: [], version: 2 }])
  const actor_id = ana.person.accountId
  expect(await eventsOf(role.id)).toEqual([
    {
      act: 'role.created',
      actor_id,
      changes: { role: [null, 'Claims lead'], permissions: [[], ['claims.view', 'claims.edit']] },
    },
    { act: 'role.renamed', actor_id, changes: { role: ['Claims lead', 'Claims head'] } },
    {
      act: 'role.permissions_changed',
      actor_id,
      changes: {
        permissions: [
          ['claims.view', 'claims.edit'],
          ['members.view', 'claims.edit'],
        ],
      },
    },
    {
      act: 'role.deleted',
      actor_id,
      changes: { role: ['Claims head', null], permissions: [['members.view', 'claims.edit'], []], holders: 1 },
    },
  ])
})

describe('what is typed wrong comes back beside its field', () => {
  test.each([
    ['no name', { name: ' ' }, 'Enter a name for the role'],
    ['300 characters', { name: 'x'.repeat(300) }, 'The name can have at most 100 characters'],
    ['a name that is there, in other letters', { name: 'LÉAD' }, 'There is a role with this name already'],
    ['a permission that isn’t one', { name: 'New', permissions: ['claims.view', 'root'] }, 'Choose from the list'],
  ])('%s', async (_, fields, sentence) => {
    await makeCustomRole(world.db, world.here.id, 'Lead')
    const other = await makeCustomRole(world.db, world.here.id, 'Other')
    for (const path of ['roles/new', at(other)]) {
      const answer = await send(world.ana, path, { description: 'Kept <b>', ...fields })
      expect(answer.status).toBe(422)
      expect(answer.text).toContain(sentence)
      expect(answer.html).toContain('value="Kept &lt;b&gt;"')
      expect(answer.html).toMatch(/href="#(name|permissions)"/)
    }
    expect((await roleRows()).map((role) => [role.name, role.version])).toEqual([
      ['Lead', 1],
      ['Other', 1],
    ])
  })
  test('a name that runs the other way stands by itself, and overrides of direction are left out', async () => {
    await send(world.ana, 'roles/new', { name: 'ראש \u202eצוות' })
    expect((await roleRows()).map((role) => role.name)).toEqual(['ראש צוות'])
    expect((await world.ana.get('roles')).html).toContain('<bdi>ראש צוות</bdi>')
  })
})

test('the same form sent twenty times makes one role, and each leads to the list', async () => {
  const { html } = await world.ana.get('roles/new')
  const fields = { ...hiddenIn(html), name: 'Lead', description: '', permissions: ['claims.view'] }
  const answers = await Promise.all(Array.from({ length: 20 }, () => world.ana.post('roles/new', fields)))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]))
  expect(await roleRows()).toHaveLength(1)
  const again = await world.ana.post('roles/new', { ...fields, name: 'Second' })
  expect(again.status).toBe(422)
  expect(again.text).toContain('This form has made the role “Lead” already')
  expect((await world.ana.post('roles/new', { ...hiddenIn(again.html), name: 'Second', description: '' })).status).toBe(
    303,
  )
  expect(await roleRows()).toHaveLength(2)
})

test('an organization has at most 100 roles, also when the last two are made at once', async () => {
  for (let n = 0; n < 99; n++) await makeCustomRole(world.db, world.here.id, `Role ${n}`)
  const answers = await Promise.all(['One', 'Two'].map((name) => send(world.ana, 'roles/new', { name })))
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 422])
  expect(answers.find(({ status }) => status === 422)?.text).toContain('can have 100 roles')
  expect(await roleRows()).toHaveLength(100)
})

test('of two Admins who change one role the second is told, and what they typed is still there', async () => {
  const id = await makeCustomRole(world.db, world.here.id, 'Lead', ['claims.view'])
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  const late = await fill(bea, at(id), { name: 'Bea’s name', permissions: ['claims.edit'] })
  await send(world.ana, at(id), { name: 'Ana’s name' })
  const answer = await bea.post(at(id), late)
  expect(answer.status).toBe(409)
  expect(answer.html).toContain('value="Bea’s name"')
  expect(answer.text).toContain('Somebody else changed this')
  expect(answer.text).toContain('Ana’s name')
  expect(answer.html).toMatch(/value="claims.edit" checked/)
  expect(await given(id)).toEqual(['claims.view'])
  expect((await bea.post(at(id), { ...late, ...hiddenIn(answer.html), permissions: ['claims.edit'] })).status).toBe(303)
  expect((await roleRows()).map((role) => role.name)).toEqual(['Bea’s name'])
  expect((await bea.post(at(id, 'delete'), { version: '1' })).status).toBe(409)
})

describe('nobody gives what they don’t hold', () => {
  const keeper = () => world.enter({ first: 'Kay', permissions: ['roles.manage', 'claims.view', 'members.view'] })

  test('not by a new role, not by one that is there, and not by taking it away', async () => {
    const kay = await keeper()
    const forged = await send(kay, 'roles/new', { name: 'Power', permissions: ['claims.view', 'claims.all'] })
    expect(forged.status).toBe(422)
    expect(forged.text).toContain('You can’t give “View all claims”, which you don’t have yourself')
    const id = await makeCustomRole(world.db, world.here.id, 'Lead', ['audit.view', 'claims.view'])
    expect((await send(kay, at(id), { permissions: ['audit.view', 'claims.edit'] })).status).toBe(422)
    const taking = await send(kay, at(id), { permissions: ['claims.view'] })
    expect([taking.status, taking.text.includes('You can’t take away “View the audit log”')]).toEqual([422, true])
    expect((await kay.post(at(id, 'delete'), { version: '1' })).status).toBe(422)
    expect(await given(id)).toEqual(['audit.view', 'claims.view'])
    // What Kay holds, Kay gives and takes; what they don't hold stays, though its box is closed to them.
    const { html } = await kay.get(at(id))
    expect(html).toMatch(/value="audit.view" checked="" disabled/)
    expect((await send(kay, at(id), { permissions: ['audit.view'] })).status).toBe(303)
    expect(await given(id)).toEqual(['audit.view'])
  })

  test('nobody changes a role that they hold themselves, but for its name; an Admin’s own change nothing for them', async () => {
    const id = await makeCustomRole(world.db, world.here.id, 'Lead', ['claims.view'])
    const kay = await world.enter({ first: 'Kay', customRoles: [id], permissions: ['roles.manage', 'claims.edit'] })
    const { text, html } = await kay.get(at(id))
    expect(text).toContain('You hold this role yourself')
    expect(html).not.toContain('Delete role')
    const refused = await send(kay, at(id), { permissions: ['claims.view', 'claims.edit'] })
    expect([refused.status, refused.text.includes('nobody changes their own permissions')]).toEqual([403, true])
    expect((await kay.post(at(id, 'delete'), { version: '1' })).status).toBe(403)
    expect(await given(id)).toEqual(['claims.view'])
    expect((await send(kay, at(id), { name: 'Head' })).status).toBe(303)
    expect((await roleRows()).map((role) => role.name)).toEqual(['Head'])
    const adam = await world.enter({ first: 'Adam', role: 'admin', customRoles: [id] })
    expect((await send(adam, at(id), { permissions: ['claims.edit'] })).status).toBe(303)
  })

  const above: [string, (id: string) => Parameters<typeof world.add>[0]][] = [
    ['an Admin', (id) => ({ role: 'admin', customRoles: [id] })],
    ['somebody with a direct permission', (id) => ({ customRoles: [id], permissions: ['claims.all'] })],
    ['a Viewer, who reads more', (id) => ({ role: 'viewer', customRoles: [id] })],
    ['a Group manager, who may invite', (id) => ({ customRoles: [id], group: world.intake, manages: true })],
  ]
  test.each(above)('nobody changes the access of somebody above them: %s', async (_, person) => {
    const kay = await keeper()
    const id = await makeCustomRole(world.db, world.here.id, 'Lead', ['claims.view'])
    await world.add(person(id))
    expect((await kay.get(at(id))).text).toContain('has a permission that you don’t have')
    for (const permissions of [['claims.view', 'members.view'], []] as string[][])
      expect((await send(kay, at(id), { permissions })).status).toBe(403)
    expect((await kay.post(at(id, 'delete'), { version: '1' })).status).toBe(403)
    expect(await given(id)).toEqual(['claims.view'])
  })
  test('above is what is in effect: a Developer’s other permissions and those of people removed don’t count', async () => {
    const kay = await world.enter({ first: 'Kay', permissions: ['roles.manage', 'claims.view', 'developer.tools'] })
    const id = await makeCustomRole(world.db, world.here.id, 'Lead', ['claims.view'])
    await world.add({ role: 'developer', customRoles: [id], permissions: ['claims.all'] })
    await world.add({ role: 'admin', customRoles: [id], removed: true })
    expect((await send(kay, at(id), { permissions: [] })).status).toBe(303)
  })
  test('who loses roles.manage meanwhile is refused', async () => {
    const kay = await keeper()
    const fields = await fill(kay, 'roles/new', { name: 'Late' })
    await world.db.deleteFrom('membership_permission').where('membership_id', '=', kay.person.id).execute()
    expect((await kay.post('roles/new', fields)).status).toBe(403)
    expect(await roleRows()).toEqual([])
  })
})

test('everything can be given by an Admin at once, and fits into a form', async () => {
  expect((await send(world.ana, 'roles/new', { name: 'All', permissions: allPermissions })).status).toBe(303)
})

test('deleting names the first ten who hold it, and says how many there are and what each loses', async () => {
  const id = await makeCustomRole(world.db, world.here.id, 'Lead', ['claims.view', 'claims.edit'])
  for (let n = 10; n < 22; n++)
    await world.add({
      first: 'Holder',
      last: `Number ${n}`,
      customRoles: [id],
      permissions: n === 10 ? ['claims.view'] : [],
    })
  const { text } = await world.ana.get(at(id, 'delete'))
  expect(text).toContain('is taken from 12 people')
  expect(text).toContain('The first 10 by name')
  expect(text).toContain('Holder Number 10 1 permission Holder Number 11 2 permissions')
  expect(text).not.toContain('Number 20')
  const kay = await world.enter({ first: 'Kay', permissions: ['roles.manage', 'claims.view', 'claims.edit'] })
  const blind = await kay.get(at(id, 'delete'))
  expect(blind.text).toContain('12 people')
  expect(blind.html).not.toContain('Holder')
})

test('a role that is deleted while it is given to somebody: one comes first, and nobody holds what isn’t there', async () => {
  const id = await makeCustomRole(world.db, world.here.id, 'Lead', ['claims.view'])
  const giving = async () => {
    await world.db
      .insertInto('membership_role')
      .values({ organization_id: world.here.id, membership_id: world.mia.person.id, role_id: id })
      .execute()
  }
  const [deleted] = await Promise.allSettled([world.ana.post(at(id, 'delete'), { version: '1' }), giving()])
  expect(deleted.status === 'fulfilled' && deleted.value.status).toBe(303)
  expect(await holders(id)).toEqual([])
  await expect(giving()).rejects.toMatchObject({ code: '23503' })
})

test('what a helper gave to those who hold a role ends when the role gives more, and Ana is told for how many', async () => {
  const { ana, mia, db, here } = world
  const lead = await makeCustomRole(db, here.id, 'Lead', ['claims.view'])
  const lou = await world.add({ first: 'Lou', customRoles: [lead] })
  const max = await world.add({ first: 'Max', customRoles: [lead] })
  const cy = await helper(world, 'claims.view')
  const [password, link, others] = [await cy.password(lou), await cy.link(max), await cy.link(mia.person)]
  await send(ana, at(lead), { name: 'Leader', permissions: [] })
  expect(await works(world, link)).toBe(true)
  const saved = await send(ana.swap as never, at(lead), { permissions: ['claims.view'] })
  expect(saved.html).toContain('Leader was saved. The links or first passwords that were given to 2 of them')
  expect([await works(world, link), await works(world, others)]).toEqual([false, true])
  expect(await signInWith(world, lou, password)).toBeNull()
})
