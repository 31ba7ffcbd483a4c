import { afterAll, beforeAll, expect, test } from 'vitest'
import { settleExpired } from '../../src/invitations/settle.ts'
import { shortId } from '../../src/platform/ids.ts'
import { freshDatabase } from '../support/database.ts'
import { clockAt, minutes, organization } from '../support/world.ts'
import { act } from './acting.ts'
import { past } from './past.ts'

/* In a database of its own: it looks at every organization's invitations. */
let database: Awaited<ReturnType<typeof freshDatabase>>
let world: Awaited<ReturnType<typeof organization>>
beforeAll(async () => {
  database = await freshDatabase()
  world = await organization({ database, clock: clockAt() })
})
afterAll(() => database.close())

test('what has expired is written down as that and nothing changes on any screen; what is open to the instant stays', async () => {
  const { db, here, elsewhere, clock, ana } = world
  const until = (milliseconds: number) => new Date(clock.now.getTime() + milliseconds)
  const over = await past(db, here, clock.now, { first: 'Olga', expires: until(0), sender: ana.person })
  const open = await past(db, here, clock.now, { first: 'Opal', expires: until(1) })
  const waits = await past(db, here, clock.now, { first: 'Wim', status: 'pending_approval' })
  const other = await past(db, elsewhere, clock.now, { expires: until(-minutes(5)) })
  const screens = async () =>
    Promise.all(
      [
        'invitations?status=expired',
        'invitations?sort=status',
        `invitations/${shortId(over.id)}`,
        'invitations.csv',
      ].map(async (path) => (await ana.get(path)).text),
    )
  const before = await screens()
  expect(before[0]).toContain('Olga')
  await settleExpired(database.db, clock.now)
  const stored = await db.selectFrom('invitation').select(['id', 'status', 'version']).execute()
  const of = (one: { id: string }) => stored.find(({ id }) => id === one.id)
  expect(of(over)).toMatchObject({ status: 'expired', version: 1 })
  expect(of(open)).toMatchObject({ status: 'pending_activation' })
  expect(of(waits)).toMatchObject({ status: 'pending_approval' })
  expect(of(other)).toMatchObject({ status: 'expired' })
  expect(await screens()).toEqual(before)
})

test('what was written down as expired can be sent again like what expired a moment ago', async () => {
  const { db, here, clock, ana } = world
  const { id } = await past(db, here, clock.now, { first: 'Rita', expires: clock.now, sender: ana.person })
  await settleExpired(database.db, clock.now)
  expect((await act(ana, { id }, 'resend')).status).toBe(303)
  const row = await db.selectFrom('invitation').select('status').where('id', '=', id).executeTakeFirstOrThrow()
  expect(row.status).toBe('pending_activation')
})
