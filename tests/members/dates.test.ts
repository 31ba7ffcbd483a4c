import { beforeEach, expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { act, actOn as at, hiddenIn } from '../support/acts.ts'
import { organization, type Person } from '../support/world.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeEach(async () => {
  world = await organization()
})

const rowOf = (person: Person) =>
  world.db.selectFrom('membership').selectAll().where('id', '=', person.id).executeTakeFirstOrThrow()
const none = { starts_on: '', ends_on: '' }
const change = (person: Person, fields: Record<string, string>, who = world.ana) =>
  act(who, person, 'dates', { ...none, ...fields })

test('a stranger from another organization gets the same 404 as for nobody', async () => {
  for (const ask of [
    world.stella.get(at(world.mia.person, 'dates')),
    world.stella.post(at(world.mia.person, 'dates'), {}),
  ])
    expect((await ask).status).toBe(404)
})

test('Mia is out from the day after her end date, and in again when it is taken away', async () => {
  const { ana, mia } = world
  const answer = await change(mia.person, { ends_on: '2026-11-22' })
  expect([answer.status, answer.location]).toEqual([303, `/o/${world.here.slug}/members/${shortId(mia.person.id)}`])
  expect(await rowOf(mia.person)).toMatchObject({ ends_on: '2026-11-22', status: 'active', version: 2 })
  expect((await ana.get(at(mia.person, 'dates'))).html).toContain('value="2026-11-22"')
  expect((await mia.get('members/me')).status).toBe(200)

  await change(mia.person, { ends_on: '2026-11-21' })
  expect((await rowOf(mia.person)).status).toBe('ended')
  expect((await mia.get('members/me')).status).toBe(403)
  await change(mia.person, { starts_on: '2026-11-23', ends_on: '2026-11-30' })
  expect((await rowOf(mia.person)).status).toBe('not_started')
  expect((await mia.get('members/me')).status).toBe(403)
  await change(mia.person, {})
  expect(await rowOf(mia.person)).toMatchObject({ starts_on: '-infinity', ends_on: 'infinity', status: 'active' })
  expect((await mia.get('members/me')).status).toBe(200)

  const events = await world.db
    .selectFrom('event')
    .select(['act', 'changes'])
    .where('subject_id', '=', mia.person.id)
    .orderBy('id')
    .execute()
  expect(events.map(({ act }) => act)).toEqual(Array(4).fill('membership.dates_changed'))
  expect(events.slice(0, 3).map(({ changes }) => changes)).toEqual([
    { ends_on: [null, '2026-11-22'] },
    { ends_on: ['2026-11-22', '2026-11-21'], status: ['active', 'ended'] },
    { starts_on: [null, '2026-11-23'], ends_on: ['2026-11-21', '2026-11-30'], status: ['ended', 'not_started'] },
  ])
})

test('somebody suspended stays suspended, and somebody invited invited, whatever the dates', async () => {
  for (const details of [{ suspended: true }, { invited: true }]) {
    const person = await world.add({ first: 'Pat', ...details })
    const { status } = await rowOf(person)
    await change(person, { ends_on: '2020-01-01' })
    expect(await rowOf(person)).toMatchObject({ status, ends_on: '2020-01-01' })
  }
})

test('what is no date, or the wrong way round, is said beside its field and kept', async () => {
  const { ana, mia } = world
  const tries: [Record<string, string>, field: string, sentence: string][] = [
    [{ ends_on: '2026-02-30' }, 'ends_on', 'year-month-day'],
    [{ ends_on: '0000-01-01' }, 'ends_on', 'year-month-day'],
    [{ starts_on: 'infinity' }, 'starts_on', 'year-month-day'],
    [{ starts_on: '30.11.2026' }, 'starts_on', 'year-month-day'],
    [{ starts_on: '2026-12-02', ends_on: '2026-12-01' }, 'ends_on', 'before the start date'],
  ]
  for (const [fields, field, sentence] of tries) {
    const answer = await change(mia.person, fields)
    expect([fields, answer.status]).toEqual([fields, 422])
    expect(new RegExp(`id="${field}-error">.*?</p>`, 's').exec(answer.html)?.[0], field).toContain(sentence)
    for (const value of Object.values(fields)) expect(answer.html).toContain(`value="${value}"`)
  }
  expect((await ana.post(at(mia.person, 'dates'), {})).status).toBe(422)
  expect((await ana.post(at(mia.person, 'dates'), { version: '1', ...none, status: 'active' })).status).toBe(400)
  expect((await rowOf(mia.person)).version).toBe(1)
})

test('the last Admin who can sign in gets no end date, and doesn’t begin later', async () => {
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  const tries: Record<string, string>[] = [{ ends_on: '2030-01-01' }, { starts_on: '2027-01-01' }]
  for (const fields of tries) {
    const answer = await change(world.ana.person, fields, bea)
    expect([answer.status, answer.text.includes('the last Admin who can sign in')]).toEqual([422, true])
  }
  expect((await change(world.ana.person, { starts_on: '2020-01-01' }, bea)).status).toBe(303)
})

test('nobody changes their own, and only who may edit everywhere changes anybody’s', async () => {
  const { ana, vera, gus, mia, ian } = world
  expect((await ana.post(at(ana.person, 'dates'), { version: '1', ...none })).status).toBe(403)
  for (const browser of [vera, gus, mia])
    expect([403, 404]).toContain((await browser.post(at(ian.person, 'dates'), { version: '1', ...none })).status)
  expect((await ana.get(`members/${shortId(mia.person.id)}`)).html).toContain('/dates"')
  expect((await gus.get(`members/${shortId(ian.person.id)}`)).html).not.toContain('/dates"')
})

test('of two tabs the second keeps what was typed and says what stands there now', async () => {
  const { ana, mia } = world
  const { html } = await ana.get(at(mia.person, 'dates'))
  await change(mia.person, { ends_on: '2027-01-01' })
  const late = await ana.post(at(mia.person, 'dates'), { ...hiddenIn(html), starts_on: '', ends_on: '2028-01-01' })
  expect(late.status).toBe(409)
  expect(late.text).toContain('Start or end date changed by you, elsewhere')
  expect(late.text).toContain('It is 2027-01-01 now.')
  expect(late.html).toContain('value="2028-01-01"')
  expect((await rowOf(mia.person)).ends_on).toBe('2027-01-01')
  const again = { ...hiddenIn(late.html), starts_on: '', ends_on: '2028-01-01' }
  expect((await ana.post(at(mia.person, 'dates'), again)).status).toBe(303)
})

test('a button pressed eight times at once saves once', async () => {
  const { ana, mia } = world
  const { html } = await ana.get(at(mia.person, 'dates'))
  const fields = { ...hiddenIn(html), starts_on: '', ends_on: '2028-01-01' }
  const answers = await Promise.all(Array.from({ length: 8 }, () => ana.post(at(mia.person, 'dates'), fields)))
  expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
  for (const { status } of answers) expect([303, 409]).toContain(status)
})
