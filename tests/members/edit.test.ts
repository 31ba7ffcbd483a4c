import { beforeEach, expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { act, actOn as at, hiddenIn } from '../support/acts.ts'
import { makeGroup, makeRegion, organization, type Person } from '../support/world.ts'

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
    .where('act', '=', 'membership.edited')
    .orderBy('id')
    .execute()

/** The form of somebody whose row it is, as a browser would send it untouched. */
async function fieldsOf(person: Person) {
  const { first_name, last_name, title, cell_phone, office_phone, extension } = await rowOf(person)
  return { first_name, last_name, title, cell_phone, office_phone, extension }
}
async function edit(browser: typeof world.ana, person: Person, fields: Record<string, string>) {
  return act(browser, person, 'edit', { ...(await fieldsOf(person)), ...fields })
}

test('a stranger from another organization gets the same 404 as for nobody', async () => {
  const { stella, mia } = world
  expect((await stella.get(at(mia.person, 'edit'))).status).toBe(404)
  expect((await stella.post(at(mia.person, 'edit'), { version: '1' })).status).toBe(404)
})

test('Ana corrects a name and a number: table, order and search follow, and the log says which fields alone', async () => {
  const { ana, mia } = world
  const answer = await edit(ana, mia.person, {
    first_name: ' Zoë  Ann ',
    last_name: 'Ångström',
    title: 'Senior adjuster',
    cell_phone: '+46 (0)8-123.45/6',
    office_phone: '٠١٢٣',
    extension: '42',
  })
  expect([answer.status, answer.location]).toEqual([303, `/o/${world.here.slug}/members/${shortId(mia.person.id)}`])
  expect(await rowOf(mia.person)).toMatchObject({
    first_name: 'Zoë Ann',
    last_name: 'Ångström',
    title: 'Senior adjuster',
    cell_phone: '+46 (0)8-123.45/6',
    office_phone: '٠١٢٣',
    extension: '42',
    sort_name: 'angstrom\u0001zoe ann',
    sort_first: 'zoe ann\u0001angstrom',
    version: 2,
  })
  for (const q of ['angstrom', 'zoe', mia.person.email])
    expect((await ana.get(`members?q=${encodeURIComponent(q)}`)).html).toContain('>Zoë Ann<')
  expect((await ana.get('members?q=mia+member')).html).toContain('Nobody')
  const events = await eventsOf(mia.person)
  expect(events).toEqual([
    {
      act: 'membership.edited',
      actor_id: ana.person.accountId,
      changes: { fields: ['first_name', 'last_name', 'title', 'cell_phone', 'office_phone', 'extension'] },
    },
  ])
})

test('a username is still found after an edit', async () => {
  const { ana, mia, db } = world
  await db
    .updateTable('account')
    .set({ username: 'Quaxolotl', username_key: `quaxolotl-${mia.person.accountId}` })
    .where('id', '=', mia.person.accountId ?? '')
    .execute()
  await edit(ana, mia.person, { title: 'Clerk' })
  expect((await ana.get('members?q=quaxolotl')).html).toContain('>Mia<')
})

test('with htmx the answer is the fresh panel and row, and what is wrong comes back in the panel’s place', async () => {
  const { ana, mia } = world
  const path = at(mia.person, 'edit')
  const hidden = hiddenIn((await ana.swap.get(path)).html)
  const fields = { ...hidden, ...(await fieldsOf(mia.person)) }
  const wrong = await ana.swap.post(path, { ...fields, first_name: 'Maja', cell_phone: 'call me' })
  expect(wrong.status).toBe(422)
  expect(wrong.html).toContain('<section class="panel" id="panel"')
  expect(wrong.html).toContain('value="Maja"')
  expect(wrong.html).toContain('value="call me"')
  expect(wrong.html).toContain('<a href="#cell_phone">Cell phone can have digits')
  const right = await ana.swap.post(path, { ...fields, first_name: 'Maja' })
  expect([right.status, right.headers.get('hx-replace-url')]).toEqual([
    200,
    `/o/${world.here.slug}/members/${shortId(mia.person.id)}`,
  ])
  expect(right.html).toContain('<template data-said="Saved.">')
  expect(right.html).toMatch(/<th scope="row" class="name"><a [^>]*>Maja<\/a>/)
})

test('nothing changed is nothing written', async () => {
  const { ana, mia } = world
  expect((await edit(ana, mia.person, {})).status).toBe(303)
  expect(await rowOf(mia.person)).toMatchObject({ version: 1 })
  expect(await eventsOf(mia.person)).toEqual([])
})

test('of two tabs the second reads who changed what, keeps what was typed, and saves it on purpose', async () => {
  const { ana, mia } = world
  const bea = await world.enter({ first: 'Bea', last: 'Busy', role: 'admin' })
  const hidden = hiddenIn((await ana.get(at(mia.person, 'edit'))).html)
  const fields = await fieldsOf(mia.person)
  await edit(bea, mia.person, { title: 'Head of intake', last_name: 'Moss' })
  const late = await ana.post(at(mia.person, 'edit'), { ...hidden, ...fields, title: 'Adjuster' })
  expect(late.status).toBe(409)
  const told = late.text.replace(/ (?=[,:])/g, '')
  expect(told).toContain('Details changed (last name, title) by Bea Busy, Now')
  expect(told).toContain('Title: now “Head of intake”, you typed “Adjuster”')
  expect(told).toContain('Last name: now “Moss”, you typed “Member”')
  expect(told).not.toContain('First name: now')
  expect(late.html).toContain('value="Adjuster"')
  expect(await rowOf(mia.person)).toMatchObject({ title: 'Head of intake' })
  const again = await ana.post(at(mia.person, 'edit'), { ...fields, title: 'Adjuster', ...hiddenIn(late.html) })
  expect(again.status).toBe(303)
  expect(await rowOf(mia.person)).toMatchObject({ title: 'Adjuster', last_name: 'Member', version: 3 })
})

test('of twelve who save at the same moment one does, and the others are told', async () => {
  const { ana, mia } = world
  const hidden = hiddenIn((await ana.get(at(mia.person, 'edit'))).html)
  const fields = await fieldsOf(mia.person)
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) => ana.post(at(mia.person, 'edit'), { ...hidden, ...fields, title: `T${n}` })),
  )
  expect(answers.map(({ status }) => status).toSorted()).toEqual([303, ...Array(11).fill(409)])
  expect(await rowOf(mia.person)).toMatchObject({ version: 2 })
  expect(await eventsOf(mia.person)).toHaveLength(1)
})

test('a double click saves once, and ends as one click does', async () => {
  const { ana, mia } = world
  const hidden = hiddenIn((await ana.get(at(mia.person, 'edit'))).html)
  const fields = { ...hidden, ...(await fieldsOf(mia.person)), title: 'Clerk' }
  await ana.post(at(mia.person, 'edit'), fields)
  expect((await ana.post(at(mia.person, 'edit'), fields)).status).toBe(303)
  expect(await eventsOf(mia.person)).toHaveLength(1)
  // Another change by the same form isn't what was saved: they are told that it was oneself.
  const other = await ana.post(at(mia.person, 'edit'), { ...fields, title: 'Adjuster' })
  expect([other.status, other.text.includes('by you, elsewhere')]).toEqual([409, true])
})

test('region and area: areas stand under their region, and only together are they taken', async () => {
  const { ana, mia, db, here } = world
  const north = await makeRegion(db, here.id, 'North', ['Harbor', 'Hills'])
  const south = await makeRegion(db, here.id, 'South', ['Coast'])
  const [harbor = ''] = north.areas
  const form = await ana.get(at(mia.person, 'edit'))
  expect(form.html).toMatch(/<optgroup label="North"><option[^>]*>Harbor<\/option><option[^>]*>Hills/)
  expect((await edit(ana, mia.person, { region: shortId(north.id), area: shortId(harbor) })).status).toBe(303)
  expect(await rowOf(mia.person)).toMatchObject({ region_id: north.id, area_id: harbor })
  expect((await eventsOf(mia.person)).at(-1)?.changes).toEqual({
    fields: ['region', 'area'],
    region: [null, north.id],
    area: [null, harbor],
  })
  const mismatch = await edit(ana, mia.person, { region: shortId(south.id), area: shortId(harbor) })
  expect(mismatch.status).toBe(422)
  expect(mismatch.html).toContain('<a href="#area">Harbor is an area of North.')
  const alone = await edit(ana, mia.person, { region: '', area: shortId(harbor) })
  expect([alone.status, alone.text.includes('Choose that region too')]).toEqual([422, true])
  expect((await edit(ana, mia.person, { region: '', area: '' })).status).toBe(303)
  expect(await rowOf(mia.person)).toMatchObject({ region_id: null, area_id: null })
})

test('a region or area of another organization isn’t one of the choices, nor is nonsense', async () => {
  const { ana, mia, db, here, elsewhere } = world
  await makeRegion(db, here.id, 'North')
  const theirs = await makeRegion(db, elsewhere.id, 'Their-Canary', ['Their-Area'])
  for (const fields of [
    { region: shortId(theirs.id), area: '' },
    { region: theirs.id, area: theirs.areas[0] ?? '' },
    { region: '', area: shortId(theirs.areas[0] ?? '') },
    { region: 'nonsense', area: '' },
  ]) {
    const answer = await edit(ana, mia.person, fields)
    expect(answer.status).toBe(422)
    expect(answer.html).not.toContain('Canary')
  }
  expect(await rowOf(mia.person)).toMatchObject({ region_id: null, area_id: null, version: 1 })
})

test('until there are regions the field says where they come from, and the rest is saved', async () => {
  const { ana, mia } = world
  const form = await ana.get(at(mia.person, 'edit'))
  expect(form.text).toContain('No regions are defined yet. Define them in the settings')
  expect(form.html).not.toContain('<select')
  expect((await edit(ana, mia.person, { title: 'Clerk' })).status).toBe(303)
})

test('a Group manager edits contact details in the own group, and neither other groups nor anybody’s place', async () => {
  const { gus, ian, mia, vera, dev, db, here } = world
  const region = await makeRegion(db, here.id, 'North')
  const form = await gus.get(at(ian.person, 'edit'))
  expect([form.status, form.html.includes('name="region"')]).toEqual([200, false])
  expect((await edit(gus, ian.person, { cell_phone: '123' })).status).toBe(303)
  expect(await rowOf(ian.person)).toMatchObject({ cell_phone: '123' })
  expect((await edit(gus, ian.person, { region: shortId(region.id), area: '' })).status).toBe(400)
  expect((await gus.get(at(mia.person, 'edit'))).status).toBe(404)
  expect((await gus.post(at(mia.person, 'edit'), { version: '1' })).status).toBe(404)
  // Their own are in their profile.
  expect((await edit(gus, gus.person, { title: 'Lead' })).status).toBe(403)
  for (const browser of [vera, dev, mia, ian]) expect((await browser.get(at(mia.person, 'edit'))).status).toBe(403)
  await makeGroup(db, here.id, 'Others')
})

test('somebody removed is taken back before anything of theirs is edited', async () => {
  const gone = await world.add({ first: 'Gone', removed: true })
  const refused = await world.ana.get(at(gone, 'edit'))
  expect([refused.status, refused.text.includes('Take them back first')]).toEqual([403, true])
})

test('names that are too long, run the other way, hold markup or control characters', async () => {
  const { ana, mia } = world
  const long = await edit(ana, mia.person, { first_name: 'x'.repeat(300) })
  expect([long.status, long.text.includes('First name can have at most 100 characters')]).toEqual([422, true])
  expect(long.html).toContain(`value="${'x'.repeat(300)}"`)
  for (const name of ['first_name', 'title', 'cell_phone'])
    expect((await edit(ana, mia.person, { [name]: 'a\u0007b' })).status).toBe(422)
  await edit(ana, mia.person, { first_name: '\u202eمحمد\u2066', last_name: '<b onclick="x">', title: '"><script>' })
  expect(await rowOf(mia.person)).toMatchObject({ first_name: 'محمد', last_name: '<b onclick="x">' })
  const { html } = await ana.get(at(mia.person, 'edit'))
  expect(html).not.toMatch(/<b onclick|<script>/)
  expect(html).toContain('value="&quot;&gt;&lt;script&gt;"')
  expect((await edit(ana, mia.person, { first_name: '', last_name: '' })).status).toBe(303)
  expect((await ana.get(`members/${shortId(mia.person.id)}`)).html).toContain(`<h2 id="who">${mia.person.email}</h2>`)
})

test('a field of somebody’s own, or one twice, is no form of ours', async () => {
  const { ana, mia } = world
  for (const forged of ['status', 'organization_role', 'email', 'sort_name', 'group_id', 'id'])
    expect((await edit(ana, mia.person, { [forged]: 'x' })).status).toBe(400)
  expect((await ana.post(at(mia.person, 'edit'), { version: ['1', '1'] })).status).toBe(400)
  expect(await rowOf(mia.person)).toMatchObject({ version: 1 })
})
