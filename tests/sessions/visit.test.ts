import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { blockAfterFailures, mostFailures } from '../../src/accounts/commands.ts'
import type { Stage } from '../../src/platform/access/actor.ts'
import { atTheDoor, expectIn, expectOut } from '../sign-in/door.ts'
import { freshDatabase } from '../support/database.ts'
import { startSession } from '../support/start-session.ts'
import { minutes, type PersonDetails } from '../support/world.ts'

type Door = Awaited<ReturnType<typeof atTheDoor>>
type Somebody = Door['ana']

/** What stands on the membership and on the sessions of somebody, and asking for a page at a session of any stage. */
async function watched(door: Door, person: Somebody, stage: Stage = 'full') {
  const { db, clock, browser, sessions } = door
  const hers = browser()
  const cookie = await startSession(db, clock.now, false, {
    accountId: person.accountId,
    stage,
    ip: '',
    userAgent: '',
    confirmed: true,
  })
  hers.cookies.set('session', /=([^;]+)/.exec(cookie)?.[1] ?? '')
  const lastUsed = async () => (await sessions(person)).map((one) => one.last_used_at)
  const lastActive = async () =>
    (await db.selectFrom('membership').select('last_active_at').where('id', '=', person.id).executeTakeFirstOrThrow())
      .last_active_at
  return { hers, lastUsed, lastActive }
}

test('use is noted once a minute on the session and every ten minutes on the membership, with the question who it is', async () => {
  const asked: string[] = []
  const database = await freshDatabase({ onQuery: (text) => asked.push(text) })
  const door = await atTheDoor({ database })
  const { clock, ana } = door
  const { hers, lastUsed, lastActive } = await watched(door, ana)
  const visit = async () => {
    asked.length = 0
    await expectIn(hers)
    expect(asked).toHaveLength(1)
  }

  const began = clock.now
  expect(await lastActive()).toBeNull()
  await visit()
  expect(await lastActive()).toEqual(began)
  clock.pass(59_999)
  await visit()
  expect(await lastUsed()).toEqual([began])
  clock.pass(1)
  await visit()
  expect(await lastUsed()).toEqual([clock.now])
  expect(await lastActive()).toEqual(began)
  clock.pass(minutes(9) - 1)
  await visit()
  expect(await lastUsed()).toEqual([clock.now])
  expect(await lastActive()).toEqual(began)
  clock.pass(1)
  await visit()
  expect(await lastActive()).toEqual(clock.now)
  await database.close()
})

test('a session that has expired is refused, and stays as it was (R-13)', async () => {
  for (const [stage, ...pauses] of [
    ['full', minutes(60)],
    ['full', ...Array(47).fill(minutes(30)), minutes(30)],
    ['password', minutes(10)],
    ['password', minutes(9), minutes(1)],
  ] as const) {
    const door = await atTheDoor()
    const { clock, ana } = door
    const { hers, lastUsed, lastActive } = await watched(door, ana, stage)
    for (const pause of pauses.slice(0, -1)) {
      clock.pass(pause)
      await hers.get('')
      expect(await lastUsed()).toEqual([clock.now])
    }
    const [used, active] = [await lastUsed(), await lastActive()]
    clock.pass(pauses.at(-1) ?? 0)
    await expectOut(hers)
    expect(await lastUsed()).toEqual(used)
    expect(await lastActive()).toEqual(active)
  }
})

test('nothing is noted of a blocked account, even where a session of it was left', async () => {
  const door = await atTheDoor()
  const { clock, ana, db } = door
  const { hers, lastUsed, lastActive } = await watched(door, ana)
  const used = await lastUsed()
  await db.updateTable('account').set({ blocked_at: clock.now }).where('id', '=', ana.accountId).execute()
  clock.pass(minutes(11))
  await expectOut(hers)
  expect(await lastUsed()).toEqual(used)
  expect(await lastActive()).toBeNull()
})

test('only who is let in is active: a place that is closed, and a sign-in half done, are visited without', async () => {
  const door = await atTheDoor()
  const { clock, add } = door
  const closed: [PersonDetails, number][] = [
    [{ suspended: true }, 403],
    [{ endsOn: '2026-11-21' }, 403],
    [{ startsOn: '2026-11-23' }, 403],
    [{ removed: true }, 404],
  ]
  for (const [details, status] of closed) {
    const { hers, lastUsed, lastActive } = await watched(door, await add({ first: 'Cy', ...details }))
    clock.pass(minutes(1))
    expect((await hers.get('members/me')).status).toBe(status)
    expect(await lastUsed()).toEqual([clock.now])
    expect(await lastActive()).toBeNull()
  }
  for (const stage of ['password', 'new_password', 'enroll'] as const) {
    const { hers, lastUsed, lastActive } = await watched(door, await add({ first: 'Half' }), stage)
    clock.pass(minutes(1))
    expect((await hers.get('members/me')).status).toBe(303)
    expect(await lastUsed()).toEqual([clock.now])
    expect(await lastActive()).toBeNull()
  }
})

test('a process whose clock is behind writes no older time', async () => {
  const door = await atTheDoor()
  const { clock, ana } = door
  const { hers, lastUsed, lastActive } = await watched(door, ana)
  clock.pass(minutes(30))
  await expectIn(hers)
  const ahead = clock.now
  clock.pass(-minutes(20))
  const other = await watched(door, ana)
  const behind = clock.now
  // Places that nobody has been to yet: no process knows that nothing of them is due.
  for (const path of ['', '/sign-in', '/', '/o/nowhere/members', 'members/me']) {
    await hers.get(path)
    await other.hers.get(path)
  }
  expect((await lastUsed()).sort((a, b) => a.getTime() - b.getTime())).toEqual([behind, ahead])
  expect(await lastActive()).toEqual(ahead)
  await expectIn(hers)
})

test('twenty requests of one session at once all get in, and are noted once', async () => {
  const database = await freshDatabase()
  const door = await atTheDoor({ database })
  const { clock, ana, db } = door
  const { hers, lastUsed, lastActive } = await watched(door, ana)
  await sql`create table written (name text)`.execute(db)
  await sql`create function note_write() returns trigger language plpgsql as $$
    begin insert into written values (tg_table_name); return null; end $$`.execute(db)
  for (const table of ['session', 'membership'])
    await sql`create trigger noted after update on ${sql.table(table)} for each row execute function note_write()`.execute(
      db,
    )
  const rounds = 5
  for (let round = 0; round < rounds; round++) {
    clock.pass(minutes(10))
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => hers.get(n % 2 ? '' : '/')))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(303))
    for (const { location } of answers) expect(location).toContain('/members')
    expect(await lastUsed()).toEqual([clock.now])
    expect(await lastActive()).toEqual(clock.now)
  }
  const { rows } = await sql`select name, count(*)::int as times from written group by name order by name`.execute(db)
  expect(rows).toEqual([
    { name: 'membership', times: rounds },
    { name: 'session', times: rounds },
  ])
  expect(door.log).toEqual([])
  await database.close()
})

test('no page waits for somebody who holds the session or the membership: it is noted with the next one', async () => {
  const door = await atTheDoor()
  const { clock, ana, db } = door
  const { hers, lastUsed, lastActive } = await watched(door, ana)
  await expectIn(hers)
  clock.pass(minutes(10))
  const [used, active] = [await lastUsed(), await lastActive()]
  await db.transaction().execute(async (trx) => {
    await trx.updateTable('session').set({ user_agent: 'x' }).where('account_id', '=', ana.accountId).execute()
    await trx.updateTable('membership').set({ title: 'x' }).where('id', '=', ana.id).execute()
    // A page that waited would never come: what it waits for ends after it.
    await expectIn(hers)
    await expectIn(hers)
  })
  expect(await lastUsed()).toEqual(used)
  expect(await lastActive()).toEqual(active)
  await expectIn(hers)
  expect(await lastUsed()).toEqual([clock.now])
  expect(await lastActive()).toEqual(clock.now)
  expect(door.log).toEqual([])
})

test('a block in the middle of visits: none fails, none waits, and afterwards nobody is in', async () => {
  const door = await atTheDoor()
  const { clock, add, db, services, log } = door
  for (let round = 0; round < 10; round++) {
    const bo = await add({ first: 'Bo' })
    await db.updateTable('account').set({ failed_sign_ins: mostFailures }).where('id', '=', bo.accountId).execute()
    const { hers, lastUsed } = await watched(door, bo)
    clock.pass(minutes(10))
    const cause = { now: clock.now, actorId: null, how: 'screen', requestId: '', ip: '' } as const
    const [blocked, ...answers] = await Promise.all([
      services.db.transaction().execute((trx) => blockAfterFailures(trx, cause, bo.accountId)),
      ...Array.from({ length: 6 }, () => hers.get('')),
    ])
    expect(blocked).toBe(true)
    for (const { status } of answers) expect(status).toBe(303)
    await expectOut(hers)
    expect(await lastUsed()).toEqual([])
    const row = await db.selectFrom('membership').select('status').where('id', '=', bo.id).executeTakeFirst()
    expect(row?.status).toBe('blocked')
  }
  expect(log).toEqual([])
})
