import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Kysely, type KyselyPlugin, sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connected, connect, DatabaseBusy } from '../../src/platform/database/connect.ts'
import { copyOut, ExportUnderWay, literal, literalText } from '../../src/platform/database/copy.ts'
import { type Embedded, startEmbedded } from '../../src/platform/database/embedded.ts'
import { folder, remove } from './machine.ts'

// biome-ignore lint/suspicious/noExplicitAny: tables of these tests only
type Tables = Record<string, any>
const dataDir = folder()
let server: Embedded
let connected: Connected
let db: Kysely<Tables>

beforeAll(async () => {
  server = await startEmbedded(dataDir)
  connected = connect({ socketDir: server.socketDir, max: 6 })
  db = connected.db as unknown as Kysely<Tables>
  await sql`create table line (id int primary key, text text, at timestamptz, facts jsonb);
    insert into line select i, repeat('x', 200), now(), '{}' from generate_series(1, 200000) i`.execute(db)
}, 60_000)
afterAll(async () => {
  await connected.close()
  await server.stop()
  remove(dataDir)
})

const text = async (stream: Readable) => (await buffer(stream)).toString()
const lines = () => db.selectFrom('line')
/** Who copies right now. A cancelled copy needs a moment to end. */
const copying = async () =>
  (await sql`select 1 from pg_stat_activity where query like 'copy%' and state = 'active'`.execute(db)).rows.length

const alphabet = [
  "'",
  "''",
  '\\',
  "\\'",
  '\\\\',
  '"',
  '$1',
  '$$',
  ';',
  '--',
  '/*',
  '\n',
  '\r',
  '\t',
  'E',
  'é',
  '😀',
  '𝔘',
  '\u2028',
  '\u202e',
  '\ufeff',
  '\u0001',
  '\u007f',
  'иванов',
  '﷽',
  '%',
  '_',
  '{',
  '}',
  ',',
  ' ',
  'x',
  'U&',
  '?',
  ':a',
  'ß',
]

test('no text, however naughty, leaves its quotes', async () => {
  let seed = 42
  const random = (n: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed % n
  }
  const texts = alphabet.concat(
    Array.from({ length: 2000 }, () =>
      Array.from({ length: random(9) }, () => alphabet[random(alphabet.length)]).join(''),
    ),
  )
  for (const conforming of ['on', 'off'])
    for (let from = 0; from < texts.length; from += 250) {
      const some = texts.slice(from, from + 250)
      const slot = await connected.pool.acquire()
      await slot.send(`set standard_conforming_strings = ${conforming}`)
      const [row] = await slot.send(`select array[${some.map(literal).join(', ')}]::text[] as back`)
      connected.pool.release(slot)
      expect(row?.back).toEqual(some)
    }
  const copied = await text(
    await copyOut(
      connected.pool,
      lines()
        .select((eb) =>
          eb
            .fn(
              'jsonb_build_array',
              texts.slice(0, 90).map((one) => sql`${one}::text`),
            )
            .as('all'),
        )
        .where('id', '=', 1),
      { format: 'csv' },
    ),
  )
  expect(JSON.parse(copied.trim().replace(/^"|"$/g, '').replaceAll('""', '"'))).toEqual(texts.slice(0, 90))
})

test('a query with values in every place means the same as with parameters', async () => {
  const query = lines()
    .select((eb) => [
      'id',
      eb.case().when('id', '>', 3).then('big').else("it's").end().as('size'),
      eb.val(null).as('none'),
    ])
    .where('id', 'in', [1, 2, 3, 4, 5])
    .where('id', '>', -2)
    .where(sql`id`, '>=', sql`3 - -${-1}::int`)
    .where('at', '<', new Date('2999-01-01'))
    .where('facts', '@>', sql`'{}'::jsonb`)
    .where(sql<boolean>`${true}`)
    .where('id', '<', 12345678901n)
    .where(sql<boolean>`'{"a", b\\c'',null' = any(${['x', `{"a", b\\c',null`, 'NULL', '']}::text[])`)
    .where(sql<boolean>`'NULL' <> all(${[]}::text[])`)
    .orderBy('id')
    .limit(3)
    .offset(1)
  expect(literalText(query)).not.toContain('$')
  const plain = await query.execute()
  const copied = await text(await copyOut(connected.pool, query))
  expect(copied).toBe(plain.map((row) => `${row.id}\t${row.size}\t\\N\n`).join(''))
})

test('what has no safe text is refused', () => {
  for (const value of [
    'a\0b',
    undefined,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    {},
    [1],
    [['x']],
    ['a\0b'],
    Symbol('x'),
    () => 1,
    new Date(Number.NaN),
  ])
    expect(() => literal(value)).toThrow()
})

test('the guard of the database sees the query of an export too', async () => {
  const guard: KyselyPlugin = {
    transformQuery: () => {
      throw new Error('not without the organization')
    },
    transformResult: async ({ result }) => result,
  }
  await expect(copyOut(connected.pool, lines().withPlugin(guard).selectAll())).rejects.toThrow('not without')
  expect(await text(await copyOut(connected.pool, lines().select('id').where('id', '=', 7)))).toBe('7\n')
})

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')
/**
 * Bytes that something still holds. Resident memory would tell when V8 last cleaned up: the pieces' bytes are outside of its heap,
 * and it lets 30 to 90 MB of used ones lie. The second collection waits until the first has given its buffers back.
 */
const inUse = () => {
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

test('a large export streams in little memory, ten times as much in the same, while its reader decides the pace', async () => {
  const exported = async (times: number) => {
    const copies = sql`generate_series(1, ${times}::int)`.as('copy')
    const query = lines()
      .innerJoin(copies, (on) => on.onTrue())
      .selectAll('line')
    const stream = await copyOut(connected.pool, query)
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(stream.readableLength).toBeLessThan(300_000)
    expect(await copying()).toBe(1)
    let size = 0
    let rows = 0
    let most = 0
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (Math.floor(size / 4_000_000) < Math.floor((size + chunk.length) / 4_000_000)) most = Math.max(most, inUse())
      size += chunk.length
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) rows++
    }
    expect(rows).toBe(200_000 * times)
    expect(size).toBeGreaterThan(40_000_000 * times)
    return most
  }
  // What the first use leaves for good isn't the export's; what it leaves for a moment is gone then.
  await exported(1)
  await new Promise((resolve) => setTimeout(resolve, 200))
  const before = inUse()
  const once = await exported(1)
  const ten = await exported(10)
  expect(once - before).toBeLessThan(2_000_000)
  expect(ten - once).toBeLessThan(1_000_000)
}, 120_000)

test('a slow reader of few long rows gets the end too, and the connection is free afterwards', async () => {
  for (const [rows, length] of [
    [10, 20_000],
    [3, 200_000],
    [30, 70_000],
  ] as const) {
    const long = lines().select(sql`repeat('x', ${length}::int)`.as('x')).where('id', '<=', rows)
    let size = 0
    for await (const chunk of await copyOut(connected.pool, long)) {
      size += chunk.length
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect(size).toBe(rows * (length + 1))
  }
})

test('lines of CSV end as RFC 4180 says, and line feeds inside of values stay', async () => {
  const values = lines()
    .select((eb) => [eb.val('a\nb').as('x'), eb.val('c\r\nd').as('y'), 'id'])
    .where('id', '<=', 2)
    .orderBy('id')
  expect(await text(await copyOut(connected.pool, values, { format: 'csv' }))).toBe(
    '"a\nb","c\r\nd",1\r\n"a\nb","c\r\nd",2\r\n',
  )
})

test('a reader who goes away ends the query and frees the connection; a fifth reader at a time is refused, and a second of the same one', async () => {
  const { pool } = connected
  for (let round = 0; round < 3; round++) {
    const first = await copyOut(pool, lines().selectAll())
    const second = await copyOut(pool, lines().selectAll(), { whose: 'ana' })
    await expect(copyOut(pool, lines().selectAll(), { whose: 'ana' })).rejects.toBeInstanceOf(ExportUnderWay)
    const others = [
      await copyOut(pool, lines().selectAll(), { whose: 'bea' }),
      await copyOut(pool, lines().selectAll()),
    ]
    await expect(copyOut(pool, lines().selectAll(), { whose: 'cem' })).rejects.toBeInstanceOf(DatabaseBusy)
    for (const one of [first, ...others]) one.destroy()
    for await (const _ of second) break
    await expect.poll(copying).toBe(0)
  }
  await expect.poll(() => copyOut(pool, lines().select('id').where('id', '=', 1)).then(text, String)).toBe('1\n')
  await Promise.all([1, 2, 3, 4, 5, 6].map(() => sql`select pg_sleep(0.05)`.execute(db)))
})

test('an export that fails, or takes too long, tells its reader and frees the connection', async () => {
  const { pool } = connected
  // This error comes in one packet with the beginning, before anybody could listen for it.
  const atOnce = lines().select(sql`1 / (id - 1)`.as('x')).where('id', '=', 1)
  await expect(copyOut(pool, atOnce).then(text)).rejects.toMatchObject({ code: '22012' })
  const wrong = lines().select(sql`1 / (id - 150000)`.as('x'))
  await expect(copyOut(pool, wrong).then(text)).rejects.toMatchObject({ code: '22012' })
  await expect(copyOut(pool, lines().select('nothing'))).rejects.toMatchObject({ code: '42703' })
  const slow = lines().select(sql`pg_sleep(1)`.as('x')).where('id', '<', 100)
  await expect(copyOut(pool, slow, { timeout: 200 }).then(text)).rejects.toThrow()
  const idle = await copyOut(pool, lines().selectAll(), { timeout: 300 })
  const told = new Promise((resolve) => idle.once('error', resolve))
  expect(String(await told)).toContain('too long')
  await expect.poll(copying).toBe(0)
  await expect.poll(() => copyOut(pool, lines().select('id').where('id', '=', 1)).then(text, String)).toBe('1\n')
})

test('an export that loses its server before anybody reads keeps the error for who reads later', async () => {
  // Enough rows for the server to send, too few to make it wait for a reader.
  const rows = lines()
    .select(['text', sql`case when id = 120 then pg_sleep(20)::text end`.as('x')])
    .orderBy('id')
  const stream = await copyOut(connected.pool, rows)
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where query like 'copy%' and state = 'active'`.execute(
    db,
  )
  await expect.poll(() => stream.destroyed, { timeout: 10_000 }).toBe(true)
  await expect(text(stream)).rejects.toThrow()
  await expect
    .poll(() => copyOut(connected.pool, lines().select('id').where('id', '=', 1)).then(text, String))
    .toBe('1\n')
})

test('an export may take longer than a screen, and changes nothing', async () => {
  const { db: quick, pool, close } = connect({ socketDir: server.socketDir, statementTimeout: 100 })
  const slow = (quick as unknown as Kysely<Tables>)
    .selectFrom('line')
    .select(sql`pg_sleep(0.3)`.as('x'))
    .where('id', '=', 1)
  expect(await text(await copyOut(pool, slow))).toBe('\n')
  await expect(copyOut(pool, lines().select(sql`setval('no', 1)`.as('x'))).then(text)).rejects.toThrow()
  await close()
})
