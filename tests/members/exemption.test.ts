import { beforeEach, describe, expect, test } from 'vitest'
import { act, actOn, hiddenIn } from '../support/acts.ts'
import { makeCustomRole, minutes, organization } from '../support/world.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeEach(async () => {
  world = await organization()
  await world.db
    .updateTable('organization')
    .set({ two_factor_from: '2026-12-01' })
    .where('id', '=', world.here.id)
    .execute()
})
const fields = { until: '2026-12-24', reason: 'Her new phone is on its way' }
const stored = () =>
  world.db.selectFrom('two_factor_exemption').selectAll().where('organization_id', '=', world.here.id).execute()
const told = () =>
  world.db
    .selectFrom('event')
    .select(['act', 'changes', 'actor_id'])
    .where('organization_id', '=', world.here.id)
    .where('act', 'like', 'two_factor.exempt%')
    .orderBy('id')
    .execute()

test('Ana exempts Mia with a reason and a last day: panel and settings say so, the log too; and she ends it', async () => {
  const { ana, mia, vera } = world
  expect((await act(ana, mia.person, 'exempt', fields)).status).toBe(303)
  expect(await stored()).toMatchObject([{ membership_id: mia.person.id, ...fields, given_by: ana.person.id }])
  const said = 'Off, exempt until Dec 24, 2026'
  const panel = (await ana.get(`members/${mia.person.id}`)).text
  expect([panel.includes(said), panel.includes(fields.reason)]).toEqual([true, true])
  // Why is for those who decide it.
  const hers = await vera.get(`members/${mia.person.id}`)
  expect([hers.text.includes(said), hers.text.includes(fields.reason)]).toEqual([true, false])
  const settings = await ana.get('settings/security/two-factor')
  expect(settings.text).toMatch(
    /Mia Member Her new phone is on its way \(given by Ana Admin ?\) Dec 24, 2026 End exemption/,
  )
  expect(settings.text).toContain('Mia Member , exempt until Dec 24, 2026')
  // With htmx another day takes its place.
  const { html } = await ana.swap.get(actOn(mia.person, 'exempt'))
  expect(html).toContain('already')
  const again = await ana.swap.post(actOn(mia.person, 'exempt'), { ...hiddenIn(html), ...fields, until: '2026-12-31' })
  expect(again.text).toContain('exempt until Dec 31, 2026')
  const link = /href="([^"]*end-exemption)"/.exec(settings.html)?.[1] ?? ''
  const page = await ana.get(link)
  expect((await ana.post(link, hiddenIn(page.html))).status).toBe(303)
  expect(await stored()).toEqual([])
  expect((await ana.get(`members/${mia.person.id}`)).html).not.toContain('/end-exemption')
  const by = ana.person.accountId
  expect(await told()).toEqual([
    { act: 'two_factor.exempted', actor_id: by, changes: { exempt_until: [null, '2026-12-24'] } },
    { act: 'two_factor.exempted', actor_id: by, changes: { exempt_until: ['2026-12-24', '2026-12-31'] } },
    { act: 'two_factor.exemption_ended', actor_id: by, changes: { exempt_until: ['2026-12-31', null] } },
  ])
})

describe('who may not', () => {
  test('Stella finds nobody; who lacks the permission, and whoever asks for themselves, is refused', async () => {
    const { mia, ana } = world
    const there = `/o/${world.here.slug}/${actOn(mia.person, 'exempt')}`
    for (const [who, status] of [
      [world.stella, 404],
      [world.vera, 403],
      [world.gus, 403],
      [mia, 403],
    ] as const) {
      expect((await who.get(there)).status).toBe(status)
      expect((await who.post(there, { version: '1', ...fields })).status).toBe(status)
    }
    for (const name of ['exempt', 'end-exemption']) {
      expect((await ana.get(actOn(ana.person, name))).status).toBe(403)
      expect((await ana.post(actOn(ana.person, name), { version: '1', ...fields })).status).not.toBe(303)
    }
    expect(await stored()).toEqual([])
  })

  test('nobody exempts somebody who holds what they lack, and nobody whom it isn’t required of', async () => {
    const { db, here, ana } = world
    const role = await makeCustomRole(db, here.id, 'Guard', ['settings.security', 'members.view'])
    const kim = await world.enter({ first: 'Kim', customRoles: [role] })
    expect((await kim.get(actOn(ana.person, 'exempt'))).text).toContain('which you don’t')
    expect((await act(kim, world.mia.person, 'exempt', fields)).status).toBe(303)
    const tess = await world.add({ first: 'Tess', twoFactor: true })
    const ivo = await world.add({ first: 'Ivo', invited: true })
    const ron = await world.add({ first: 'Ron', removed: true })
    for (const person of [tess, ivo, ron]) expect((await ana.get(actOn(person, 'exempt'))).status).toBe(403)
    await db.updateTable('organization').set({ two_factor_from: null }).where('id', '=', here.id).execute()
    expect((await ana.get(actOn(world.ian.person, 'exempt'))).status).toBe(403)
    expect((await ana.get(`members/${world.ian.person.id}`)).html).not.toContain('/exempt')
  })

  test('who hasn’t shown lately that it is they is asked first, and what was typed is done with the answer’s form', async () => {
    world.clock.pass(minutes(10))
    const asked = await world.ana.post(actOn(world.mia.person, 'exempt'), { version: '1', ...fields })
    expect(asked.text).toContain('Confirm that it is you')
    expect(asked.html).toContain(fields.reason)
    expect(await stored()).toEqual([])
  })
})

test.each([
  ['until', { until: '' }],
  ['until', { until: '2026-11-21' }],
  ['until', { until: '2027-02-21' }],
  ['until', { until: 'soon' }],
  ['reason', { reason: ' ' }],
  ['reason', { reason: 'x'.repeat(201) }],
])('%s: %j is refused beside its field', async (field, more) => {
  for (const who of [world.ana, world.ana.swap]) {
    const answer = await act(who, world.mia.person, 'exempt', { ...fields, ...more })
    expect([answer.status, answer.html.includes(`id="${field}-error"`)]).toEqual([422, true])
  }
  expect(await stored()).toEqual([])
})

test('ninety days ahead is possible, and somebody who is removed has none anymore', async () => {
  const { ana, mia } = world
  expect((await act(ana, mia.person, 'exempt', { ...fields, until: '2027-02-20' })).status).toBe(303)
  await act(ana, mia.person, 'remove', { reason: '' })
  expect(await stored()).toEqual([])
})
