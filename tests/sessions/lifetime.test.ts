import { expect, test } from 'vitest'
import { forgetExpired } from '../../src/sessions/lucia.ts'
import { atTheDoor, expectIn, expectOut, tryDoor } from '../sign-in/door.ts'
import { freshDatabase } from '../support/database.ts'
import { startSession } from '../support/start-session.ts'
import { addPerson, hours, makeOrganization, minutes } from '../support/world.ts'

const second = 1000

async function inside(limits: { session_idle_minutes?: number; session_hours?: number } = {}) {
  const door = await atTheDoor()
  await door.db
    .updateTable('organization')
    .set({ session_hours: 24, ...limits })
    .where('id', '=', door.here.id)
    .execute()
  const hers = door.browser()
  await tryDoor(hers, door.ana.email)
  return { ...door, hers }
}

test('a session ends after 60 idle minutes, to the second (R-13)', async () => {
  for (const [late, holds] of [
    [-second, true],
    [0, false],
    [second, false],
  ] as const) {
    const { hers, clock } = await inside()
    clock.pass(minutes(60) + late)
    await (holds ? expectIn : expectOut)(hers)
  }
})

test('it ends after 24 hours, however busy', async () => {
  for (const [late, holds] of [
    [-second, true],
    [0, false],
    [second, false],
  ] as const) {
    const { hers, clock } = await inside()
    for (let n = 0; n < 47; n++) {
      clock.pass(minutes(30))
      await expectIn(hers)
    }
    clock.pass(minutes(30) + late)
    await (holds ? expectIn : expectOut)(hers)
  }
})

test('an organization may shorten both; of several the strictest counts', async () => {
  for (const [limits, pause, late, holds] of [
    [{ session_idle_minutes: 15 }, minutes(15), -second, true],
    [{ session_idle_minutes: 15 }, minutes(15), 0, false],
    [{ session_hours: 4 }, hours(4), -second, true],
    [{ session_hours: 4 }, hours(4), 0, false],
  ] as const) {
    const { hers, clock, ana, db } = await inside()
    const other = await makeOrganization(db, 'North Sea Adjusters', clock.now)
    await addPerson(db, other, clock.now, { first: 'Ana', accountId: ana.accountId })
    await db.updateTable('organization').set(limits).where('id', '=', other.id).execute()
    for (let left = pause + late; left > 0; left -= minutes(14)) {
      clock.pass('session_hours' in limits ? Math.min(left, minutes(14)) : left)
      if ('session_hours' in limits && left > minutes(14)) await expectIn(hers)
      if (!('session_hours' in limits)) break
    }
    await (holds ? expectIn : expectOut)(hers)
  }
})

test('a password given waits ten minutes for the second step', async () => {
  for (const [late, stage] of [
    [-second, 'password'],
    [0, null],
  ] as const) {
    const { add, browser, clock } = await atTheDoor()
    const tom = await add({ first: 'Tom', twoFactor: true })
    const his = browser()
    await tryDoor(his, tom.email)
    clock.pass(minutes(9))
    await his.get('/cannot-sign-in')
    clock.pass(minutes(1) + late)
    expect((await his.get('/sign-in/two-factor')).status === 200).toBe(stage !== null)
  }
})

test('an account has at most ten sessions, and the oldest goes', async () => {
  const { ana, add, browser, clock, sessions } = await atTheDoor()
  const bo = await add({ first: 'Bo' })
  const his = browser()
  await tryDoor(his, bo.email)
  const browsers = []
  for (let n = 0; n < 12; n++) {
    browsers.push(browser())
    await tryDoor(browsers[n] as (typeof browsers)[0], ana.email)
    if (n % 3 === 0) clock.pass(second)
  }
  expect(await sessions(ana)).toHaveLength(10)
  await expectIn(browsers[11] as (typeof browsers)[0])
  await expectOut(browsers[0] as (typeof browsers)[0])
  await expectIn(his)
})

test('a session that is over is cleared away with the hour', async () => {
  // It clears away whatever is over by its clock, so not in the database in which others are signed in.
  const database = await freshDatabase()
  const { ana, db, clock, sessions, services } = await atTheDoor({ database })
  const begin = () =>
    startSession(services.db, clock.now, false, {
      accountId: ana.accountId,
      stage: 'full',
      ip: '',
      userAgent: '',
      confirmed: true,
    })
  await begin()
  clock.pass(hours(1))
  await begin()
  clock.pass(hours(23))
  await forgetExpired(db, clock.now)
  expect(await sessions(ana)).toHaveLength(1)
  await database.close()
})
