import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { installQueue } from '../../src/platform/jobs/queue.ts'
import type { CommandContext } from '../../src/tasks/command.ts'
import { command } from '../../src/tasks/outbox.ts'
import { connectTo, freshDatabase } from '../support/database.ts'
import { mailServer } from './mail-server.ts'
import { mailing } from './working.ts'

const open: { end?: () => Promise<void>; close?: () => Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await (one.end ?? one.close)?.call(one)
})

async function operator(env: Record<string, string> = {}) {
  const world = await mailing(env)
  open.push(world)
  const run = async (flags: CommandContext['flags'] = {}, words: string[] = []) => {
    const lines: string[] = []
    const notes: string[] = []
    const { services, database, clock } = world
    await command.run({
      ...{ db: database.db, pool: database.pool, key: services.key, config: services.config, now: clock.now },
      ...{ flags, words, stdin: async () => '' },
      print: (line) => lines.push(line),
      note: (line) => notes.push(line),
    })
    return { lines, notes }
  }
  return { ...world, run }
}

test('without a mail server letters wait, and the operator sees them, without any link', async () => {
  const { run, write, mia } = await operator({ SMTP_URL: '' })
  await write(
    { to: 'one@example.org' },
    { template: 'reset_link', to: 'two@example.org', data: { account_id: mia.person.accountId }, generation: 1 },
  )
  const { lines, notes } = await run()
  expect(lines).toHaveLength(2)
  expect(lines[0]).toMatch(/^[\da-f-]{36}\twaiting\t2026-11-22T12:00Z\t0\tmembership_removed\tone@example.org\t$/)
  expect(lines.join()).not.toMatch(/http|\/reset-password/)
  expect(notes).toEqual(['2 waiting', 'No mail server is set up (SMTP_URL): nothing is sent.'])
})

test('a letter that came back is marked by its address or its Message-ID, and one that failed goes out again', async () => {
  const { run, write, work, until } = await operator()
  const server = await mailServer((to) => (to.startsWith('no') ? { code: 550, says: 'No such user' } : 'takes'))
  open.push(server)
  await work(server.url)
  await write({ to: 'Mia.B@Example.org' }, { to: 'nobody@example.org' })
  const rows = await until((rows) => rows.every(({ state }) => state !== 'waiting'))
  const failed = rows.find(({ state }) => state === 'failed')
  expect((await run({ bounced: 'mia.b@example.ORG', answer: 'Mailbox\nfull' })).lines).toEqual([
    'The letter to Mia.B@Example.org is marked as bounced.',
  ])
  expect((await run()).notes).toEqual(['1 bounced, 1 failed'])
  expect((await until(() => true)).find(({ to }) => to.startsWith('Mia'))?.answers.at(-1)).toBe('bounced Mailbox full')
  await expect(run({ bounced: 'mia.b@example.org' })).rejects.toThrow('No letter that was sent')
  await expect(run({ again: 'x' })).rejects.toThrow('No letter that failed')

  server.behave(() => 'takes')
  await run({ again: failed?.id })
  await until((rows) => rows.some(({ id, state }) => id === failed?.id && state === 'sent'))
  const messageId = server.got.at(-1)?.messageId ?? ''
  expect((await run({ bounced: messageId })).lines).toEqual(['The letter to nobody@example.org is marked as bounced.'])
  await expect(run({}, ['word'])).rejects.toThrow('--help')
})

test('several processes that start on a new database at once make one queue', async () => {
  const { name, close } = await freshDatabase()
  open.push({ close })
  const several = [1, 2, 3, 4].map(() => connectTo(name, { plugins: [] }))
  for (const one of several) open.push(one)
  const [first] = several
  if (!first) throw new Error('no connection')
  await first.db.schema.dropSchema('pgboss').cascade().execute()
  await Promise.all(several.map((one) => installQueue(one.db)))
  await Promise.all(several.map((one) => installQueue(one.db)))
  const { getConstructionPlans } = await import('pg-boss')
  const version = /version\)?\s*VALUES \('?(\d+)/i.exec(getConstructionPlans('pgboss'))?.[1]
  const queues = await first.db.introspection.getTables()
  expect(queues.filter(({ schema }) => schema === 'pgboss').length).toBeGreaterThan(5)
  // Else every start would load pg-boss, only to find that there is nothing to do.
  const source = readFileSync(join(import.meta.dirname, '../../src/platform/jobs/queue.ts'), 'utf8')
  expect(source).toContain(`const queueVersion = ${version}\n`)
})
