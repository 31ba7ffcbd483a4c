import { sql } from 'kysely'
import { afterEach, expect, test } from 'vitest'
import { hours } from '../support/world.ts'
import { mailServer } from './mail-server.ts'
import { mailing } from './working.ts'

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of open.splice(0)) await end()
})

test('no mailbox gets more than ten letters an hour that others caused; news of the own account go at once (R-06)', async () => {
  const server = await mailServer()
  const { write, work, until, clock, db, ana, ...world } = await mailing()
  open.push(() => world.end(), server.close)
  const sentTo = (to: string) => server.got.filter((one) => one.to === to).length
  const account = { template: 'password_changed' as const, data: { account_id: ana.person.accountId } }
  for (let n = 0; n < 4; n++) await write({}, { to: 'MIA@example.org' }, {})
  await write({ to: 'ned@example.org' }, account)
  // Two workers share the count.
  await Promise.all([work(server.url), work(server.url)])
  const rows = await until((rows) => rows.filter(({ state }) => state === 'sent').length === 12)
  expect(sentTo('mia@example.org') + sentTo('MIA@example.org')).toBe(11)
  expect([sentTo('ned@example.org'), rows.filter(({ template }) => template === 'password_changed')[0]?.state]).toEqual(
    [1, 'sent'],
  )
  const later = await until((rows) => rows.filter(({ next_try_at }) => next_try_at).length === 2)
  for (const { state, attempts, next_try_at } of later.filter((row) => row.next_try_at))
    expect([state, attempts, next_try_at]).toEqual(['waiting', 0, new Date(clock.now.getTime() + hours(1))])

  clock.pass(hours(1))
  await sql`update pgboss.job set start_after = now() where name = 'mail' and state = 'created'`.execute(db)
  await until((rows) => rows.every(({ state }) => state === 'sent'))
  expect(server.got).toHaveLength(14)
})
