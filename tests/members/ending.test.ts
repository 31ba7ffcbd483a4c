import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { readyWith } from '../../src/mail/ready.ts'
import { tellOfEnding } from '../../src/members/ending.ts'
import { upkeep } from '../../src/upkeep.ts'
import { letters } from '../../views/mail/letters.ts'
import { act } from '../support/acts.ts'
import { freshDatabase } from '../support/database.ts'
import { addPerson, clockAt, days, hours, organization, type PersonDetails } from '../support/world.ts'

/* In a database of its own: the hourly run looks at every organization. Today is November 22. */
let database: Awaited<ReturnType<typeof freshDatabase>>
let world: Awaited<ReturnType<typeof organization>>
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  world = await organization({ database, clock: clockAt() })
})

const run = () => tellOfEnding(database.db, world.clock.now)
const told = (organizationId = world.here.id) =>
  world.db
    .selectFrom('mail')
    .select(['id', 'to_address', 'data'])
    .where('organization_id', '=', organizationId)
    .where('template', '=', 'membership_ending')
    .orderBy('to_address')
    .execute()
const ready = async (id: string) => {
  const [one] = await readyWith(database.db, world.services, letters)([id], world.clock.now)
  return one && 'message' in one ? one.message.text : one
}

test('seven days before her last day Eve hears of it, once, and whom to ask', async () => {
  const eve = await world.add({ first: 'Eve', endsOn: '2026-12-02' })
  world.clock.now = new Date('2026-11-24T23:59:59.999Z')
  await run()
  expect(await told()).toEqual([])
  world.clock.now = new Date('2026-11-25T00:00:01.000Z')
  await upkeep(database.db, world.clock.now, world.services.log)
  world.clock.pass(hours(1))
  await run()
  const [letter, ...others] = await told()
  expect(others).toEqual([])
  expect(letter).toMatchObject({
    to_address: eve.email,
    data: { membership_id: eve.id, ends_on: '2026-12-02' },
  })
  const text = await ready(letter?.id ?? '')
  expect(text).toContain(`Your membership of ${world.here.name} ends: Dec 2, 2026 (UTC) is your last day`)
  expect(text).toContain(`ask Ana Admin (${world.ana.person.email})`)
  const events = await world.db
    .selectFrom('event')
    .select(['act', 'how', 'actor_id'])
    .where('subject_id', '=', eve.id)
    .execute()
  expect(events).toEqual([{ act: 'membership.ending_told', how: 'system', actor_id: null }])
  // The form in which somebody changes the date is still good.
  const row = await world.db.selectFrom('membership').select('version').where('id', '=', eve.id).executeTakeFirst()
  expect(row?.version).toBe(1)
})

test('who isn’t inside hears nothing', async () => {
  const endsOn = '2026-11-25'
  const people: PersonDetails[] = [
    { suspended: true, endsOn },
    { removed: true, endsOn },
    { invited: true, endsOn },
    { startsOn: '2026-11-24', endsOn },
    { endsOn: '2026-11-21' },
    {},
  ]
  for (const details of people) await world.add(details)
  await run()
  expect(await told()).toEqual([])
  // The last day itself is not too late, nor is somebody blocked out for good.
  await world.add({ first: 'Today', endsOn: '2026-11-22' })
  await world.add({ first: 'Blo', blocked: true, endsOn })
  await run()
  expect(await told()).toHaveLength(2)
})

test('another end date is told anew, and a letter that waited is not sent of the one before', async () => {
  const { ana, clock } = world
  const eve = await world.add({ first: 'Eve', endsOn: '2026-11-27' })
  await run()
  const dates = (ends_on: string) => act(ana, eve, 'dates', { starts_on: '', ends_on })
  expect((await dates('2026-12-27')).status).toBe(303)
  const [first] = await told()
  expect(await ready(first?.id ?? '')).toMatchObject({ canceled: 'The membership doesn’t end on that day anymore.' })
  await run()
  expect(await told()).toHaveLength(1)
  clock.pass(days(29))
  await run()
  expect((await told()).map(({ data }) => data)).toContainEqual({ membership_id: eve.id, ends_on: '2026-12-27' })
})

test('a day that is near is told when it is set, and not once more by the hourly run; so is one that is over', async () => {
  const { ana } = world
  const eve = await world.add({ first: 'Eve' })
  const uma = await world.add({ first: 'Uma' })
  expect((await act(ana, eve, 'dates', { starts_on: '', ends_on: '2026-11-29' })).status).toBe(303)
  expect((await act(ana, uma, 'dates', { starts_on: '', ends_on: '2026-11-21' })).status).toBe(303)
  await run()
  const [one, two] = await told()
  expect(await told()).toHaveLength(2)
  expect(one?.to_address).toBe(eve.email)
  expect(await ready(one?.id ?? '')).toContain('Nov 29, 2026 (UTC) is your last day')
  expect(await ready(two?.id ?? '')).toContain('has ended: its end date was set to Nov 21, 2026')
  world.clock.pass(days(8))
  expect(await ready(one?.id ?? '')).toMatchObject({ canceled: 'The membership has ended meanwhile.' })
})

test('three processes at once write each of 450 letters once', async () => {
  const here = world.here
  for (let n = 0; n < 450; n++)
    await addPerson(world.db, here, world.clock.now, { first: `P${n}`, endsOn: '2026-11-24' })
  await Promise.all([run(), run(), run()])
  const all = await told()
  expect(all).toHaveLength(450)
  expect(new Set(all.map(({ to_address }) => to_address)).size).toBe(450)
})
