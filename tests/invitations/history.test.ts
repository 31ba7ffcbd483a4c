import { beforeAll, describe, expect, test } from 'vitest'
import { newId, shortId } from '../../src/platform/ids.ts'
import { days, makeCustomRole, organization } from '../support/world.ts'
import { past } from './past.ts'

let world: Awaited<ReturnType<typeof organization>>
let lead = ''
let waiting = { id: '', member: '' }
const before = (milliseconds: number) => new Date(world.clock.now.getTime() - milliseconds)

beforeAll(async () => {
  world = await organization()
  const { db, here, elsewhere, clock, ana, intake } = world
  lead = await makeCustomRole(db, here.id, 'Lead adjuster')
  const add = (details: Parameters<typeof past>[3]) => past(db, here, clock.now, details)
  waiting = await add({
    first: 'Wanda',
    last: 'Waiting',
    status: 'pending_approval',
    at: before(days(3)),
    sender: ana.person,
  })
  await add({ first: 'Oona', last: 'Open', at: before(days(1)), sender: ana.person })
  await add({ first: 'Elif', last: 'Ending', at: before(days(6)), role: 'viewer' })
  await add({ first: 'Xia', last: 'Expired', at: before(days(20)), customRoles: [lead] })
  await add({ first: 'Rana', last: 'Revoked', status: 'revoked', at: before(days(100)), group: intake })
  await add({ first: 'Dora', last: 'Denied', status: 'rejected', approval: 'denied', at: before(days(40)) })
  await past(db, elsewhere, clock.now, { first: 'Secret', last: 'Stranger' })
})

test('every invitation is told in one row: who, how it stands by the clock, what it offers, when, and by whom', async () => {
  const { status, text, title, html } = await world.ana.get('invitations')
  expect(status).toBe(200)
  expect(title).toBe('Invitation history – Rollcall')
  expect(text).toContain('6 invitations')
  expect(text).toContain('Pending approval Member Nov 19, 2026 – Waiting Ana Admin')
  expect(text).toContain('Invitation expired Member Nov 2, 2026 Nov 9, 2026 Not needed –')
  expect(text).not.toContain('Secret')
  expect([...html.matchAll(/aria-sort="(\w+)"/g)].map(([, way]) => way)).toEqual(['descending'])
})

test('it is a tab of Permissions, and the members screen leads there with the number of those pending', async () => {
  const { html, text } = await world.ana.get('members')
  expect(text).toContain('Invitation history (3 pending)')
  expect(html).toContain(`href="/o/${world.here.slug}/invitations"`)
  expect((await world.ana.get('invitations')).html).toMatch(/invitations" aria-current="page">Invitation history/)
  expect((await world.mia.get('')).location).not.toContain('invitations')
})

test('who may see invitations alone finds them from the side bar, and no way to the members', async () => {
  const ivy = await world.enter({ first: 'Ivy', permissions: ['invitations.view'] })
  const { status, html } = await ivy.get('invitations')
  expect(status).toBe(200)
  expect(html).not.toContain('/members"')
  expect(html).not.toContain('invitations.csv')
  expect((await world.mia.get('invitations')).status).toBe(403)
  expect((await world.stella.get(`/o/${world.here.slug}/invitations`)).status).toBe(404)
})

test('a Group manager sees those into their own group, and every other is not there', async () => {
  const { text } = await world.gus.get('invitations')
  expect(text).toContain('Rana')
  expect(text).toContain('1 invitation')
  expect((await world.gus.get(`invitations/${shortId(waiting.id)}`)).status).toBe(404)
  expect((await world.gus.swap.get(`invitations/${shortId(waiting.id)}`)).status).toBe(404)
})

const namesIn = (html: string) =>
  [...html.matchAll(/<th scope="row" class="name"><a [^>]*>(\w+)/g)].map(([, name]) => name).sort()

describe('filters', () => {
  test.each([
    ['status=pending_activation', ['Elif', 'Oona']],
    ['status=expired&status=revoked', ['Rana', 'Xia']],
    ['role=viewer', ['Elif']],
    ['timeframe=24h', ['Oona']],
    ['timeframe=7d', ['Elif', 'Oona', 'Wanda']],
    ['timeframe=30d&status=expired', ['Xia']],
    ['from=2026-08-01&to=2026-10-31', ['Dora', 'Rana']],
    ['to=2026-08-31', ['Rana']],
    ['approval=waiting&approval=denied', ['Dora', 'Wanda']],
    ['attention=yes', ['Elif', 'Wanda']],
    ['attention=yes&status=pending_approval', ['Wanda']],
    ['attention=yes&status=active', []],
    ['q=xia&role=member', ['Xia']],
  ])('%s', async (query, names) => {
    const { status, html } = await world.ana.get(`invitations?${query}`)
    expect(status).toBe(200)
    expect(namesIn(html)).toEqual(names)
  })

  test('a custom role is offered apart from the organization’s roles, and has its chip', async () => {
    const { html, text } = await world.ana.get(`invitations?role=${shortId(lead)}`)
    expect(namesIn(html)).toEqual(['Xia'])
    expect(text).toContain('Organization role Admin')
    expect(text).toContain('Custom role Lead adjuster')
    expect(text).toContain('Remove filter Custom role: Lead adjuster')
  })

  test('a failed mail needs attention as long as the invitation is open', async () => {
    const { db, here, clock } = world
    const { id } = await past(db, here, clock.now, { first: 'Faye', last: 'Failed', expires: before(-days(6)) })
    expect(namesIn((await world.ana.get('invitations?attention=yes')).html)).not.toContain('Faye')
    await db
      .insertInto('mail')
      .values({
        id: newId(),
        organization_id: here.id,
        template: 'invitation',
        invitation_id: id,
        generation: 1,
        to_address: 'faye@example.org',
        state: 'failed',
        answer: '550 5.1.1 No such user',
        created_at: clock.now,
      })
      .execute()
    expect(namesIn((await world.ana.get('invitations?attention=yes')).html)).toContain('Faye')
    await db.updateTable('invitation').set({ status: 'revoked' }).where('id', '=', id).execute()
    expect(namesIn((await world.ana.get('invitations?attention=yes')).html)).not.toContain('Faye')
    await db.deleteFrom('invitation').where('id', '=', id).execute()
  })

  test('a day begins where the person is', async () => {
    const { db, here, clock } = world
    const zoned = await world.enter({ first: 'Zara', role: 'viewer' })
    await db
      .updateTable('account')
      .set({ time_zone: 'Pacific/Auckland' })
      .where('id', '=', zoned.person.accountId ?? '')
      .execute()
    const at = new Date('2025-05-10T13:00:00Z')
    const { id } = await past(db, here, clock.now, { first: 'Late', last: 'Evening', status: 'revoked', at })
    // There it is the eleventh already.
    expect(namesIn((await zoned.get('invitations?from=2025-05-11&to=2025-05-11')).html)).toEqual(['Late'])
    expect(namesIn((await world.ana.get('invitations?from=2025-05-11&to=2025-05-11')).html)).toEqual([])
    expect(namesIn((await world.ana.get('invitations?from=2025-05-10&to=2025-05-10')).html)).toEqual(['Late'])
    expect((await zoned.get('invitations?to=2025-06-01')).text).toContain('May 11, 2025')
    await db.deleteFrom('invitation').where('id', '=', id).execute()
  })

  test('they stand in the address of every link around them', async () => {
    const { html } = await world.ana.get('invitations?status=expired&approval=not_needed&sort=name')
    const links = [...html.matchAll(/href="[^"]*\/invitations(\/[\w-]+)?\?([^"]*)"/g)].map(([, , query]) => query)
    expect(links.filter((query) => query?.includes('status=expired')).length).toBeGreaterThan(8)
    expect(html).toContain('?status=expired&amp;approval=not_needed&amp;sort=-name"')
    expect(html).toContain('invitations.csv?status=expired&amp;approval=not_needed&amp;sort=name"')
  })

  test('what isn’t understood is left out with a notice, what is unknown in silence', async () => {
    for (const query of ['status=gone', 'sort=x', 'after=1*2*3', 'timeframe=1y', 'from=2026-02-31', 'attention=no']) {
      const { status, text } = await world.ana.get(`invitations?${query}`)
      expect(status, query).toBe(200)
      expect(text, query).toContain('Part of this address wasn’t understood')
    }
    for (const query of ['color=green', 'status=', 'q=%00%ff', 'from=&to=&timeframe=']) {
      const { status, text } = await world.ana.get(`invitations?${query}`)
      expect(status, query).toBe(200)
      expect(text, query).not.toContain('wasn’t understood')
    }
  })

  test('nothing found says so and leads out, and an organization without invitations says what would be here', async () => {
    const { text } = await world.ana.get('invitations?status=active&q=nobody')
    expect(text).toContain('No invitation matches all of this')
    expect(text).toContain('Search “nobody” only')
    const fresh = await organization()
    const invite = `href="/o/${fresh.here.slug}/invitations/new" data-hx-boost="false"`
    const empty = async (browser: typeof fresh.ana, query = '') =>
      /<section class="empty".*?<\/section>/s.exec((await browser.get(`invitations${query}`)).html)?.[0] ?? ''
    expect(await empty(fresh.ana)).toContain('Nobody was invited yet')
    expect(await empty(fresh.ana)).toContain(invite)
    expect(await empty(fresh.ana, '?status=active')).not.toContain(invite)
    const ivy = await fresh.enter({ first: 'Ivy', permissions: ['invitations.view'] })
    expect(await empty(ivy)).toContain('Nobody was invited yet')
    expect(await empty(ivy)).not.toContain(invite)
  })
})

describe('counts', () => {
  const countsIn = (html: string) =>
    Object.fromEntries(
      [...html.matchAll(/value="([\w-]+)"[^>]*>[^<]*<i>([\d,+]+)/g)].map(([, value, count]) => [value, count]),
    )
  const countsOf = async (query = '') => {
    const { html, status } = await world.ana.swap.get(`invitations/counts${query}`)
    expect(status).toBe(200)
    return countsIn(html)
  }
  test('each option says how many it would show beside the other filters, and its own filter doesn’t count', async () => {
    expect(await countsOf()).toMatchObject({
      pending_approval: '1',
      pending_activation: '2',
      expired: '1',
      revoked: '1',
      rejected: '1',
      active: '0',
      member: '5',
      viewer: '1',
      [shortId(lead)]: '1',
      '7d': '3',
      '90d': '5',
      not_needed: '4',
      waiting: '1',
      denied: '1',
      yes: '2',
    })
    expect(await countsOf('?status=pending_activation&role=viewer')).toMatchObject({
      pending_activation: '1',
      revoked: '0',
      viewer: '1',
      member: '1',
      waiting: '0',
      yes: '1',
    })
  })
  test('they come after the page: it asks for them, and is itself without', async () => {
    const { html } = await world.ana.get('invitations?role=viewer')
    expect(html).toContain(`data-hx-get="/o/${world.here.slug}/invitations/counts?role=viewer" data-hx-trigger="load"`)
    expect(html).not.toContain('<i>')
    expect((await world.ana.get('invitations/counts?role=viewer')).location).toBe(
      `/o/${world.here.slug}/invitations?role=viewer`,
    )
  })
  test('without script a link beside the filters brings the page with the same counts in it', async () => {
    const link = (html: string) => /<noscript>(.*?)<\/noscript>/s.exec(html)?.[1] ?? ''
    const listed = `invitations?status=pending_activation&role=viewer`
    const plain = await world.ana.get(listed)
    expect(link(plain.html)).toContain(
      `<a href="/o/${world.here.slug}/${listed.replace('&', '&amp;')}&amp;counts=yes">Show how many each has</a>`,
    )
    const { status, html } = await world.ana.get(`${listed}&counts=yes`)
    expect(status).toBe(200)
    expect(html).not.toContain('wasn’t understood')
    expect(countsIn(html)).toEqual(await countsOf('?status=pending_activation&role=viewer'))
    expect(namesIn(html)).toEqual(namesIn(plain.html))
    // Applied anew, the filters have their counts again.
    expect(link(html)).toContain('<input type="hidden" name="counts" value="yes"')
    expect((await world.gus.get('invitations?counts=yes')).html).toMatch(/value="revoked"[^>]*>Revoked<i>1/)
    expect((await world.ana.get('invitations?counts=no')).html).not.toContain('<i>')
  })
  test('the right to view is all that they need, and a Group manager’s are those of the own group', async () => {
    expect((await world.mia.swap.get('invitations/counts')).status).toBe(403)
    const { html } = await world.gus.swap.get('invitations/counts')
    expect(html).toMatch(/value="revoked"[^>]*>Revoked<i>1/)
    expect(html).toMatch(/value="expired"[^>]*>Invitation expired<i>0/)
  })
})
