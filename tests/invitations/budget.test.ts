import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Connected } from '../../src/platform/database/connect.ts'
import { hiddenIn } from '../support/acts.ts'
import { connectTo } from '../support/database.ts'
import { organization } from '../support/world.ts'
import { at } from './acting.ts'
import { invited } from './invited.ts'

let database: Connected
let world: Awaited<ReturnType<typeof organization>>
let sent: string[] = []
beforeAll(async () => {
  database = connectTo(inject('shared'), { onQuery: (text) => sent.push(text) })
  world = await organization({ database })
})
afterAll(() => database.close())

const counted = async <T>(work: () => Promise<T>) => {
  sent = []
  const answer = await work()
  return { ...answer, trips: sent.length }
}

let count = 0
const acts: [name: string, fields: () => Record<string, string>, shown?: boolean][] = [
  ['resend', () => ({ days: '7' })],
  ['address', () => ({ days: '7', email: `budget.${process.pid}.${++count}@example.org` })],
  ['revoke', () => ({})],
  // What is shown once is no panel.
  ['link', () => ({}), true],
]
test.each(acts)(
  '%s: two exchanges for the form, three to do it, four with the fresh panel',
  async (name, fields, shown) => {
    for (const swap of [false, true]) {
      const ivo = await invited(world)
      const from = swap ? world.ana.swap : world.ana
      const form = await counted(() => from.get(at(ivo, name)))
      expect([form.status, form.trips]).toEqual([200, 2])
      const answer = await counted(() => from.post(at(ivo, name), { ...hiddenIn(form.html), ...fields() }))
      expect([answer.status, answer.trips], sent.join('\n\n')).toEqual(shown ? [200, 3] : swap ? [200, 4] : [303, 3])
    }
  },
)

test('where approval is asked too', async () => {
  await world.db
    .updateTable('organization')
    .set({ invitation_approval: 'always' })
    .where('id', '=', world.here.id)
    .execute()
  const ivo = await invited(world)
  const answer = await counted(() => world.ana.swap.post(at(ivo, 'resend'), { version: '1', days: '7' }))
  expect([answer.status, answer.trips]).toEqual([200, 4])
})
