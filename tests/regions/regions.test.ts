import { beforeEach, describe, expect, test } from 'vitest'
import type { Db } from '../../src/platform/database/connect.ts'
import { newId, shortId } from '../../src/platform/ids.ts'
import { act, actOn, hiddenIn } from '../support/acts.ts'
import type { Browser } from '../support/browser.ts'
import { meanwhile } from '../support/meanwhile.ts'
import { makeRegion, organization } from '../support/world.ts'

let world: Awaited<ReturnType<typeof organization>>
let nordics: { id: string; areas: string[] }
let oslo: string
beforeEach(async () => {
  world = await organization()
  nordics = await makeRegion(world.db, world.here.id, 'Nordics', ['Oslo', 'Bergen'])
  oslo = nordics.areas[0] ?? ''
})

const at = (id: string, name = '') => `regions/${shortId(id)}${name && `/${name}`}`
const area = (id: string, name = '') => `regions/areas/${shortId(id)}${name && `/${name}`}`
const namesOf = async (table: 'region' | 'area') =>
  (
    await world.db
      .selectFrom(table)
      .select('name')
      .where('organization_id', '=', world.here.id)
      .orderBy('sort_name')
      .execute()
  ).map((one) => one.name)
const eventsOf = (id: string) =>
  world.db.selectFrom('event').select(['act', 'changes']).where('subject_id', '=', id).orderBy('id').execute()
const placeOf = (person: { id: string }) =>
  world.db
    .selectFrom('membership')
    .select(['region_id', 'area_id', 'version'])
    .where('id', '=', person.id)
    .executeTakeFirstOrThrow()
/** Opens the page for its hidden fields, and sends its form with these. */
const send = async (browser: Browser, path: string, fields: Record<string, string> = {}) => {
  const { version, key } = hiddenIn((await browser.get(path)).html)
  return browser.post(path, { ...(version ? { version } : {}), ...(key ? { key } : {}), ...fields })
}

test('a stranger from another organization gets the same 404 as for nobody', async () => {
  const theirs = await makeRegion(world.db, world.elsewhere.id, 'Theirs', ['Far'])
  expect((await world.stella.get(`/o/${world.here.slug}/regions`)).status).toBe(404)
  for (const [who, path] of [
    [world.stella, at(nordics.id)],
    [world.stella, area(oslo)],
    [world.ana, at(theirs.id)],
    [world.ana, area(theirs.areas[0] ?? '')],
    [world.ana, at(newId())],
    // An area is no region, and a region no area.
    [world.ana, at(oslo)],
    [world.ana, area(nordics.id)],
  ] as const) {
    expect((await who.get(path)).status).toBe(404)
    expect((await who.post(path, { version: '1', name: 'Mine' })).status).toBe(404)
    expect((await who.post(`${path}/delete`, { version: '1' })).status).toBe(404)
  }
  expect((await world.ana.post(at(theirs.id, 'new-area'), { key: newId(), name: 'Mine' })).status).toBe(404)
  expect([await namesOf('region'), await namesOf('area')]).toEqual([['Nordics'], ['Bergen', 'Oslo']])
})

test('who may not manage regions is refused and has no tab; whoever may needs nothing else', async () => {
  for (const browser of [world.vera, world.gus, world.mia]) {
    for (const path of ['regions', 'regions/new', at(nordics.id), area(oslo)])
      expect((await browser.get(path)).status).toBe(403)
    expect((await browser.post(area(oslo), { version: '1', name: 'X' })).status).toBe(403)
  }
  const roy = await world.enter({ first: 'Roy', permissions: ['regions.manage'] })
  await world.add({ first: 'Nina', region: nordics.id })
  expect((await roy.get('regions')).html).toContain(`<a href="/o/${world.here.slug}/regions" aria-current="page"`)
  expect((await world.vera.get('members')).html).not.toContain('/regions')
  // Who may not see the members is told how many they are, not who.
  const asked = await roy.get(at(nordics.id, 'delete'))
  expect([asked.text.includes('1 person'), asked.text.includes('Nina')]).toEqual([true, false])
  expect((await send(roy, at(nordics.id), { name: 'North' })).status).toBe(303)
})

test('before there is any, the list says what would be here, and the profile’s form where they come from', async () => {
  const { ana } = world
  await send(ana, at(nordics.id, 'delete'))
  expect((await ana.get('regions')).text).toContain('No regions yet')
  expect((await ana.get(actOn(world.mia.person, 'edit'))).html).toContain(
    `href="/o/${world.here.slug}/regions" data-hx`,
  )
  const eddy = await world.enter({ first: 'Eddy', permissions: ['members.view', 'members.edit'] })
  const form = await eddy.get(actOn(world.mia.person, 'edit'))
  expect(form.text).toContain('whoever holds “Manage regions”')
  expect(form.html).not.toContain('/regions"')
})

test('Ana makes a region and its areas, and somebody works there', async () => {
  const { ana, mia } = world
  const made = await send(ana, 'regions/new', { name: 'Alps' })
  const alps = (await world.db.selectFrom('region').selectAll().where('name', '=', 'Alps').execute()).find(
    (one) => one.organization_id === world.here.id,
  )?.id as string
  expect(made.location).toBe(`/o/${world.here.slug}/${at(alps)}`)
  const added = await send(ana, at(alps, 'new-area'), { name: 'Tyrol' })
  expect(added.location).toBe(`/o/${world.here.slug}/${at(alps)}`)
  const tyrol = (await world.db.selectFrom('area').selectAll().where('region_id', '=', alps).executeTakeFirstOrThrow())
    .id
  const placed = await act(ana, mia.person, 'edit', {
    ...{ first_name: 'Mia', last_name: 'Member', title: '', cell_phone: '', office_phone: '', extension: '' },
    ...{ region: shortId(alps), area: shortId(tyrol) },
  })
  expect(placed.status).toBe(303)
  const list = await ana.get('regions')
  expect(list.text).toContain('Alps Tyrol 1 person Nordics Bergen , Oslo no people')
  expect(list.html).toContain(`href="/o/${world.here.slug}/members?region=${shortId(alps)}"`)
  const page = await ana.get(at(alps))
  expect(page.text).toContain('Tyrol 1 person')
  expect(page.html).toContain(`href="/o/${world.here.slug}/members?area=${shortId(tyrol)}"`)
  expect((await ana.get(`members?area=${shortId(tyrol)}`)).text).toContain('Mia')
  expect((await send(ana, at(alps), { name: 'The Alps' })).status).toBe(303)
  expect((await send(ana, area(tyrol), { name: 'South Tyrol' })).location).toBe(made.location)
  expect([await eventsOf(alps), await eventsOf(tyrol)]).toEqual([
    [
      { act: 'region.created', changes: { region: [null, 'Alps'] } },
      { act: 'region.renamed', changes: { region: ['Alps', 'The Alps'] } },
    ],
    [
      { act: 'area.created', changes: { area: [null, 'Tyrol'], region: 'Alps' } },
      { act: 'area.renamed', changes: { area: ['Tyrol', 'South Tyrol'], region: 'The Alps' } },
    ],
  ])
  expect((await send(ana, at(alps), { name: 'The Alps' })).status).toBe(303)
  expect(await eventsOf(alps)).toHaveLength(2)
})

test('deleting an area says who loses it, and they stay in the region', async () => {
  const inOslo = await world.add({ first: 'Ola', last: 'Nordmann', region: nordics.id, area: oslo })
  const gone = await world.add({ first: 'Rae', region: nordics.id, area: oslo, removed: true })
  const asked = await world.ana.get(area(oslo, 'delete'))
  expect(asked.text).toContain('1 person who works in Oslo loses the area, and stays in Nordics')
  expect(asked.text).toContain('Ola Nordmann')
  expect((await world.ana.post(area(oslo, 'delete'), hiddenIn(asked.html))).status).toBe(303)
  for (const person of [inOslo, gone])
    expect(await placeOf(person)).toEqual({ region_id: nordics.id, area_id: null, version: 2 })
  expect(await eventsOf(oslo)).toEqual([
    { act: 'area.deleted', changes: { area: ['Oslo', null], region: 'Nordics', members: 1 } },
  ])
  expect(await namesOf('area')).toEqual(['Bergen'])
})

test('deleting a region takes its areas along, and says so', async () => {
  const people = [
    await world.add({ first: 'Ola', region: nordics.id, area: oslo }),
    await world.add({ first: 'Una', region: nordics.id }),
  ]
  const asked = await world.ana.get(at(nordics.id, 'delete'))
  expect(asked.text).toContain('With Nordics its 2 areas are deleted: Bergen , Oslo')
  expect(asked.text).toContain('2 people who work in Nordics lose the region and the area')
  expect((await world.ana.post(at(nordics.id, 'delete'), hiddenIn(asked.html))).status).toBe(303)
  for (const person of people) expect(await placeOf(person)).toEqual({ region_id: null, area_id: null, version: 2 })
  expect([await namesOf('region'), await namesOf('area')]).toEqual([[], []])
  expect(await eventsOf(nordics.id)).toEqual([
    { act: 'region.deleted', changes: { region: ['Nordics', null], areas: ['Bergen', 'Oslo'], members: 2 } },
  ])
  expect((await world.ana.post(at(nordics.id, 'delete'), hiddenIn(asked.html))).status).toBe(404)
})

test('whoever is placed there while the region is deleted loses it too', async () => {
  const pat = await world.add({ first: 'Pat' })
  const asked = await world.ana.get(at(nordics.id, 'delete'))
  const places = (trx: Db) =>
    trx
      .updateTable('membership')
      .set({ region_id: nordics.id, area_id: oslo })
      .where('organization_id', '=', world.here.id)
      .where('id', '=', pat.id)
      .execute()
  const answer = await meanwhile(world.db, places, () => world.ana.post(at(nordics.id, 'delete'), hiddenIn(asked.html)))
  expect(answer.status).toBe(303)
  expect(await placeOf(pat)).toMatchObject({ region_id: null, area_id: null })
  expect([await namesOf('region'), world.log]).toEqual([[], []])
})

describe('what is typed wrong comes back beside its field', () => {
  test.each([
    ['no name', ' ', 'Enter a name for the'],
    ['300 characters', 'x'.repeat(300), 'The name can have at most 100 characters'],
    ['a name that is there, in other letters', 'ÁLPS', 'with this name already'],
  ])('%s', async (_, name, sentence) => {
    await makeRegion(world.db, world.here.id, 'Alps')
    await send(world.ana, at(nordics.id, 'new-area'), { name: 'Alps' })
    for (const path of ['regions/new', at(nordics.id), at(nordics.id, 'new-area'), area(oslo)]) {
      const answer = await send(world.ana, path, { name })
      expect([path, answer.status, answer.text.includes(sentence)]).toEqual([path, 422, true])
      expect(answer.html).toContain(`value="${name}"`)
    }
    expect([await namesOf('region'), await namesOf('area')]).toEqual([
      ['Alps', 'Nordics'],
      ['Alps', 'Bergen', 'Oslo'],
    ])
  })
  test('two regions may each have an area of the same name', async () => {
    const alps = await makeRegion(world.db, world.here.id, 'Alps', ['West'])
    expect((await send(world.ana, at(alps.id, 'new-area'), { name: 'Oslo' })).status).toBe(303)
    expect((await send(world.ana, area(oslo), { name: 'West' })).status).toBe(303)
  })
})

test('the same form sent six times makes one, a region as an area', async () => {
  for (const path of ['regions/new', at(nordics.id, 'new-area')]) {
    const fields = { ...hiddenIn((await world.ana.get(path)).html), name: 'עברית 🙂' }
    const answers = await Promise.all(Array.from({ length: 6 }, () => world.ana.post(path, fields)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([303]))
    const other = await world.ana.post(path, { ...fields, name: 'Another' })
    expect([other.status, other.text.includes('already. Send it again to make another')]).toEqual([422, true])
  }
  expect(await namesOf('region')).toHaveLength(2)
  expect(await namesOf('area')).toHaveLength(3)
})

test('of two Admins the second is told, and what they typed is still there', async () => {
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  for (const path of [at(nordics.id), area(oslo)]) {
    await send(world.ana, path, { name: 'First' })
    const answer = await bea.post(path, { version: '1', name: 'Second' })
    expect([answer.status, answer.html.includes('value="Second"')]).toEqual([409, true])
    expect((await bea.post(`${path}/delete`, { version: '1' })).status).toBe(409)
  }
  expect([await namesOf('region'), await namesOf('area')]).toEqual([['First'], ['Bergen', 'First']])
})

test('with htmx each is one exchange: the fresh screen and a toast, or the form with what is wrong', async () => {
  const { swap } = world.ana
  const toRegion = `/o/${world.here.slug}/${at(nordics.id)}`
  for (const [path, name, status, where, said] of [
    [at(nordics.id, 'new-area'), ' ', 422, null, null],
    [at(nordics.id, 'new-area'), 'Åre', 200, toRegion, 'Åre was added.'],
    [area(oslo), 'Oslo fjord', 200, toRegion, 'Oslo fjord was saved.'],
    [area(oslo, 'delete'), null, 200, toRegion, 'Oslo fjord was deleted.'],
    [at(nordics.id), 'North', 200, `/o/${world.here.slug}/regions`, 'North was saved.'],
    [at(nordics.id, 'delete'), null, 200, `/o/${world.here.slug}/regions`, 'North was deleted.'],
  ] as const) {
    const answer = await swap.post(path, {
      ...hiddenIn((await swap.get(path)).html),
      ...(name === null ? {} : { name }),
    })
    expect([path, answer.status, answer.headers.get('hx-replace-url')]).toEqual([path, status, where])
    expect(answer.html).toContain(said ? `<template data-said="${said}">` : 'id="errors"')
    if (said === 'Åre was added.') expect(answer.text).toMatch(/Åre no people Bergen no people Oslo no people/)
  }
})

test('a region has at most 100 areas', async () => {
  await world.db
    .insertInto('area')
    .values(
      Array.from({ length: 97 }, (_, n) => ({
        id: newId(),
        organization_id: world.here.id,
        region_id: nordics.id,
        name: `Area ${n}`,
        sort_name: `area ${n}`,
      })),
    )
    .execute()
  const answers = await Promise.all(['One', 'Two'].map((name) => send(world.ana, at(nordics.id, 'new-area'), { name })))
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 422])
})

test('more people than one statement takes leave in several, and the region is gone at the end', async () => {
  await world.db
    .insertInto('membership')
    .values(
      Array.from({ length: 2100 }, (_, n) => ({
        id: newId(),
        organization_id: world.here.id,
        email: `big${n}@example.org`,
        email_key: `big${n}@example.org`,
        group_id: world.here.defaultGroup,
        region_id: nordics.id,
        area_id: n % 2 ? oslo : null,
        status: 'invited',
        invite: 'pending_activation',
      })),
    )
    .execute()
  const asked = await world.ana.get(at(nordics.id, 'delete'))
  expect(asked.text).toContain('2,100 people who work in Nordics')
  expect((await world.ana.post(at(nordics.id, 'delete'), hiddenIn(asked.html))).status).toBe(303)
  const left = await world.db
    .selectFrom('membership')
    .select('id')
    .where('organization_id', '=', world.here.id)
    .where((eb) => eb.or([eb('region_id', 'is not', null), eb('area_id', 'is not', null)]))
    .execute()
  expect(left).toEqual([])
  expect((await eventsOf(nordics.id)).map((one) => one.act)).toEqual([
    'region.members_left',
    'region.members_left',
    'region.deleted',
  ])
}, 60_000)
