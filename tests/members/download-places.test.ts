import { connect as dial, type Socket } from 'node:net'
import { sql } from 'kysely'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Db } from '../../src/platform/database/connect.ts'
import { pace } from '../../src/platform/web/download.ts'
import { createHttpServer } from '../../src/platform/web/serve.ts'
import type { Browser } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import { organization } from '../support/world.ts'
import { csvRows } from './sheet.ts'

const copying = async (db: Db) =>
  (
    await sql`select 1 from pg_stat_activity where datname = current_database() and query like 'copy%' and state = 'active'`.execute(
      db,
    )
  ).rows.length

/** What somebody's browser sends. */
const cookieOf = ({ cookies }: Browser) => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')

const patient = { timeout: 15_000 }

/** An organization whose file is larger than what stands between the database and a reader. */
async function crowd() {
  const database = await freshDatabase({ max: 8, statementTimeout: 0 })
  onTestFinished(() => database.close())
  const world = await organization({ database })
  const { db, here, app } = world
  await sql`insert into membership (id, organization_id, email, email_key, group_id, status, invite, first_name, title)
    select gen_random_uuid(), ${here.id}::uuid, n || '@crowd.example.org', n || '@crowd.example.org', ${here.defaultGroup}::uuid,
      'invited', 'pending_approval', 'P' || n, (select string_agg(md5(n || '-' || i), '') from generate_series(1, 60) i)
    from generate_series(1, 5000) n`.execute(db)
  /** Begins a download; nobody reads it yet. */
  const begin = (browser: Browser, file = 'members.csv') =>
    app.fetch(
      new Request(`http://localhost:3000${browser.url(file)}`, {
        headers: { Host: 'localhost:3000', Cookie: cookieOf(browser) },
      }),
      { incoming: { socket: { remoteAddress: browser.ip } } } as never,
    )
  const downloads = async () =>
    (
      await db
        .selectFrom('event')
        .select('id')
        .where('organization_id', '=', here.id)
        .where('act', '=', 'members.downloaded')
        .execute()
    ).length
  const status = async (browser: Browser) => (await browser.get('members.csv')).status
  return { ...world, begin, downloads, status }
}

test('one person has one download at a time; who asks for a second is told so, and nobody else waits for it', async () => {
  const { ana, stella, enter, begin, downloads, status, db, log } = await crowd()
  const bea = await enter({ first: 'Bea', role: 'admin' })
  const first = await begin(ana)
  for (const file of ['members.csv', 'members.xlsx']) {
    const second = await ana.get(file)
    expect([second.status, second.headers.get('retry-after')]).toEqual([429, '15'])
    expect(second.text).toContain('Your last one is still running.')
  }
  expect(await downloads()).toBe(1)
  expect(await Promise.all([status(bea), status(stella)])).toEqual([200, 200])
  await first.body?.cancel()
  await expect.poll(() => status(ana), patient).toBe(200)
  expect(await copying(db)).toBe(0)

  // As another process, whose download of Ana's runs in the same database.
  const lock = sql<{
    got: boolean
  }>`select pg_try_advisory_lock(hashtextextended(${`export of ${ana.person.accountId}`}, 0)) as got`
  await db.connection().execute(async (own) => {
    expect((await lock.execute(own)).rows).toEqual([{ got: true }])
    expect(await Promise.all([status(ana), status(bea)])).toEqual([429, 200])
    await sql`select pg_advisory_unlock_all()`.execute(own)
  })
  expect(await status(ana)).toBe(200)
  // Whoever waits for a connection gets one: none was lost.
  await Promise.all(Array.from({ length: 8 }, () => sql`select pg_sleep(0.05)`.execute(db)))
  expect(log).toEqual([])
}, 60_000)

test('the fifth at once is asked to come back; a reader who goes away frees the place and the connection', async () => {
  const { ana, stella, enter, begin, downloads, status, db, log } = await crowd()
  const others = await Promise.all(['Bea', 'Cem', 'Dag'].map((first) => enter({ first, role: 'admin' })))
  const running = []
  for (const [n, browser] of [ana, ...others].entries())
    running.push(await begin(browser, n % 2 ? 'members.xlsx' : 'members.csv'))
  expect(running.map((answer) => answer.status)).toEqual([200, 200, 200, 200])
  const fifth = await stella.get('members.csv')
  expect([fifth.status, fifth.headers.get('retry-after')]).toEqual([503, '15'])
  expect(await downloads()).toBe(4)
  expect(await copying(db)).toBe(4)
  // Pages are still there for everybody.
  expect((await ana.get('members')).status).toBe(200)
  const reader = running[0]?.body?.getReader()
  await reader?.read()
  await reader?.cancel()
  await expect.poll(() => status(stella), patient).toBe(200)
  for (const answer of running.slice(1)) await answer.body?.cancel()
  await expect.poll(() => copying(db), patient).toBe(0)
  const whole = await ana.get('members.csv')
  expect(csvRows(whole.html).length).toBe(5_010)
  await Promise.all(Array.from({ length: 8 }, () => sql`select pg_sleep(0.05)`.execute(db)))
  expect(log).toEqual([])
}, 60_000)

/** The same over real sockets, with a minimum rate that a test can wait for: 200 kB/s after 2 s. */
async function line({ app }: Awaited<ReturnType<typeof crowd>>) {
  const usual = { ...pace }
  Object.assign(pace, { least: 200, patience: 2000 })
  const server = createHttpServer(app, () => false)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    Object.assign(pace, usual)
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as { port: number }
  /** Asks for the file, and takes nothing of it yet. */
  return async (browser: Browser): Promise<Socket> => {
    const socket = dial(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      `GET ${browser.url('members.csv')} HTTP/1.1\r\nHost: localhost:3000\r\nCookie: ${cookieOf(browser)}\r\n\r\n`,
    )
    await new Promise((resolve) => socket.once('readable', resolve))
    return socket
  }
}

const lastChunk = '0\r\n\r\n'

/** All that comes until the file or the connection ends. */
async function taken(socket: Socket, pause: () => number) {
  let size = 0
  let end = ''
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    size += chunk.length
    end = (end + chunk.toString('latin1')).slice(-lastChunk.length)
    if (end === lastChunk) break
    if (pause() > 0) await new Promise((resolve) => setTimeout(resolve, pause()))
  }
  return { size, whole: end === lastChunk }
}

test('a reader who stands still is cut off and frees the place; one who is slow but steady gets the whole file', async () => {
  const world = await crowd()
  const { ana, enter, status, db, here, log } = world
  const said = vi.spyOn(console, 'error')
  // More than sockets hold, 10 MB on some machines.
  await db
    .updateTable('membership')
    .set({ title: sql`repeat(title, 10)` })
    .where('organization_id', '=', here.id)
    .where('status', '=', 'invited')
    .execute()
  const ask = await line(world)
  const bea = await enter({ first: 'Bea', role: 'admin' })

  const still = await ask(ana)
  const slow = await ask(bea)
  const began = Date.now()
  expect(await copying(db)).toBe(2)
  // At most 64 KB each time, 4 MB a second; the last part as it comes, so that the test ends.
  const all = taken(slow, () => (Date.now() - began < 8000 ? 16 : 0))
  await expect.poll(() => copying(db), { timeout: 7000, interval: 100 }).toBe(1)
  expect(Date.now() - began).toBeGreaterThan(1500)
  expect(await all).toEqual({ size: expect.any(Number), whole: true })
  expect((await all).size).toBeGreaterThan(90_000_000)
  expect(Date.now() - began).toBeGreaterThan(8000)

  // What had left us already comes, and then the connection ends without the end of the file.
  const part = await taken(still, () => 0)
  expect(part.whole).toBe(false)
  expect(log.map(({ message, facts }) => [message, facts.text])).toEqual([
    ['a download ended early', 'Nobody reads the download'],
  ])
  expect(said).not.toHaveBeenCalled()
  expect(part.size).toBeLessThan(50_000_000)
  expect(await status(ana)).toBe(200)
}, 90_000)

test('a download that fails in the middle ends without the end of its file, on a real line too', async () => {
  const world = await crowd()
  const { ana, begin, db, log } = world
  const answer = await begin(ana)
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and query like 'copy%' and state = 'active'`.execute(db)
  await expect(answer.arrayBuffer()).rejects.toThrow()
  const sheet = await begin(ana, 'members.xlsx')
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and query like 'copy%' and state = 'active'`.execute(db)
  await expect(sheet.arrayBuffer()).rejects.toThrow()
  const said = vi.spyOn(console, 'error')
  const socket = await (await line(world))(ana)
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and query like 'copy%' and state = 'active'`.execute(db)
  expect((await taken(socket, () => 0)).whole).toBe(false)
  expect(log.map(({ message }) => message)).toEqual(Array(3).fill('a download ended early'))
  expect(said).not.toHaveBeenCalled()
}, 60_000)
