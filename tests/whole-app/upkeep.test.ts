import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { forgetFormerEmails } from '../../src/accounts/email-change.ts'
import { statusesAtOnce } from '../../src/organizations/new-day.ts'
import { newId } from '../../src/platform/ids.ts'
import { hashOfId } from '../../src/sessions/lucia.ts'
import { keepUp, untilNextHour, upkeep } from '../../src/upkeep.ts'
import { freshDatabase } from '../support/database.ts'
import { addPerson, clockAt, hours, makeOrganization, organization, type Person } from '../support/world.ts'

/** Ten organizations in a database of their own, in each of which somebody's last day is over at midnight. */
async function tenOrganizations() {
  const database = await freshDatabase()
  const world = await organization({ database, clock: clockAt('2026-11-22T23:59:00.000Z') })
  const { db, clock } = world
  const ten: { id: string; person: Person }[] = []
  for (let n = 0; n < 10; n++) {
    const one = await makeOrganization(db, `Claims ${n}`, clock.now)
    ten.push({ id: one.id, person: await addPerson(db, one, clock.now, { first: 'En', endsOn: '2026-11-22' }) })
  }
  const stored = async () => {
    const rows = await db
      .selectFrom('membership as m')
      .innerJoin('organization as o', 'o.id', 'm.organization_id')
      .where('m.ends_on', '=', '2026-11-22')
      .select(['m.status', 'o.statuses_as_of', 'o.id'])
      .execute()
    return ten.map(({ id }) => rows.find((row) => row.id === id)).map((row) => `${row?.status} ${row?.statuses_as_of}`)
  }
  return { ...world, database, ten, stored }
}
const before = 'active 2026-11-22'
const after = 'ended 2026-11-23'

test('it comes a second past each full hour, and so past midnight UTC', () => {
  const next = (at: string) => new Date(Date.parse(at) + untilNextHour(new Date(at))).toISOString()
  expect(next('2026-11-22T23:59:59.999Z')).toBe('2026-11-23T00:00:01.000Z')
  expect(next('2026-11-22T23:00:00.000Z')).toBe('2026-11-23T00:00:01.000Z')
  expect(next('2026-11-22T22:59:59.000Z')).toBe('2026-11-22T23:00:01.000Z')
})

test('after midnight every organization is brought up to date, so that nobody’s first visit has to', async () => {
  const { database, db, here, ana, clock, log, services, stored } = await tenOrganizations()
  const own = { organization_id: here.id, account_id: ana.person.accountId ?? '', kind: 'add' }
  const [yesterday, late] = [new Date('2026-11-22T00:00:01.000Z'), new Date('2026-11-22T00:00:02.000Z')]
  await db
    .insertInto('draft')
    .values([yesterday, late].map((created_at) => ({ ...own, id: newId(), created_at })))
    .execute()
  const [over, open] = [clock.now, new Date(clock.now.getTime() + 1)].map((now) => new Date(now.getTime() + hours(24)))
  const former = { account_id: own.account_id, email: 'ana@example.org', email_key: 'ana@example.org' }
  await db
    .insertInto('former_email')
    .values([over, open].map((ends_at, generation) => ({ ...former, generation, ends_at: ends_at as Date })))
    .execute()
  await upkeep(database.db, clock.now, services.log)
  expect(await db.selectFrom('former_email').selectAll().execute()).toHaveLength(2)
  await forgetFormerEmails(database.db, over as Date)
  expect((await db.selectFrom('former_email').select('ends_at').execute()).map((one) => one.ends_at)).toEqual([open])
  expect(await db.selectFrom('draft').selectAll().where('organization_id', '=', here.id).execute()).toHaveLength(2)
  expect(await stored()).toEqual(Array(10).fill(before))
  clock.now = new Date('2026-11-23T00:00:01.000Z')
  await Promise.all([1, 2, 3].map(() => upkeep(database.db, clock.now, services.log)))
  expect(await stored()).toEqual(Array(10).fill(after))
  const drafts = await db.selectFrom('draft').select('created_at').where('organization_id', '=', here.id).execute()
  expect(drafts).toEqual([{ created_at: late }])
  // A process whose clock is behind turns nothing back.
  await upkeep(database.db, new Date('2026-11-22T23:59:59.000Z'), services.log)
  expect(await stored()).toEqual(Array(10).fill(after))
  expect(log).toEqual([])
  await database.close()
})

test('however many change on one day: some at a time, by the visits and by the upkeep', async () => {
  const { database, db, clock, here, ana, services, log } = await tenOrganizations()
  const many = Math.floor(statusesAtOnce * 3.5)
  await sql`insert into account (id, email, email_key)
    select gen_random_uuid(), n || '@many.example', n || '@many.example' from generate_series(1, ${many}::int) as n`.execute(
    db,
  )
  await sql`insert into membership (id, organization_id, account_id, email, email_key, group_id, status, ends_on)
    select gen_random_uuid(), ${here.id}, id, email, email_key, ${here.defaultGroup}, 'active', '2026-11-22'
    from account where email like '%@many.example'`.execute(db)
  const count = async () =>
    (
      await db
        .selectFrom('membership')
        .where('organization_id', '=', here.id)
        .where('status', '=', 'ended')
        .select((eb) => eb.fn.countAll().as('n'))
        .executeTakeFirstOrThrow()
    ).n
  clock.now = new Date('2026-11-23T00:00:30.000Z')
  const asOf = async () =>
    (await db.selectFrom('organization').select('statuses_as_of').where('id', '=', here.id).executeTakeFirst())
      ?.statuses_as_of
  for (const visit of [1, 2]) {
    expect((await ana.get('members/me')).status).toBe(200)
    expect(Number(await count())).toBe(visit * statusesAtOnce)
    expect(await asOf()).toBe('2026-11-22')
  }
  await upkeep(database.db, clock.now, services.log)
  expect(Number(await count())).toBe(many)
  expect(await asOf()).toBe('2026-11-23')
  expect(log).toEqual([])
  await database.close()
})

test('what fails with one organization is logged, and keeps no other waiting', async () => {
  const { database, db, clock, log, services, stored, ten } = await tenOrganizations()
  clock.now = new Date('2026-11-23T00:00:01.000Z')
  // North Sea Adjusters, with its one person, can’t be counted.
  await sql`alter table seat_day add constraint fails check (seats <> 1)`.execute(db)
  await db.transaction().execute(async (trx) => {
    await trx
      .updateTable('organization')
      .set({ industry: 'x' })
      .where('id', '=', ten[0]?.id ?? '')
      .execute()
    await upkeep(database.db, clock.now, services.log)
  })
  expect(await stored()).toEqual([before, ...Array(9).fill(after)])
  expect(log).toMatchObject([
    { level: 'warn', message: 'upkeep failed', facts: { work: 'keepAllStatusesCurrent', code: '55P03' } },
    { level: 'warn', message: 'upkeep failed', facts: { work: 'countSeats', code: '23514' } },
    { level: 'warn', message: 'upkeep failed', facts: { work: 'putInvitationsBack', code: '55P03' } },
  ])
  expect(await db.selectFrom('seat_day').select('seats').execute()).toHaveLength(10)
  await upkeep(database.db, clock.now, services.log)
  expect(await stored()).toEqual(Array(10).fill(after))
  await database.close()
})

test('it begins with the process, goes on with the hour, and ends when the process stops', async () => {
  const { database, db, clock, log, services, stored, ten } = await tenOrganizations()
  const until = async (wanted: string) => {
    const late = performance.now() + 10_000
    while ((await stored()).some((one) => one !== wanted)) {
      if (performance.now() > late) throw new Error(`not ${wanted}: ${await stored()}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  await db
    .insertInto('session')
    .values({
      id_hash: hashOfId('old'),
      account_id: ten[0]?.person.accountId ?? '',
      stage: 'full',
      created_at: new Date(clock.now.getTime() - hours(24)),
      last_used_at: clock.now,
    })
    .execute()
  const old = () => db.selectFrom('session').select('ip').where('id_hash', '=', hashOfId('old')).execute()
  clock.now = new Date('2026-11-22T23:59:59.999Z')
  const end = keepUp(database.db, () => clock.now, services.log)
  while ((await old()).length > 0) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await stored()).toEqual(Array(10).fill(before))
  clock.now = new Date('2026-11-23T00:59:59.999Z')
  await until(after)
  await new Promise((resolve) => setTimeout(resolve, 100))
  end()
  clock.now = new Date('2026-11-24T12:00:00.000Z')
  await new Promise((resolve) => setTimeout(resolve, 1500))
  expect(await stored()).toEqual(Array(10).fill(after))
  await database.close()
  expect(log).toEqual([])
})
