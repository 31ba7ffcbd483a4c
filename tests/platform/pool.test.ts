import { type AddressInfo, createConnection, createServer } from 'node:net'
import { AbortedTransactionError, type CompiledQuery, type Kysely, sql } from 'kysely'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import {
  type Connected,
  type ConnectOptions,
  connect,
  DatabaseBusy,
  inTransaction,
  isUnavailable,
  prepared,
} from '../../src/platform/database/connect.ts'
import { type Embedded, startEmbedded } from '../../src/platform/database/embedded.ts'
import { folder, remove } from './machine.ts'

const dataDir = folder()
let server: Embedded
const opened: Connected[] = []

// biome-ignore lint/suspicious/noExplicitAny: tables of these tests only
type Tables = Record<string, any>
const open = (options: Partial<ConnectOptions> = {}) => {
  const connected = connect({ socketDir: server.socketDir, ...options } as ConnectOptions)
  opened.push(connected)
  return { ...connected, db: connected.db as unknown as Kysely<Tables> }
}

beforeAll(async () => {
  server = await startEmbedded(dataDir)
  const { db } = open()
  await sql`create table person (id uuid primary key, name text not null unique, joined date, left_at timestamptz(3),
    active boolean, phones text[], friends uuid[], facts jsonb, visits bigint default 0, flags boolean[], moments timestamptz[])`.execute(
    db,
  )
}, 60_000)
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ close }) => close(100)))
})
afterAll(async () => {
  await server.stop()
  remove(dataDir)
})

const one = '00000000-0000-7000-8000-000000000001'
const two = '00000000-0000-7000-8000-000000000002'
const failure = async (promise: Promise<unknown>) => {
  try {
    await promise
  } catch (error) {
    return error as Error & { code?: string }
  }
  throw new Error('it succeeded')
}
const took = async (work: () => Promise<unknown>) => {
  const start = performance.now()
  await work()
  return performance.now() - start
}

test('somebody who finds every connection busy is told so after two seconds, and is served when one is free', async () => {
  const { db } = open({ max: 2 })
  const slow = [1, 2].map(() => sql`select pg_sleep(2.6)`.execute(db))
  const late = took(async () => expect(await failure(sql`select 1`.execute(db))).toBeInstanceOf(DatabaseBusy))
  const patient = new Promise((resolve) => setTimeout(resolve, 1000)).then(() => sql`select 1 as one`.execute(db))
  expect(await late).toBeGreaterThan(1900)
  expect(await late).toBeLessThan(2300)
  expect((await patient).rows).toEqual([{ one: 1 }])
  await Promise.all(slow)
})

test('a crowd of waiting people leaves no connection taken and none over the limit', async () => {
  const { db } = open({ max: 3, acquireTimeout: 50 })
  const outcomes = await Promise.allSettled(Array.from({ length: 60 }, () => sql`select pg_sleep(0.02)`.execute(db)))
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
  expect(refused.length).toBeGreaterThan(0)
  for (const { reason } of refused) expect(isUnavailable(reason)).toBe(true)
  await Promise.all([1, 2, 3].map(() => sql`select pg_sleep(0.01)`.execute(db)))
  const { rows } = await sql<{
    n: number
  }>`select count(*)::int as n from pg_stat_activity where application_name = 'rollcall'`.execute(db)
  expect(rows[0]?.n).toBe(3)
})

test('nobody waits for a statement, a lock or an idle transaction without end', async () => {
  const { db } = open({ statementTimeout: 300 })
  const { rows } = await sql`select current_setting('lock_timeout') as lock, current_setting('TimeZone') as zone,
    current_setting('idle_in_transaction_session_timeout') as idle, current_setting('application_name') as name`.execute(
    db,
  )
  expect(rows).toEqual([{ lock: '3s', zone: 'UTC', idle: '10s', name: 'rollcall' }])
  expect((await failure(sql`select pg_sleep(2)`.execute(db))).code).toBe('57014')
  const { db: usual } = open()
  expect((await sql`select current_setting('statement_timeout') as t`.execute(usual)).rows).toEqual([{ t: '5s' }])
})

test('while the database is stopped people get a quick answer, and afterwards everything works again', async () => {
  const { db } = open()
  await sql`select 1`.execute(db)
  await server.stop()
  expect(
    await took(async () => expect(isUnavailable(await failure(sql`select 1`.execute(db)))).toBe(true)),
  ).toBeLessThan(1000)
  expect(isUnavailable(await failure(db.transaction().execute((trx) => sql`select 1`.execute(trx))))).toBe(true)
  server = await startEmbedded(dataDir)
  expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }])
})

test('a query that finds nobody listening is tried once more, a little later, and only once', async () => {
  const listener = createServer((client) => {
    const inner = createConnection(`${server.socketDir}/.s.PGSQL.5432`)
    client.pipe(inner).pipe(client)
    client.on('error', () => {})
    inner.on('error', () => {})
  })
  const listen = (port: number) => new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = listener.address() as AddressInfo
  await new Promise((resolve) => listener.close(resolve))
  const sent: string[] = []
  const { db, close } = connect({
    url: `postgres://rollcall@127.0.0.1:${port}/rollcall`,
    onQuery: (text) => sent.push(text),
  })
  expect((await failure(sql`select 1`.execute(db))).code).toBe('ECONNREFUSED')
  expect(sent.splice(0)).toEqual(['select 1', 'select 1'])
  const answer = sql`select 2 as two`.execute(db)
  await new Promise((resolve) => setTimeout(resolve, 40))
  await listen(port)
  expect((await answer).rows).toEqual([{ two: 2 }])
  expect(sent).toEqual(['select 2 as two', 'select 2 as two'])
  await close()
  await new Promise((resolve) => listener.close(resolve))
})

test('a database that accepts and then says nothing is given up after two seconds', async () => {
  const listener = createServer(() => {})
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo
  const { db, close } = connect({ url: `postgres://rollcall@127.0.0.1:${port}/rollcall` })
  const waited = await took(async () => expect(isUnavailable(await failure(sql`select 1`.execute(db)))).toBe(true))
  expect(waited).toBeLessThan(2500)
  await close()
  listener.close()
})

test('an address with the folder of a socket leads there', async () => {
  const host = encodeURIComponent(server.socketDir)
  const { db, close } = connect({ url: `postgres://rollcall@localhost/rollcall?host=${host}` })
  expect((await sql`select current_database() as name`.execute(db)).rows).toEqual([{ name: 'rollcall' }])
  await close()
})

test('what was begun on a lost connection never goes on outside its transaction', async () => {
  const { db } = open({ max: 2 })
  const error = await failure(
    db.transaction().execute(async (trx) => {
      await trx.insertInto('person').values({ id: one, name: 'Before' }).execute()
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx)
      await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(db)
      await new Promise((resolve) => setTimeout(resolve, 50))
      await trx.insertInto('person').values({ id: two, name: 'After' }).execute()
    }),
  )
  expect(isUnavailable(error)).toBe(true)
  expect(await db.selectFrom('person').selectAll().execute()).toEqual([])
})

test('a connection that was cut while idle is noticed by nobody', async () => {
  const { db } = open({ max: 1 })
  const { db: other } = open()
  for (let i = 0; i < 5; i++) {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)
    await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(other)
    await db.transaction().execute((trx) => sql`select 1`.execute(trx))
  }
})

test('only what says that the database is away counts as away', () => {
  const error = (fields: object) => Object.assign(new Error('x'), fields)
  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'CONNECT_TIMEOUT', 'CONNECTION_CLOSED', '57P01', '57P03', '53300'])
    expect(isUnavailable(error({ code }))).toBe(true)
  expect(isUnavailable(error({ code: 'ENOENT', syscall: 'connect' }))).toBe(true)
  expect(isUnavailable(new DatabaseBusy())).toBe(true)
  expect(isUnavailable(new Error('outer', { cause: error({ code: '57P01' }) }))).toBe(true)
  for (const other of [error({ code: 'ENOENT', syscall: 'open' }), error({ code: '23505' }), new Error('x'), 'x', null])
    expect(isUnavailable(other)).toBe(false)
})

test('the loser of a conflict is tried again once, and only once', async () => {
  const { db } = open()
  let tries = 0
  const conflict = (trx: Kysely<Tables>) =>
    sql`do $$ begin raise exception using errcode = '40001'; end $$`.execute(trx)
  const done = await inTransaction(db, async (trx) => {
    if (++tries === 1) await conflict(trx)
    return tries
  })
  expect(done).toBe(2)
  tries = 0
  const error = await failure(
    inTransaction(db, async (trx) => {
      tries++
      await conflict(trx)
    }),
  )
  expect([error.code, tries]).toEqual(['40001', 2])
  tries = 0
  await failure(
    inTransaction(db, async () => {
      tries++
      throw new Error('of another kind')
    }),
  )
  expect(tries).toBe(1)
})

test('two people who wait for each other both get through', async () => {
  const { db } = open()
  await sql`create table seat (n int primary key, taken int default 0); insert into seat values (1), (2)`.execute(db)
  const both = [
    [1, 2],
    [2, 1],
  ].map((order) =>
    inTransaction(db, async (trx) => {
      for (const n of order) {
        await sql`update seat set taken = taken + 1 where n = ${n}`.execute(trx)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }),
  )
  await Promise.all(both)
  expect((await sql`select taken from seat`.execute(db)).rows).toEqual([{ taken: 2 }, { taken: 2 }])
})

test('values come back as they were given', async () => {
  const { db } = open()
  const row = {
    id: one,
    name: `O'Brien "\\ 😀 \u2028 {a,b} $1`,
    joined: '2026-02-28',
    left_at: new Date('2026-11-22T10:20:30.456Z'),
    active: false,
    phones: ['+1 23', '', 'NULL', 'a,b', '{x}', 'quo"te', 'back\\slash', ' ', 'ü'],
    friends: [two, one],
    facts: { list: [true, null, 1.5, 'x', { deep: [] }], text: 'null' },
    visits: '9007199254740993',
    flags: [true, false, null],
    moments: [new Date('1999-12-31T23:59:59.999Z'), null],
  }
  await db.insertInto('person').values(row).execute()
  expect(await db.selectFrom('person').selectAll().executeTakeFirst()).toEqual(row)
  const changes = [[], [true, false], ['a'], 'text', 5, { a: 1 }, [[1], [2]], [new Date(0)]]
  for (const facts of changes) {
    const { facts: back } = await db.updateTable('person').set({ facts }).returning('facts').executeTakeFirstOrThrow()
    expect(back).toEqual(JSON.parse(JSON.stringify(facts)))
  }
  const found = await db
    .selectFrom('person')
    .select('id')
    .where('id', '=', sql`any(${[one, two]})`)
    .execute()
  expect(found).toEqual([{ id: one }])
  expect(
    await db
      .updateTable('person')
      .set({
        phones: [],
        facts: null,
        joined: new Date('2026-03-01T23:00:00Z'),
        visits: 12n,
        left_at: '2026-01-02T03:04:05Z',
      })
      .returning(['phones', 'facts', 'joined', 'visits', 'left_at'])
      .executeTakeFirst(),
  ).toEqual({ phones: [], facts: null, joined: '2026-03-01', visits: '12', left_at: new Date('2026-01-02T03:04:05Z') })
  await db.deleteFrom('person').execute()
})

test('dates without end, before Christ and beyond a Date give null or a Date, and break nothing', async () => {
  const { db } = open()
  const { rows } = await sql`select 'infinity'::timestamptz as a, '-infinity'::timestamptz as b, '-infinity'::date as c,
    '0044-03-15 12:00:00+00 BC'::timestamptz as d, '200000-01-01'::timestamptz as e, '294276-01-01'::timestamptz as f,
    '2026-11-22 10:00:00.123456+02'::timestamptz as g, '0001-01-01 00:00'::timestamptz as h, array['infinity'::timestamptz, null] as i`.execute(
    db,
  )
  expect(rows[0]).toEqual({
    a: null,
    b: null,
    c: '-infinity',
    d: new Date('-000043-03-15T12:00:00Z'),
    e: new Date('+200000-01-01T00:00:00Z'),
    f: null,
    g: new Date('2026-11-22T08:00:00.123Z'),
    h: new Date('0001-01-01T00:00:00Z'),
    i: [null, null],
  })
  expect((await sql`select ${'infinity'}::timestamptz > now() as later`.execute(db)).rows).toEqual([{ later: true }])
})

test('a NUL character or a value without text is an ordinary refusal, and the connection goes on', async () => {
  const { db } = open({ max: 1 })
  const insert = (values: object) =>
    db
      .insertInto('person')
      .values({ id: one, ...values })
      .execute()
  expect((await failure(insert({ name: 'a\0b' }))).code).toBe('22021')
  expect((await failure(insert({ name: 'x', phones: ['\0'] }))).code).toBe('22021')
  expect((await failure(insert({ name: 'x', facts: { a: '\0' } }))).code).toBe('22P05')
  await failure(insert({ name: 'x', left_at: new Date(Number.NaN) }))
  await failure(sql`select 1 \0`.execute(db))
  await failure(sql`select ${undefined}`.execute(db))
  const circle: Record<string, unknown> = {}
  circle.self = circle
  await failure(insert({ name: 'x', facts: circle }))
  const text = prepared(
    db.selectFrom('person').select('id').where('left_at', '=', new Date()).compile() as CompiledQuery,
  )
  await db.executeQuery(text)
  await failure(db.executeQuery({ ...text, parameters: [new Date(Number.NaN)] }))
  expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }])
})

test("an error of the database says what and where, and doesn't carry what was typed", async () => {
  const { db } = open()
  await db.insertInto('person').values({ id: one, name: 'Ana' }).execute()
  const error = await failure(db.insertInto('person').values({ id: two, name: 'Ana' }).execute())
  expect(error).toMatchObject({
    name: 'PostgresError',
    code: '23505',
    constraint_name: 'person_name_key',
    table_name: 'person',
  })
  expect(error.stack).toContain('pool.test.ts')
  expect('parameters' in error).toBe(false)
  await db.deleteFrom('person').execute()
})

test('a transaction commits whole or not at all, with savepoints inside', async () => {
  const { db } = open()
  const names = async () =>
    (await db.selectFrom('person').select('name').orderBy('name').execute()).map((row) => row.name)
  await failure(
    db.transaction().execute(async (trx) => {
      await trx.insertInto('person').values({ id: one, name: 'Gone' }).execute()
      throw new Error('on second thoughts')
    }),
  )
  expect(await names()).toEqual([])
  const trx = await db.startTransaction().execute()
  await trx.insertInto('person').values({ id: one, name: 'Kept' }).execute()
  const point = await trx.savepoint('before').execute()
  expect((await failure(point.insertInto('person').values({ id: two, name: 'Kept' }).execute())).code).toBe('23505')
  await point.rollbackToSavepoint('before').execute()
  await point.insertInto('person').values({ id: two, name: 'Other' }).execute()
  await point.releaseSavepoint('before').execute()
  await trx.commit().execute()
  expect(await names()).toEqual(['Kept', 'Other'])
  const aborted = await failure(
    db.transaction().execute(async (trx) => {
      await trx
        .insertInto('person')
        .values({ id: one, name: 'x' })
        .execute()
        .catch(() => {})
    }),
  )
  expect(aborted).toBeInstanceOf(AbortedTransactionError)
  const settings = await db
    .transaction()
    .setIsolationLevel('serializable')
    .setAccessMode('read only')
    .execute((trx) =>
      sql`select current_setting('transaction_isolation') as a, current_setting('transaction_read_only') as b`.execute(
        trx,
      ),
    )
  expect(settings.rows).toEqual([{ a: 'serializable', b: 'on' }])
  await db.deleteFrom('person').execute()
})

test('a long list streams piece by piece, and who stops in the middle frees the connection', async () => {
  const { db } = open({ max: 1 })
  const numbers = () =>
    db.selectFrom(sql<{ n: number }>`generate_series(1, 10000)`.as('n')).select(sql<number>`n`.as('n'))
  let sum = 0
  for await (const { n } of numbers().stream(500)) sum += n
  expect(sum).toBe(50_005_000)
  for await (const { n } of numbers().where(sql`n`, '>', 7).stream(100)) if (n > 250) break
  expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }])
  const wrong = numbers().where(sql`1 / (n - 5000)`, '=', 9)
  await failure(
    (async () => {
      for await (const _ of wrong.stream(100));
    })(),
  )
  expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }])
})

test('settings that one piece of work makes for itself never reach the next', async () => {
  const { db } = open({ max: 1 })
  await db.connection().execute((own) => sql`set statement_timeout = 0`.execute(own))
  expect((await sql`select current_setting('statement_timeout') as t`.execute(db)).rows).toEqual([{ t: '5s' }])
  await db.transaction().execute((trx) => sql`set local statement_timeout = '60s'`.execute(trx))
  expect((await sql`select current_setting('statement_timeout') as t`.execute(db)).rows).toEqual([{ t: '5s' }])
})

test('only queries that were registered are prepared', async () => {
  const { db } = open({ max: 1 })
  const hot = prepared(
    db.selectFrom('person').select('name').where('id', '=', one).where('active', '=', true).compile() as CompiledQuery,
  )
  for (let i = 0; i < 5; i++) {
    await db.executeQuery({ ...hot, parameters: [two, i % 2 === 0] })
    await db.selectFrom('person').select('name').where('name', '=', `n${i}`).execute()
  }
  const { rows } = await sql`select statement from pg_prepared_statements`.execute(db)
  expect(rows).toEqual([{ statement: hot.sql }])
})

test('a screen can count its round trips, begin and commit among them', async () => {
  const sent: string[] = []
  const { db } = open({ onQuery: (text) => sent.push(text) })
  await db.transaction().execute((trx) => trx.selectFrom('person').select('id').execute())
  expect(sent).toEqual(['begin', 'select "id" from "person"', 'commit'])
})

test('closing waits for the work under way and refuses what comes later', async () => {
  const { db, close } = open()
  const work = sql`select pg_sleep(0.2)`.execute(db)
  await new Promise((resolve) => setTimeout(resolve, 20))
  const closed = close()
  await work
  await closed
  expect(isUnavailable(await failure(sql`select 1`.execute(db)))).toBe(true)
})
