import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, inject, test } from 'vitest'
import { mailServer } from './mail-server.ts'
import { mailing } from './working.ts'

test('a worker that is killed between the server’s answer and its mark makes that letter go out once more, as the same one (R-54)', async () => {
  const world = await mailing()
  const server = await mailServer()
  try {
    const { db, database, clock, write, work, until } = world
    clock.now = new Date()
    // So that nobody waits five minutes for the lease of the dead.
    await sql`update pgboss.queue set expire_seconds = 1 where name = 'mail'`.execute(db)
    await write(...['one', 'two', 'three'].map((name) => ({ to: `${name}@example.org` })))
    const where = inject('server')
    const to =
      where.kind === 'embedded'
        ? { socketDir: where.socketDir, database: database.name }
        : { url: Object.assign(new URL(where.url), { pathname: `/${database.name}` }).href }
    const program = join(import.meta.dirname, 'killed.program.ts')
    const child = spawn(process.execPath, ['--import', 'tsx', program, JSON.stringify(to), server.url])
    let said = ''
    child.stdout.on('data', (text) => {
      said += text
    })
    expect(await new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)))).toBe('SIGKILL')
    expect(said).toContain('accepted')
    const taken = server.got.map(({ messageId }) => messageId)
    expect(taken.length).toBeGreaterThan(0)

    await work(server.url)
    await until((rows) => rows.every(({ state }) => state === 'sent'))
    const counts = Map.groupBy(server.got, ({ messageId }) => messageId)
    expect(counts.size).toBe(3)
    for (const [id, got] of counts) expect(got.length, id).toBeLessThanOrEqual(taken.includes(id) ? 2 : 1)
  } finally {
    await world.end()
    await server.close()
  }
})
