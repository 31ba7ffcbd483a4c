import { beforeEach, expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { act, actOn as at, hiddenIn } from '../support/acts.ts'
import { organization, type Person } from '../support/world.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeEach(async () => {
  world = await organization()
})

const rowOf = (person: Person) =>
  world.db.selectFrom('membership').selectAll().where('id', '=', person.id).executeTakeFirstOrThrow()

test('a stranger from another organization gets the same 404 as for nobody', async () => {
  for (const name of ['suspend', 'reactivate'])
    for (const ask of [world.stella.get(at(world.mia.person, name)), world.stella.post(at(world.mia.person, name), {})])
      expect((await ask).status).toBe(404)
})

test('Ana suspends Mia, who is out on her next request, and in again when she is reactivated', async () => {
  const { ana, mia } = world
  expect((await mia.get('members/me')).status).toBe(200)
  const answer = await act(ana, mia.person, 'suspend')
  expect([answer.status, answer.location]).toEqual([303, `/o/${world.here.slug}/members/${shortId(mia.person.id)}`])
  const refused = await mia.get('members/me')
  expect(refused.status).toBe(403)
  expect(refused.html).toContain('Ana Admin')
  expect(await rowOf(mia.person)).toMatchObject({ status: 'suspended', version: 2 })
  expect((await ana.get('members?status=suspended')).html).toContain('>Mia<')

  await act(ana, mia.person, 'reactivate')
  expect((await mia.get('members/me')).status).toBe(200)
  const events = await world.db
    .selectFrom('event')
    .select(['act', 'actor_id', 'changes'])
    .where('subject_id', '=', mia.person.id)
    .orderBy('id')
    .execute()
  expect(events).toEqual([
    { act: 'membership.suspended', actor_id: ana.person.accountId, changes: { status: ['active', 'suspended'] } },
    { act: 'membership.reactivated', actor_id: ana.person.accountId, changes: { status: ['suspended', 'active'] } },
  ])
})

test('who comes back to the form of what is done with the browser’s Back finds the way to the person', async () => {
  const { ana, mia } = world
  const details = `<a class="btn" href="/o/${world.here.slug}/members/${shortId(mia.person.id)}">Open details</a>`
  await act(ana, mia.person, 'suspend')
  for (const name of ['suspend', 'unblock', 'exempt', 'picture']) {
    const { status, html } = await ana.get(at(mia.person, name))
    expect([name, status, html.includes(details)]).toEqual([name, 403, true])
  }
  await act(ana, mia.person, 'reactivate')
  expect((await ana.get(at(mia.person, 'reactivate'))).html).toContain(details)
  // Who may not look at people is led where they may be.
  const ed = await world.enter({ first: 'Ed', permissions: ['members.edit'] })
  const refused = await ed.get(at(ed.person, 'suspend'))
  expect(refused.status).toBe(403)
  expect(refused.html).toContain('<a class="btn" href="/">Go to your first page</a>')
})

test('with htmx the answer is the fresh panel, the fresh row, and what was done', async () => {
  const { ana, mia } = world
  const path = at(mia.person, 'suspend')
  const form = await ana.swap.get(`${path}?status=active`)
  expect(form.html).toContain('<section class="panel" id="panel"')
  const answer = await ana.swap.post(path, hiddenIn(form.html))
  expect(answer.status).toBe(200)
  expect(answer.html).toMatch(/<title>Mia Member – Rollcall<\/title><section class="panel" id="panel"/)
  expect(answer.html).toContain('<template data-said="Suspended.">')
  expect(answer.html).toMatch(/<tr><th scope="row" class="name"><a [^>]*>Mia<\/a>.*Suspended/s)
})

test('nobody suspends themselves, and a Member, a Viewer and a Group manager nobody at all', async () => {
  const { ana, vera, gus, mia, ian } = world
  const self = await ana.post(at(ana.person, 'suspend'), { version: '1' })
  expect(self.status).toBe(403)
  expect(self.html).toContain('Nobody changes their own')
  for (const browser of [vera, gus, mia])
    for (const ask of [
      browser.get(at(ian.person, 'suspend')),
      browser.post(at(ian.person, 'suspend'), { version: '1' }),
    ])
      expect([403, 404]).toContain((await ask).status)
  expect((await rowOf(ian.person)).status).toBe('active')
})

test('who lacks a permission that somebody holds doesn’t suspend them, and the panel doesn’t offer it', async () => {
  const editor = await world.enter({ first: 'Edda', permissions: ['members.view', 'members.edit'] })
  expect((await act(editor, world.mia.person, 'suspend')).status).toBe(303)
  const refused = await editor.post(at(world.ana.person, 'suspend'), { version: '1' })
  expect(refused.status).toBe(403)
  expect(refused.html).toContain('which you don’t')
  expect((await editor.get(`members/${shortId(world.ana.person.id)}`)).html).not.toContain('/suspend')
  expect((await editor.get(`members/${shortId(world.ian.person.id)}`)).html).toContain('/suspend')
})

test('the last Admin who can sign in stays, whoever asks', async () => {
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  // No account of this test has a password: as far as signing in goes, Ana is the last one.
  const answer = await act(bea, world.ana.person, 'suspend')
  expect(answer.status).toBe(422)
  expect(answer.html).toContain('the last Admin who can sign in')
  expect((await rowOf(world.ana.person)).status).toBe('active')
})

test('of two tabs the second is told that somebody changed it, and nothing happens twice', async () => {
  const { ana, mia } = world
  const { html } = await ana.get(at(mia.person, 'suspend'))
  await act(ana, mia.person, 'suspend')
  await act(ana, mia.person, 'reactivate')
  const late = await ana.post(at(mia.person, 'suspend'), hiddenIn(html))
  expect(late.status).toBe(409)
  expect(late.html).toContain(`href="/o/${world.here.slug}/members/${shortId(mia.person.id)}">Open details</a>`)
  expect((await rowOf(mia.person)).status).toBe('active')
})

test('a form with nothing in it, or with a field of somebody’s own, changes nothing', async () => {
  const { ana, mia } = world
  expect((await ana.post(at(mia.person, 'suspend'), {})).status).toBe(422)
  expect((await ana.post(at(mia.person, 'suspend'), { version: '1', status: 'removed' })).status).toBe(400)
  expect((await rowOf(mia.person)).status).toBe('active')
})

test('of twelve who press the button at the same moment one suspends, and the others are told', async () => {
  const { ana, mia } = world
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  const { html } = await ana.get(at(mia.person, 'suspend'))
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) => (n % 2 ? bea : ana).post(at(mia.person, 'suspend'), hiddenIn(html))),
  )
  expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
  for (const { status } of answers) expect([303, 403, 409]).toContain(status)
  expect(await rowOf(mia.person)).toMatchObject({ status: 'suspended', version: 2 })
})
