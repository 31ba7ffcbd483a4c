import { expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { actOn as at, hiddenIn } from '../support/acts.ts'
import type { Browser } from '../support/browser.ts'
import { organization, type Person } from '../support/world.ts'

const usable = (world: World, person: Person) =>
  world.db
    .updateTable('account')
    .set({ password_hash: 'x' })
    .where('id', '=', person.accountId ?? '')
    .execute()
type World = Awaited<ReturnType<typeof organization>>

const admins = async (world: World) =>
  world.db
    .selectFrom('membership')
    .select('id')
    .where('organization_id', '=', world.here.id)
    .where('organization_role', '=', 'admin')
    .where('status', '=', 'active')
    .where('ends_on', '=', 'infinity')
    .execute()

test('of two Admins who demote and suspend each other at the same moment, 200 times, one is left each time, and only one act was done', async () => {
  const world = await organization()
  const { ana, here, db } = world
  const bea = await world.enter({ first: 'Bea', last: 'Boss', role: 'admin' })
  for (const one of [ana, bea]) await usable(world, one.person)
  const rest = { group: shortId(here.defaultGroup) }
  const kinds: [name: string, fields: Record<string, string>][] = [
    ['suspend', {}],
    ['access', { ...rest, role: 'member' }],
    ['dates', { starts_on: '', ends_on: '2020-01-01' }],
  ]
  const seen = new Set<number>()
  for (let round = 0; round < 200; round++) {
    const versions = await db
      .selectFrom('membership')
      .select(['id', 'version'])
      .where('organization_id', '=', here.id)
      .execute()
    const strike = (who: Browser, whom: Person, kind: number) => {
      const [name, fields] = kinds[kind % 3] ?? ['suspend', {}]
      const version = versions.find(({ id }) => id === whom.id)?.version
      return who.post(at(whom, name), { ...fields, version: String(version) })
    }
    const answers = await Promise.all([strike(ana, bea.person, round), strike(bea, ana.person, Math.floor(round / 3))])
    const statuses = answers.map(({ status }) => status)
    for (const status of statuses) seen.add(status)
    expect(
      statuses.filter((status) => status === 303),
      `round ${round}: ${statuses}`,
    ).toHaveLength(1)
    expect(await admins(world), `round ${round}`).toHaveLength(1)
    await db
      .updateTable('membership')
      .set((eb) => ({
        status: 'active',
        suspended_at: null,
        ends_on: 'infinity',
        organization_role: 'admin',
        version: eb('version', '+', 1),
      }))
      .where('id', 'in', [ana.person.id, bea.person.id])
      .execute()
  }
  expect([...seen].filter((status) => ![303, 403, 404].includes(status))).toEqual([])
  expect(world.log.filter(({ level }) => level === 'error')).toEqual([])
}, 120_000)

test('who loses a permission while giving it on has given it before, or not at all', async () => {
  const world = await organization()
  const { ana, mia, db } = world
  const all = ['members.view', 'members.access', 'claims.edit']
  const nora = await world.enter({ first: 'Nora', permissions: all as never })
  const group = shortId(world.here.defaultGroup)
  const outcomes = new Set<string>()
  for (let round = 0; round < 40; round++) {
    const versionOf = async (person: Person) => hiddenIn((await ana.get(at(person, 'access'))).html).version as string
    const [ofNora, ofMia] = [await versionOf(nora.person), await versionOf(mia.person)]
    const fields = { role: 'member', group }
    const take = { ...fields, version: ofNora, permission: ['members.view', 'members.access'] }
    const give = { ...fields, version: ofMia, permission: 'claims.edit' }
    const takes = () => ana.post(at(nora.person, 'access'), take)
    const gives = () => nora.post(at(mia.person, 'access'), give)
    const [taken, given] = await Promise.all(round % 2 ? [takes(), gives()] : [gives(), takes()].toReversed())
    expect(taken?.status).toBe(303)
    expect([303, 422]).toContain(given?.status)
    const told = await db
      .selectFrom('event')
      .select(['subject_id', 'id'])
      .where('organization_id', '=', world.here.id)
      .where('act', '=', 'membership.access_changed')
      .where('subject_id', 'in', [nora.person.id, mia.person.id])
      .orderBy('id', 'desc')
      .limit(2)
      .execute()
    const holds = await db
      .selectFrom('membership_permission')
      .select('permission')
      .where('membership_id', '=', mia.person.id)
      .execute()
    expect(holds).toHaveLength(given?.status === 303 ? 1 : 0)
    if (given?.status === 303) expect(told.map(({ subject_id }) => subject_id)).toContain(mia.person.id)
    outcomes.add(String(given?.status))
    // Back to the beginning.
    await ana.post(at(nora.person, 'access'), { ...take, permission: all, version: await versionOf(nora.person) })
    await ana.post(at(mia.person, 'access'), { ...fields, version: await versionOf(mia.person) })
  }
  expect(outcomes.has('422')).toBe(true)
  expect(world.log.filter(({ level }) => level === 'error')).toEqual([])
}, 120_000)

test('where only the database sees it, its refusal is the same sentence and no failure', async () => {
  const world = await organization()
  const { ana, db } = world
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  await usable(world, bea.person)
  // Cara counts by herself, but not for the database: her status is another one underneath.
  const { html } = await bea.get(at(ana.person, 'access'))
  await db.updateTable('membership').set({ ends_on: '2099-01-01' }).where('id', '=', bea.person.id).execute()
  const answer = await bea.post(at(ana.person, 'access'), {
    ...hiddenIn(html),
    role: 'member',
    group: shortId(world.here.defaultGroup),
  })
  expect(answer.status).toBe(422)
  expect(answer.text).toContain('the last Admin who can sign in')
  expect(await admins(world)).toHaveLength(1)
})
