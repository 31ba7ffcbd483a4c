import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { readyWith } from '../../src/mail/ready.ts'
import { forgetOldNotices, lookedAtOnce, remindOfTwoFactor } from '../../src/settings/security/two-factor/remind.ts'
import { upkeep } from '../../src/upkeep.ts'
import { letters } from '../../views/mail/letters.ts'
import { freshDatabase } from '../support/database.ts'
import { addPerson, clockAt, makeOrganization, organization } from '../support/world.ts'

/* In a database of its own: every organization that requires it is looked at. */
let database: Awaited<ReturnType<typeof freshDatabase>>
let world: Awaited<ReturnType<typeof organization>>
beforeAll(async () => {
  database = await freshDatabase({ max: 10 })
})
afterAll(() => database.close())
beforeEach(async () => {
  world = await organization({ database, clock: clockAt('2026-11-22T12:00:00.000Z') })
  await world.db.updateTable('organization').set({ two_factor_from: null }).execute()
  await world.db
    .updateTable('organization')
    .set({ two_factor_from: '2026-12-01' })
    .where('id', '=', world.here.id)
    .execute()
})

const remind = (time: string) => {
  world.clock.now = new Date(time)
  return remindOfTwoFactor(database.db, world.clock.now)
}
const written = async () =>
  world.db
    .selectFrom('mail')
    .select(['id', 'template', 'to_address', 'data'])
    .where('organization_id', '=', world.here.id)
    .orderBy('id')
    .execute()
const to = async (email: string) =>
  (await written()).filter((one) => one.to_address === email && one.template === 'two_factor_required').length
const six = () => [world.ana, world.vera, world.dev, world.gus, world.ian, world.mia].map(({ person }) => person.email)
const ready = (ids: string[]) =>
  readyWith(database.db, { config: world.services.config, key: world.services.key }, letters)(ids, world.clock.now)

test('seven days and one day before each who lacks it gets a letter, once, and nobody else', async () => {
  await world.add({ first: 'Tess', twoFactor: true })
  await world.add({ first: 'Ivo', invited: true })
  await world.add({ first: 'Sue', suspended: true })
  await remind('2026-11-23T23:59:59.999Z')
  expect(await written()).toEqual([])
  await remind('2026-11-24T00:00:00.000Z')
  expect((await written()).map((one) => one.to_address).sort()).toEqual(six().sort())
  await remind('2026-11-24T01:00:00.000Z')
  await remind('2026-11-29T23:59:59.999Z')
  expect(await written()).toHaveLength(6)
  // Who joins in between hears it at once; who turned it on hears no more.
  const nora = await world.add({ first: 'Nora' })
  await world.db.updateTable('membership').set({ has_two_factor: true }).where('id', '=', world.mia.person.id).execute()
  await remind('2026-11-29T23:59:59.999Z')
  expect(await to(nora.email)).toBe(1)
  await remind('2026-11-30T00:00:00.000Z')
  expect([await to(nora.email), await to(world.ana.person.email), await to(world.mia.person.email)]).toEqual([2, 2, 1])
  const late = await world.add({ first: 'Lana' })
  await remind('2026-11-30T23:00:00.000Z')
  expect(await to(late.email)).toBe(1)
  const count = (await written()).length
  await remind('2026-12-01T00:00:00.000Z')
  expect(await written()).toHaveLength(count)
  await forgetOldNotices(database.db, world.clock.now)
  expect(await world.db.selectFrom('two_factor_notice').selectAll().execute()).toEqual([])
})

test('with many people and several processes at once each is written to once', async () => {
  const usual = lookedAtOnce.people
  lookedAtOnce.people = 3
  for (let n = 0; n < 7; n++) await world.add({ first: `P${n}`, last: 'Same' })
  world.clock.now = new Date('2026-11-24T00:00:01.000Z')
  await Promise.all([1, 2, 3, 4].map(() => remindOfTwoFactor(database.db, world.clock.now)))
  lookedAtOnce.people = usual
  const all = (await written()).map((one) => one.to_address)
  expect([all.length, new Set(all).size]).toEqual([13, 13])
})

test('it is a part of upkeep; a day that is put off has letters of its own, and the old ones aren’t sent', async () => {
  world.clock.now = new Date('2026-11-24T08:00:00.000Z')
  await upkeep(database.db, world.clock.now, world.services.log)
  const first = await written()
  expect(first).toHaveLength(6)
  const hers = first.find((one) => one.to_address === world.mia.person.email)?.id ?? ''
  const [sent] = await ready([hers])
  expect(sent).toMatchObject({ message: { subject: 'Two-factor will be required' } })
  const text = 'message' in (sent ?? {}) ? (sent as { message: { text: string } }).message.text : ''
  expect(text).toContain('From Dec 1, 2026 on, Harbor Claims requires two-factor')
  expect(text).toContain('http://localhost:3000/profile/security')
  await world.db.updateTable('membership').set({ has_two_factor: true }).where('id', '=', world.mia.person.id).execute()
  expect(await ready([hers])).toEqual([{ id: hers, canceled: 'They turned it on meanwhile.' }])
  await world.db
    .updateTable('organization')
    .set({ two_factor_from: '2026-12-05' })
    .where('id', '=', world.here.id)
    .execute()
  const anas = first.find((one) => one.to_address === world.ana.person.email)?.id ?? ''
  expect(await ready([anas])).toMatchObject([{ canceled: expect.stringContaining('another day') }])
  await remind('2026-11-28T08:00:00.000Z')
  expect(await to(world.ana.person.email)).toBe(2)
  expect(world.log).toEqual([])
})

test('a day that is moved again and again writes one letter to a person a day, of the last one the next morning', async () => {
  const { here, ana, mia, db } = world
  const move = (two_factor_from: string) =>
    db.updateTable('organization').set({ two_factor_from }).where('id', '=', here.id).execute()
  const mias = async () =>
    (await written())
      .filter((one) => one.to_address === mia.person.email)
      .map(({ data }) => (data as { from: string }).from)
  for (let hour = 0; hour < 24; hour++) {
    await move(`2026-11-${hour % 2 ? 29 : 28}`)
    const at = `2026-11-24T${String(hour).padStart(2, '0')}:30:00.000Z`
    await Promise.all([remind(at), remind(at)])
  }
  expect(await mias()).toEqual(['2026-11-28'])
  expect(await to(ana.person.email)).toBe(1)
  await remind('2026-11-25T00:00:00.000Z')
  expect(await mias()).toEqual(['2026-11-28', '2026-11-29'])
  // The day before is told on the same day too: another letter won’t come in time.
  await move('2026-11-26')
  await remind('2026-11-25T01:00:00.000Z')
  await move('2026-11-30')
  await remind('2026-11-25T02:00:00.000Z')
  await move('2026-11-26')
  await remind('2026-11-25T03:00:00.000Z')
  expect(await mias()).toEqual(['2026-11-28', '2026-11-29', '2026-11-26'])
  // Nor does an exemption that is given longer each time.
  await move('2026-11-20')
  for (const [hour, until] of ['2026-11-30', '2026-12-01', '2026-12-02'].entries()) {
    await db
      .insertInto('two_factor_exemption')
      .values({ organization_id: here.id, membership_id: mia.person.id, until, reason: 'x', given_at: world.clock.now })
      .onConflict((on) => on.columns(['organization_id', 'membership_id']).doUpdateSet({ until }))
      .execute()
    await remind(`2026-11-26T0${hour}:00:00.000Z`)
  }
  expect((await mias()).slice(3)).toEqual(['2026-12-01'])
})

test('Admins hear once, seven days before, whose exemption ends; who is exempt hears it for the day after', async () => {
  const { here, mia, ian, ana } = world
  await world.db.updateTable('organization').set({ two_factor_from: '2026-11-22' }).where('id', '=', here.id).execute()
  const bea = await world.add({ first: 'Bea', role: 'admin' })
  const exempt = (person: { id: string }, until: string) =>
    world.db
      .insertInto('two_factor_exemption')
      .values({ organization_id: here.id, membership_id: person.id, until, reason: 'x', given_at: world.clock.now })
      .execute()
  await exempt(mia.person, '2026-12-10')
  await exempt(ian.person, '2027-01-10')
  // What somebody else's organization exempts from is no news here.
  const other = await makeOrganization(world.db, 'Quiet', world.clock.now)
  await addPerson(world.db, other, world.clock.now, { first: 'Quinn', role: 'admin' })
  await remind('2026-12-02T23:59:59.999Z')
  expect(await written()).toEqual([])
  await Promise.all([remind('2026-12-03T00:00:00.000Z'), remind('2026-12-03T00:00:00.000Z')])
  await remind('2026-12-03T01:00:00.000Z')
  const told = await written()
  expect(told.map((one) => [one.template, one.to_address]).sort()).toEqual(
    [ana.person, bea].map(({ email }) => ['two_factor_exemptions_ending', email]).sort(),
  )
  const [letter] = await ready([told[0]?.id ?? ''])
  const { text } = (letter as { message: { text: string } }).message
  expect(text).toContain('Mia Member: until Dec 10, 2026')
  expect(text).not.toContain('Ian')
  expect(text).toContain(`/o/${here.slug}/settings/security/two-factor`)
  await remind('2026-12-04T00:00:00.000Z')
  await remind('2026-12-10T00:00:00.000Z')
  expect([await to(mia.person.email), await to(ana.person.email)]).toEqual([2, 0])
  expect(await written()).toHaveLength(4)
})
