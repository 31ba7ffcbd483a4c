import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { migrations } from '../../migrations/index.ts'
import { ConfigError } from '../../src/platform/config.ts'
import { type Connected, connect } from '../../src/platform/database/connect.ts'
import { type Embedded, startEmbedded } from '../../src/platform/database/embedded.ts'
import { migrate, schemaState } from '../../src/platform/database/migrate.ts'
import { folder, program, remove } from './machine.ts'

const dataDir = folder()
let server: Embedded
let made = 0
let database: string
let first: Connected
let second: Connected

const admin = async (statement: RawBuilder<unknown>) => {
  const { db, close } = connect({ socketDir: server.socketDir })
  await statement.execute(db)
  await close()
}
beforeAll(async () => {
  server = await startEmbedded(dataDir)
}, 60_000)
beforeEach(async () => {
  database = `migrate_${++made}`
  await admin(sql`create database ${sql.id(database)} template template0`)
  first = connect({ socketDir: server.socketDir, database })
  second = connect({ socketDir: server.socketDir, database })
  return async () => {
    await first.close()
    await second.close()
  }
})
afterAll(async () => {
  await server.stop()
  remove(dataDir)
})

const table = (name: string): Migration => ({
  up: (db) => db.schema.createTable(name).addColumn('id', 'integer').execute(),
})
/** Ours: those of the queue are made beside them, by pg-boss itself. */
const tables = async () =>
  (await first.db.introspection.getTables())
    .filter(({ schema }) => schema === 'public')
    .map((one) => one.name)
    .sort()

test('a fresh database gets the whole schema, and a second start finds nothing to do', async () => {
  expect(await schemaState(first.db)).toEqual({ unknown: [], pending: Object.keys(migrations).sort() })
  expect(await migrate(first.db)).toEqual(Object.keys(migrations).sort())
  expect(await schemaState(first.db)).toEqual({ unknown: [], pending: [] })
  expect(await migrate(first.db)).toEqual([])
})

test('of two instances that start at once one migrates and the other waits', async () => {
  const list = {
    '1': table('a'),
    '2': { up: (db: Kysely<unknown>) => sql`select pg_sleep(0.5)`.execute(db).then(() => {}) },
  }
  const done = await Promise.all([migrate(first.db, list), migrate(second.db, list)])
  expect(done.map((names) => names.length).sort()).toEqual([0, 2])
  expect(await tables()).toEqual(['a'])
})

test('a migration that fails leaves nothing behind, not even what ran before it', async () => {
  const list: Record<string, Migration> = {
    '1-fine': table('a'),
    '2-broken': { up: (db) => sql`create table b (id int); select 1 / 0`.execute(db).then(() => {}) },
  }
  await expect(migrate(first.db, list)).rejects.toThrow(/^2-broken: division by zero/)
  expect(await tables()).toEqual([])
  expect(await schemaState(first.db, list)).toEqual({ unknown: [], pending: ['1-fine', '2-broken'] })
  expect(await migrate(second.db, { '1-fine': table('a') })).toEqual(['1-fine'])
})

test('a database that a newer Rollcall has used is refused with a sentence', async () => {
  await migrate(first.db, { '1': table('a'), '2-newer': table('b') })
  expect(await schemaState(first.db, { '1': table('a') })).toEqual({ unknown: ['2-newer'], pending: [] })
  const refusal = migrate(first.db, { '1': table('a') })
  await expect(refusal).rejects.toBeInstanceOf(ConfigError)
  await expect(refusal).rejects.toThrow(/newer Rollcall.*2-newer/)
})

test('a migration may take longer than a statement of a screen, and the connection is as before after it', async () => {
  const quick = connect({ socketDir: server.socketDir, database, statementTimeout: 200, max: 1 })
  const up = (db: Kysely<unknown>) => sql`select pg_sleep(0.6)`.execute(db).then(() => {})
  expect(await migrate(quick.db, { '1': { up } })).toEqual(['1'])
  expect((await sql`select current_setting('statement_timeout') as t`.execute(quick.db)).rows).toEqual([{ t: '200ms' }])
  await quick.close()
})

test('an app that is killed while it migrates leaves the database as it was, for the next to migrate', async () => {
  const app = program('migrating.program.ts', server.socketDir, database)
  expect([await app.line(), app.errors()]).toEqual(['half way', ''])
  app.process.kill('SIGKILL')
  await app.ended
  expect(await tables()).toEqual([])
  expect(await migrate(first.db, { '1': table('a') })).toEqual(['1'])
})

test('a database that knows no letters beyond ASCII is refused with a sentence', async () => {
  await admin(
    sql`create database ${sql.id(`${database}_c`)} template template0 encoding 'UTF8' locale_provider libc lc_ctype 'C' lc_collate 'C'`,
  )
  const plain = connect({ socketDir: server.socketDir, database: `${database}_c` })
  const list = { '1': { up: (db: Kysely<unknown>) => sql`create extension pg_trgm`.execute(db).then(() => {}) } }
  const refusal = migrate(plain.db, list)
  await expect(refusal).rejects.toBeInstanceOf(ConfigError)
  await expect(refusal).rejects.toThrow(/UTF-8 locale/)
  await expect(migrate(plain.db, list)).rejects.toThrow(/UTF-8 locale/)
  await plain.close()
})
