import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { remindOfInvitations } from '../../src/invitations/remind.ts'
import { newId } from '../../src/platform/ids.ts'
import { freshDatabase } from '../support/database.ts'
import { addPerson, clockAt, days, hours, makeOrganization, organization } from '../support/world.ts'
import { eventsOf, invitationOf, invited, lettersOf } from './invited.ts'

/* In a database of its own: reminding looks at every organization's invitations. */
let database: Awaited<ReturnType<typeof freshDatabase>>
let world: Awaited<ReturnType<typeof organization>>
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  world = await organization({ database, clock: clockAt() })
})

const remind = () => remindOfInvitations(database.db, world.clock.now)

test('two days before it expires there is one reminder, with the present link, and never a second one', async () => {
  const ivo = await invited(world)
  world.clock.pass(days(5) - 1)
  await remind()
  expect(await lettersOf(world)).toEqual([])
  world.clock.pass(1)
  await remind()
  world.clock.pass(hours(1))
  await remind()
  expect(await lettersOf(world)).toEqual([
    { template: 'invitation_reminder', to_address: ivo.email, invitation_id: ivo.id, generation: 1 },
  ])
  expect(await eventsOf(world, ivo)).toEqual([
    { act: 'invitation.reminded', actor_id: null, how: 'system', changes: {} },
  ])
  // Its form, wherever it is open, is still good.
  expect(await invitationOf(world, ivo)).toMatchObject({ version: 1, generation: 1 })
})

test('of a short validity half is over first', async () => {
  const ivo = await invited(world, { validDays: 1 })
  world.clock.pass(hours(12) - 1)
  await remind()
  expect(await lettersOf(world)).toEqual([])
  world.clock.pass(1)
  await remind()
  expect(await lettersOf(world)).toMatchObject([{ to_address: ivo.email }])
})

test('not where the organization doesn’t want it, nor of what has expired to the very instant, waits or has ended', async () => {
  await invited(world)
  await invited(world, { status: 'pending_approval' })
  await invited(world, { status: 'revoked' })
  await invited(world, { status: 'rejected' })
  const off = await makeOrganization(world.db, 'Quiet', world.clock.now)
  await world.db.updateTable('organization').set({ invitation_reminder: false }).where('id', '=', off.id).execute()
  const quiet = { ...world, here: off }
  await invited(quiet, { by: await addPerson(world.db, off, world.clock.now, { first: 'Quinn', role: 'admin' }) })
  world.clock.pass(days(7))
  await remind()
  expect([...(await lettersOf(world)), ...(await lettersOf(quiet))]).toEqual([])
  world.clock.now = new Date(world.clock.now.getTime() - 1)
  await remind()
  expect([await lettersOf(world), await lettersOf(quiet)]).toMatchObject([[{ template: 'invitation_reminder' }], []])
})

test('three processes at once send each of 450 reminders once', async () => {
  const ids: string[] = []
  for (let n = 0; n < 30; n++) ids.push((await invited(world, { first: `I${n}` })).id)
  // The others differ in nothing that matters.
  const [first] = await world.db.selectFrom('invitation').selectAll().where('id', 'in', ids).limit(1).execute()
  const rows = Array.from({ length: 420 }, (_, n) => ({
    ...first,
    id: newId(),
    email: `n${n}@many.example`,
    email_key: `n${n}@many.example`,
  }))
  await world.db
    .insertInto('invitation')
    .values(rows as never)
    .execute()
  world.clock.pass(days(6))
  await Promise.all([remind(), remind(), remind()])
  const letters = await lettersOf(world)
  expect(letters).toHaveLength(450)
  expect(new Set(letters.map(({ to_address }) => to_address)).size).toBe(450)
  const told = await world.db
    .selectFrom('event')
    .select('id')
    .where('organization_id', '=', world.here.id)
    .where('act', '=', 'invitation.reminded')
    .execute()
  expect(told).toHaveLength(450)
})
