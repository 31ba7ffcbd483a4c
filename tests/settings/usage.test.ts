import { beforeAll, expect, test } from 'vitest'
import { countSeats } from '../../src/settings/commands.ts'
import { upkeep } from '../../src/upkeep.ts'
import { freshDatabase } from '../support/database.ts'
import { clockAt, organization } from '../support/world.ts'

let world: Awaited<ReturnType<typeof organization>>
let database: Awaited<ReturnType<typeof freshDatabase>>
beforeAll(async () => {
  // Of its own: the upkeep is that of every organization.
  database = await freshDatabase()
  world = await organization({ database, clock: clockAt('2026-11-20T09:00:00.000Z') })
  for (const person of [
    { first: 'Sue', suspended: true },
    { first: 'En', endsOn: '2026-11-22' },
    { first: 'Ivy', invited: true },
  ])
    await world.add(person)
})

/** Goes to a moment, with everybody still signed in. */
async function goTo(moment: string) {
  const now = new Date(moment)
  await world.db.updateTable('session').set({ created_at: now, last_used_at: now, confirmed_at: now }).execute()
  world.clock.now = now
}
const recorded = (id = world.here.id) =>
  world.db.selectFrom('seat_day').select(['day', 'seats']).where('organization_id', '=', id).orderBy('day').execute()
const seatsNow = async () =>
  Number(/([\d,]+) seats? in use now/.exec((await world.ana.get('settings/usage')).text)?.[1])

test('seats are the Active members, counted once a day for every organization, by however many processes', async () => {
  const { clock, services, db, elsewhere, log } = world
  const seats = await seatsNow()
  await Promise.all([1, 2, 3].map(() => upkeep(database.db, clock.now, services.log)))
  expect(log).toEqual([])
  expect(await recorded()).toEqual([{ day: '2026-11-20', seats }])
  expect(await recorded(elsewhere.id)).toHaveLength(1)

  // The first count of a day stays; the number now is that of now.
  await world.add({ first: 'New' })
  await goTo('2026-11-20T23:00:01.000Z')
  await upkeep(database.db, clock.now, services.log)
  expect(await recorded()).toEqual([{ day: '2026-11-20', seats }])
  expect(await seatsNow()).toBe(seats + 1)
  expect((await db.selectFrom('seat_day').select('counted_at').executeTakeFirst())?.counted_at).toEqual(
    new Date('2026-11-20T09:00:00.000Z'),
  )
})

test('a day on which Rollcall didn’t run says so, and who has ended is no seat of the next day', async () => {
  const { clock, services } = world
  const [first] = await recorded()
  await goTo('2026-11-23T00:00:01.000Z')
  await upkeep(database.db, clock.now, services.log)
  const last = (first?.seats ?? 0) + 1 - 1
  expect(await recorded()).toEqual([first, { day: '2026-11-23', seats: last }])
  const { html, text } = await world.ana.get('settings/usage')
  expect(text).toMatch(
    new RegExp(
      `Nov 23, 2026 ${last} 00:00 Nov 22, 2026 – Not recorded Nov 21, 2026 – Not recorded Nov 20, 2026 ${first?.seats} 09:00`,
    ),
  )
  expect(html.match(/<svg viewBox="0 0 100 1"/g)).toHaveLength(2)
  // Nothing is written for a day that is over, by a process whose clock is behind.
  await countSeats(database.db, new Date('2026-11-22T23:59:59.000Z'))
  expect(await recorded()).toHaveLength(2)
})

test('the file has every day counted; it is in the log, and for those alone who may see usage', async () => {
  const rows = await recorded()
  const csv = await world.vera.get('settings/usage.csv')
  expect(csv.html.replace(/^\uFEFF/, '').split('\r\n')).toEqual([
    'Day (UTC),Seats,Counted at',
    `2026-11-23,${rows[1]?.seats},2026-11-23T00:00:01Z`,
    `2026-11-20,${rows[0]?.seats},2026-11-20T09:00:00Z`,
    '',
  ])
  expect(csv.headers.get('content-disposition')).toContain(`${world.here.slug}-usage-2026-11-23.csv`)
  const log = await world.db
    .selectFrom('event')
    .select('subject_id')
    .where('organization_id', '=', world.here.id)
    .where('act', '=', 'usage.downloaded')
    .execute()
  expect(log).toHaveLength(1)
  for (const path of ['settings/usage', 'settings/usage.csv', 'settings/usage.xlsx'])
    expect([
      (await world.mia.get(path)).status,
      (await world.stella.get(`/o/${world.here.slug}/${path}`)).status,
    ]).toEqual([403, 404])
  expect(
    Buffer.from((await world.ana.get('settings/usage.xlsx')).bytes)
      .subarray(0, 2)
      .toString(),
  ).toBe('PK')
})
