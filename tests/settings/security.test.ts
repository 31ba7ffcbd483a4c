import { beforeAll, describe, expect, inject, test } from 'vitest'
import { newId, shortId } from '../../src/platform/ids.ts'
import { hiddenIn } from '../support/acts.ts'
import type { Browser } from '../support/browser.ts'
import { connectTo } from '../support/database.ts'
import { Lynx } from '../support/lynx.ts'
import { organization } from '../support/world.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeAll(async () => {
  world = await organization()
})

type Fields = Record<string, string | string[]>
const path = 'settings/security'
const settings = (more: Fields = {}): Fields => ({
  approval: 'never',
  days: '7',
  reminder: 'on',
  domains: '',
  support_access: 'on',
  ...more,
})
const save = async (who: Browser, more: Fields = {}) =>
  who.post(path, { ...hiddenIn((await who.get(path)).html), ...settings(more) })
const stored = (of = world) =>
  of.db.selectFrom('organization').selectAll().where('id', '=', of.here.id).executeTakeFirstOrThrow()
const told = (of = world) =>
  of.db
    .selectFrom('event')
    .select(['changes', 'actor_id'])
    .where('organization_id', '=', of.here.id)
    .where('act', '=', 'settings.security_changed')
    .orderBy('id')
    .execute()

test('Stella finds nothing, everybody without the permission is refused and has no link', async () => {
  const there = `/o/${world.here.slug}/${path}`
  for (const [who, status] of [
    [world.stella, 404],
    [world.vera, 403],
    [world.gus, 403],
    [world.mia, 403],
  ] as const) {
    expect((await who.get(there)).status).toBe(status)
    expect((await who.post(there, { version: '1', ...settings() })).status).toBe(status)
  }
  expect((await world.vera.get('members')).html).not.toContain(path)
  expect((await world.ana.get('members')).html).toContain('Settings')
})

test('Ana sets everything; the log has old and new, and of the domains that they changed', async () => {
  const { ana } = world
  const lynx = new Lynx(ana)
  await lynx.open(ana.url(path))
  expect(lynx.page.text).toContain('Support staff of this installation may help here')
  const answer = await save(ana, {
    approval: 'always',
    days: '30',
    domains: ' Harbor.example \r\n@Bücher.example,\n\nharbor.EXAMPLE\n',
    reminder: [],
    support_access: [],
  })
  expect([answer.status, answer.location]).toEqual([303, ana.url(path)])
  expect(await stored()).toMatchObject({
    invitation_approval: 'always',
    invitation_days: 30,
    invitation_reminder: false,
    support_access: false,
    allowed_domains: ['harbor.example', 'xn--bcher-kva.example'],
    version: 2,
  })
  expect(await told()).toEqual([
    {
      actor_id: ana.person.accountId,
      changes: {
        fields: ['approval', 'validity', 'reminder', 'support_access', 'allowed_domains'],
        approval: ['never', 'always'],
        validity: [7, 30],
        reminder: [true, false],
        support_access: [true, false],
      },
    },
  ])
  const page = await ana.get(path)
  expect(page.html).toContain('harbor.example\nbücher.example</textarea>')
  expect(page.html).toMatch(/value="always"[^>]* checked/)
  expect(page.html).not.toMatch(/name="(reminder|support_access)"[^>]* checked/)
  expect((await ana.get('audit')).text).toContain('Security settings changed')
  // What is as it was is no change.
  await save(ana, {
    approval: 'always',
    days: '30',
    domains: 'harbor.example\nxn--bcher-kva.example',
    reminder: [],
    support_access: [],
  })
  expect(await told()).toHaveLength(1)
  // A second press of the button, by the form that was saved already, ends as the first one did; another change doesn't.
  const late = { version: '1', approval: 'always', days: '30', domains: 'harbor.example\nbücher.example' }
  expect((await ana.post(path, late)).status).toBe(303)
  expect((await ana.post(path, { ...late, days: '31' })).status).toBe(409)
  expect(await told()).toHaveLength(1)
  // The form for inviting begins with it.
  expect((await ana.get('invitations/new')).html).toMatch(/name="days"[^>]*value="30"/)
  await save(ana)
})

describe('what is refused comes back beside its field, with what was typed', () => {
  test.each([
    ['approval', { approval: 'sometimes' }],
    ['approval', { approval: [] }],
    ['days', { days: '0' }],
    ['days', { days: '61' }],
    ['days', { days: '7 days' }],
    ['domains', { domains: 'example' }],
    ['domains', { domains: 'a b.example' }],
    ['domains', { domains: 'name@example.org' }],
    ['domains', { domains: '*.example.org' }],
    ['domains', { domains: 'https://example.org' }],
    ['domains', { domains: Array.from({ length: 51 }, (_, n) => `d${n}.example`).join('\n') }],
    ['domains', { domains: 'x'.repeat(16_000) }],
    ['domains', { domains: 'a\u0000.example' }],
  ] as [string, Fields][])('%s: %j', async (field, more) => {
    const before = await stored()
    for (const who of [world.ana, world.ana.swap]) {
      const answer = await save(who, { days: '12', ...more })
      expect([answer.status, answer.html.includes(`id="${field}-error"`)]).toEqual([422, true])
      if (field !== 'days') expect(answer.html).toMatch(/name="days"[^>]*value="12"/)
    }
    expect(await stored()).toEqual(before)
  })
  test('a field that no form of ours has', async () => {
    for (const name of ['slug', 'name', 'invitation_days', 'session_hours'])
      expect([name, (await save(world.ana, { [name]: '1' })).status]).toEqual([name, 400])
  })
})

test('of two Admins the second looks again, and nothing is overwritten unseen', async () => {
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  const version = hiddenIn((await world.ana.get(path)).html)
  const both = await Promise.all([
    world.ana.post(path, { ...version, ...settings({ days: '10' }) }),
    bea.post(path, { ...version, ...settings({ days: '20' }) }),
  ])
  expect(both.map(({ status }) => status).sort()).toEqual([303, 409])
  const second = both.findIndex(({ status }) => status === 409)
  const answer = both[second]
  expect(answer?.text).toContain('Somebody else changed this meanwhile')
  expect(answer?.html).toMatch(new RegExp(`name="days"[^>]*value="${second === 0 ? 10 : 20}"`))
  expect((await stored()).invitation_days).toBe(second === 0 ? 20 : 10)
  const again = await (second === 0 ? world.ana : bea).post(path, {
    ...hiddenIn(answer?.html ?? ''),
    ...settings({ days: '20' }),
  })
  expect(again.status).toBe(303)
  expect((await stored()).invitation_days).toBe(20)
})

test('without script the page that comes says that it is saved', async () => {
  expect((await save(world.ana, { days: '6' })).status).toBe(303)
  expect((await world.ana.get(path)).text).toMatch(/ Saved\. /)
  expect((await world.ana.get(path)).text).not.toMatch(/ Saved\. /)
})

test('with htmx it is saved where it stands, and says so', async () => {
  const answer = await save(world.ana.swap, { days: '5' })
  expect([answer.status, answer.html.includes('data-said="Saved."')]).toEqual([200, true])
  const { version } = hiddenIn(answer.html)
  expect((await stored()).version).toBe(Number(version))
})

test('an invitation that is on its way when approval begins to be asked for waits, or was sent before', async () => {
  for (let round = 0; round < 10; round++) {
    const of = await organization()
    const version = hiddenIn((await of.ana.get(path)).html)
    const email = `inv.${newId()}@example.org`
    const [sent] = await Promise.all([
      of.ana.post('invitations/new', {
        key: newId(),
        email,
        first_name: '',
        last_name: '',
        role: 'member',
        group: shortId(of.here.defaultGroup),
        days: '7',
        message: '',
      }),
      of.ana.post(path, { ...version, ...settings({ approval: 'always' }) }),
    ])
    expect(sent?.status).toBe(303)
    const row = await of.db
      .selectFrom('invitation')
      .select(['approval', 'status'])
      .where('email_key', '=', email)
      .executeTakeFirstOrThrow()
    expect([
      ['not_needed', 'pending_activation'],
      ['waiting', 'pending_approval'],
    ]).toContainEqual([row.approval, row.status])
  }
})

test('the page is two exchanges with the database, saving three', async () => {
  const sent: string[] = []
  const database = connectTo(inject('shared'), { onQuery: (text) => sent.push(text) })
  const of = await organization({ database })
  await of.ana.get(path)
  sent.length = 0
  const page = await of.ana.get(path)
  expect(sent).toHaveLength(2)
  sent.length = 0
  expect((await of.ana.post(path, { ...hiddenIn(page.html), ...settings({ days: '9' }) })).status).toBe(303)
  expect(sent).toHaveLength(3)
  await database.close()
})
