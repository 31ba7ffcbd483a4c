import { sql } from 'kysely'
import { afterEach, expect, test } from 'vitest'
import { hours, minutes } from '../support/world.ts'
import { type MailServer, mailServer } from './mail-server.ts'
import { mailing } from './working.ts'

const open: { end?: () => Promise<void>; close?: () => Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await (one.end ?? one.close)?.call(one)
})
const start = async (...manner: Parameters<typeof mailServer>) => {
  const server = await mailServer(...manner)
  const world = await mailing()
  open.push(world, server)
  return { ...world, server }
}
const all = (state: string) => (rows: { state: string }[]) =>
  rows.length > 0 && rows.every((row) => row.state === state)

test('a letter goes out with both its forms, and the outbox keeps what the server said', async () => {
  const { write, work, until, server, here } = await start()
  await write({ to: 'mia@example.org' })
  await work(server.url)
  const [row] = await until(all('sent'))
  expect(row).toMatchObject({ attempts: 1, answers: ['accepted 250 2.0.0 Ok: queued as 1'] })
  expect(server.got).toHaveLength(1)
  const [got] = server.got
  expect(got).toMatchObject({ to: 'mia@example.org', from: 'access@rollcall.example' })
  expect(got?.messageId).toBe(`<${row?.id}@rollcall.example>`)
  expect(got?.text).toContain(`removed from ${here.name}`)
  expect(got?.html).toContain(`removed from ${here.name}`)
})

test('what was rolled back is never sent, and what was committed has its job (R-54)', async () => {
  const { db, write, outbox } = await start()
  await write({ to: 'one@example.org' }, { to: 'two@example.org' })
  await db
    .transaction()
    .execute(async (trx) => {
      await sql`insert into mail (id, template, to_address, created_at) values (gen_random_uuid(), 'welcome', 'never@example.org', now())`.execute(
        trx,
      )
      throw new Error('rolled back')
    })
    .catch(() => {})
  const { rows } = await sql<{
    id: string
    data: unknown
  }>`select data->>'id' as id, data from pgboss.job where name = 'mail'`.execute(db)
  expect(rows.map(({ id }) => id).sort()).toEqual((await outbox()).map(({ id }) => id).sort())
  expect(rows.every(({ data }) => Object.keys(data as object).join() === 'id')).toBe(true)
})

test('a server that refuses for a while gets the letter later, each answer kept', async () => {
  const { write, work, until, server } = await start(() => ({ code: 451, says: '4.7.1 Greylisted' }))
  await write({})
  await work(server.url)
  const [late] = await until(([row]) => (row?.attempts ?? 0) >= 2)
  expect(late).toMatchObject({ state: 'waiting', answer: '451 4.7.1 Greylisted' })
  server.behave(() => 'takes')
  const [row] = await until(all('sent'))
  expect(row?.answers[0]).toBe('delayed 451 4.7.1 Greylisted')
  expect(row?.answers.at(-1)).toMatch(/^accepted 250/)
  expect(server.got).toHaveLength(1)
})

test('the wait grows from a minute to six hours, and after two days the letter has failed', async () => {
  const { write, work, until, server, clock, db } = await start(() => ({ code: 450, says: 'busy' }))
  await write({})
  await work(server.url, { backOff: undefined as never })
  const again = () =>
    sql`update pgboss.job set start_after = now() where name = 'mail' and state = 'created'`.execute(db)
  const waits: number[] = []
  for (const before of [0, 1, 2, 8, 9]) {
    await sql`update mail set attempts = ${before}`.execute(db)
    await again()
    const [row] = await until(([row]) => row?.attempts === before + 1)
    waits.push(((row?.next_try_at?.getTime() ?? 0) - clock.now.getTime()) / minutes(1))
  }
  expect(waits).toEqual([1, 2, 4, 256, 360])
  clock.pass(hours(48) - 1)
  await again()
  await until(([row]) => row?.attempts === 11 && row.state === 'waiting')
  clock.pass(1)
  await again()
  await until(all('failed'))
})

test('a server that refuses for ever is believed at once, and what it says of the letter is kept', async () => {
  const { write, work, until, server } = await start((to) =>
    to.startsWith('nobody') ? { code: 550, says: '5.1.1 No such user' } : { code: 554, says: '5.7.1 Spam', at: 'data' },
  )
  await write({ to: 'nobody@example.org' }, { to: 'spam@example.org' })
  await work(server.url)
  const rows = await until(all('failed'))
  expect(rows.map(({ answers }) => answers)).toEqual([['refused 550 5.1.1 No such user'], ['refused 554 5.7.1 Spam']])
})

test('one letter that hangs, and one whose connection drops in the middle, hold up no other, and come later', async () => {
  const { write, work, until, server } = await start((to) =>
    to.startsWith('hangs') ? 'hangs' : to.startsWith('drops') ? 'drops' : 'takes',
  )
  await write({ to: 'hangs@example.org' }, ...Array.from({ length: 20 }, (_, n) => ({ to: `p${n}@example.org` })))
  await work(server.url)
  await until((rows) => rows.filter(({ state }) => state === 'sent').length === 20)
  await write({ to: 'drops@example.org' })
  await until((rows) => rows.filter(({ attempts, state }) => attempts > 0 && state === 'waiting').length === 2)
  server.behave(() => 'takes')
  await until(all('sent'))
  expect(new Set(server.got.map(({ messageId }) => messageId)).size).toBe(22)
  expect(server.got).toHaveLength(22)
})

test('a server that is down at first gets every letter when it is up', async () => {
  const { write, work, until, server } = await start()
  const { port, url } = server
  await server.close()
  await write(...Array.from({ length: 30 }, (_, n) => ({ to: `p${n}@example.org` })))
  await work(url, { backOff: () => 1 })
  const rows = await until((rows) => rows.every(({ attempts }) => attempts > 0))
  expect(rows[0]?.answer).toMatch(/ECONNREFUSED|retries/)
  const up: MailServer = await mailServer(() => 'takes', port)
  open.push(up)
  await until(all('sent'))
  expect(up.got).toHaveLength(30)
})

test('two workers on one outbox send nothing twice', async () => {
  const { write, work, until, server } = await start()
  await Promise.all([work(server.url), work(server.url)])
  for (let n = 0; n < 6; n++) await write(...Array.from({ length: 50 }, (_, m) => ({ to: `p${n}-${m}@example.org` })))
  await until((rows) => rows.length === 300 && rows.every(({ state }) => state === 'sent'))
  expect(server.got).toHaveLength(300)
  expect(new Set(server.got.map(({ to }) => to)).size).toBe(300)
})

test('what waits without a job, as after a restore, is found when a worker starts', async () => {
  const { db, write, work, until, server } = await start()
  await write({})
  await sql`delete from pgboss.job`.execute(db)
  await Promise.all([work(server.url), work(server.url)])
  await until(all('sent'))
  expect(server.got).toHaveLength(1)
})

test('an address that is two, and a name with a line break, lead nowhere else (R-45)', async () => {
  const { write, work, until, server } = await start()
  await write(
    { to: 'a@example.org, b@example.org' },
    { to: 'a@example.org\r\nBcc: b@example.org' },
    { to: 'c@example.org' },
  )
  await work(server.url)
  const rows = await until((rows) => rows.every(({ state }) => state !== 'waiting'))
  expect(rows.map(({ state }) => state)).toEqual(['failed', 'failed', 'sent'])
  expect(server.got.map(({ to }) => to)).toEqual(['c@example.org'])
  expect(server.tried()).toBe(1)
})
