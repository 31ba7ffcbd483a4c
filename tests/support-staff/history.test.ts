import { beforeEach, describe, expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { invite } from '../joining/invited.ts'
import { hiddenIn } from '../support/acts.ts'
import { hours, minutes, organization } from '../support/world.ts'
import { close, sam, seenIn, type World } from './sam.ts'

let world: World
let support: Awaited<ReturnType<typeof sam>>
beforeEach(async () => {
  world = await organization()
  support = await sam(world)
})

/** Marks what is this test's in a database that others use too. */
const mark = () => `mark${Math.random().toString(36).slice(2, 10)}`

test('Stella gets 404, a stranger is asked to sign in', async () => {
  const inv = await invite(world)
  for (const path of ['/support', '/support/invitations', `/support/invitations/${inv.id}`, '/support/people']) {
    expect([path, (await world.stella.get(path)).status]).toEqual([path, 404])
    expect((await world.ana.get(path)).status).toBe(404)
    expect((await world.stranger.get(path)).location).toBe('/sign-in')
  }
  expect((await world.ana.post(`/support/invitations/${inv.id}/resend`, { version: '1', days: '7' })).status).toBe(404)
})

test('Sam finds an invitation of any organization by name, address or sender, and by status and time', async () => {
  const word = mark()
  const search = (text: string) => world.db.updateTable('invitation').set({ search: ` nora ${word} ${text}` })
  const one = await invite(world, { first: 'Nora' })
  const two = await invite(world, { organization: world.elsewhere, by: world.stella.person.id, validity: -1 })
  await search('ana admin').where('id', '=', one.id).execute()
  await search('stella').where('id', '=', two.id).execute()
  const page = async (query: string) => (await support.get(`/support/invitations?q=${word}${query}`)).text
  const both = await page('')
  for (const words of ['Harbor Claims', 'North Sea Adjusters', one.email, two.email]) expect(both).toContain(words)
  expect(await page('+stella')).not.toContain(one.email)
  expect(await page('&status=expired')).not.toContain(one.email)
  expect(await page('&status=expired')).toContain(two.email)
  expect(await page('&status=pending_activation')).not.toContain(two.email)
  world.clock.pass(hours(25))
  const later = await sam(world)
  expect((await later.get(`/support/invitations?q=${word}&timeframe=24h`)).text).toContain(
    'No invitation matches all of this',
  )
  expect((await later.get(`/support/invitations?q=${word}&timeframe=7d`)).text).toContain(one.email)
  const odd = await later.get(`/support/invitations?q=${word}&status=nonsense&after=x`)
  expect(odd.text).toContain('Part of this address wasn’t understood')
})

test('with htmx a search brings the rows alone, and their address', async () => {
  const word = mark()
  const one = await invite(world)
  await world.db
    .updateTable('invitation')
    .set({ search: ` ${word}` })
    .where('id', '=', one.id)
    .execute()
  const answer = await support.swap.get(`/support/invitations?q=${word}&status=pending_activation`)
  expect(answer.html).toContain(one.email)
  expect(answer.html).not.toContain('<h1>')
  expect(answer.html).toContain('id="people"')
  expect(answer.headers.get('HX-Push-Url')).toBe(`/support/invitations?q=${word}&status=pending_activation`)
})

test('from page to page, there and back', async () => {
  const word = mark()
  for (let n = 0; n < 60; n++) {
    const inv = await invite(world)
    world.clock.pass(1000)
    await world.db
      .updateTable('invitation')
      .set({ search: ` ${word}`, created_at: world.clock.now })
      .where('id', '=', inv.id)
      .execute()
  }
  const ids = (html: string) => [...html.matchAll(/href="\/support\/invitations\/([\w-]{16})"/g)].map(([, id]) => id)
  const link = (html: string, rel: string) =>
    new RegExp(`rel="${rel}" href="([^"]+)"`).exec(html)?.[1]?.replaceAll('&amp;', '&') ?? ''
  const first = (await support.get(`/support/invitations?q=${word}`)).html
  expect(ids(first)).toHaveLength(50)
  const second = (await support.get(link(first, 'next'))).html
  expect(ids(second)).toHaveLength(10)
  expect(link(second, 'next')).toBe('')
  expect(ids((await support.get(link(second, 'prev'))).html)).toEqual(ids(first))
})

test('where nothing is found there is a way on: without the search, and without the filters', async () => {
  const word = mark()
  const links = async (query: string) => {
    const { html } = await support.get(`/support/invitations?${query}`)
    const empty = /<section class="empty".*?<\/section>/s.exec(html)?.[0] ?? ''
    return [...empty.matchAll(/<a class="btn" href="([^"]*)">([^<]*)<\/a>/g)].map(([, href, text]) => [href, text])
  }
  expect(await links(`q=${word}`)).toEqual([['/support/invitations', 'Clear search']])
  expect(await links(`q=${word}&status=revoked`)).toEqual([
    ['/support/invitations', 'Clear filters'],
    [`/support/invitations?q=${word}`, `Search “${word}” only`],
  ])
  const one = await invite(world)
  await world.db
    .updateTable('invitation')
    .set({ search: ` ${word}` })
    .where('id', '=', one.id)
    .execute()
  const found = await support.get(`/support/invitations?q=${word}&status=pending_activation&timeframe=7d`)
  expect(found.text).toContain('1 invitation matches')
  for (const [label, href] of [
    ['Status: Pending activation', `q=${word}&amp;timeframe=7d`],
    ['Last 7 days', `q=${word}&amp;status=pending_activation`],
  ])
    expect(found.html).toMatch(
      new RegExp(
        `<a class="chip" href="/support/invitations\\?${href}"><span class="vh">Remove filter </span>${label}`,
      ),
    )
})

describe('sorted', () => {
  const many = async (count: number) => {
    const word = mark()
    for (let n = 0; n < count; n++) {
      const inv = await invite(world)
      // Each address three times, and at two moments.
      await world.db
        .updateTable('invitation')
        .set({
          search: ` ${word}`,
          status: 'revoked',
          email_key: `${String(Math.floor(n / 3)).padStart(3, '0')}@${word}.example`,
          created_at: new Date(world.clock.now.getTime() - (n % 2) * 1000),
        })
        .where('id', '=', inv.id)
        .execute()
    }
    const rows = await world.db
      .selectFrom('invitation')
      .select(['id', 'email_key', 'created_at'])
      .where('search', '=', ` ${word}`)
      .execute()
    const by = (...keys: ((row: (typeof rows)[number]) => string)[]) => {
      const text = (row: (typeof rows)[number]) =>
        [...keys, ({ id }: { id: string }) => id].map((key) => key(row)).join(' ')
      return rows.toSorted((one, other) => (text(one) < text(other) ? -1 : 1)).map(({ id }) => shortId(id))
    }
    const moment = (row: (typeof rows)[number]) => row.created_at.toISOString()
    return { word, byEmail: by((row) => row.email_key, moment), byMoment: by(moment) }
  }
  const ids = (html: string) =>
    [...html.matchAll(/href="\/support\/invitations\/([\w-]{16})"/g)].map(([, id]) => id ?? '')
  const link = (html: string, rel: string) =>
    new RegExp(`rel="${rel}" href="([^"]+)"`).exec(html)?.[1]?.replaceAll('&amp;', '&') ?? ''

  test.each([
    ['email', false],
    ['email', true],
    ['invited', false],
    ['invited', true],
  ] as const)('by %s, the last first: %s, every page there and back', async (sort, descending) => {
    const { word, byEmail, byMoment } = await many(110)
    const all = sort === 'email' ? byEmail : byMoment
    const expected = descending ? all.toReversed() : all
    for (const filter of ['', '&timeframe=24h', '&status=revoked']) {
      const pages = [await support.get(`/support/invitations?q=${word}${filter}&sort=${descending ? '-' : ''}${sort}`)]
      for (let n = 0; n < 2; n++) pages.push(await support.get(link(pages.at(-1)?.html ?? '', 'next')))
      expect(pages.flatMap(({ html }) => ids(html))).toEqual(expected)
      expect(pages[1]?.text).toContain('51–100 of')
      const back = await support.get(link(pages[2]?.html ?? '', 'prev'))
      expect(ids(back.html)).toEqual(expected.slice(50, 100))
      expect(ids((await support.get(link(back.html, 'prev'))).html)).toEqual(expected.slice(0, 50))
    }
  })

  test('each head that sorts says which way, and leads the other way; a sort that there isn’t is left out', async () => {
    const heads = async (query: string) => {
      const { html, text } = await support.get(`/support/invitations${query}`)
      const found = [...html.matchAll(/<th scope="col" class="by"( aria-sort="\w+")?><a href="([^"]*)">([^<]*)</g)]
      return { heads: found.map(([, sorted, href, label]) => [label, sorted?.trim(), href]), text }
    }
    expect((await heads('')).heads).toEqual([
      ['Email', undefined, '/support/invitations?sort=email'],
      ['Invited on, sent by', 'aria-sort="descending"', '/support/invitations?sort=invited'],
    ])
    expect((await heads('?sort=email')).heads).toEqual([
      ['Email', 'aria-sort="ascending"', '/support/invitations?sort=-email'],
      ['Invited on, sent by', undefined, '/support/invitations'],
    ])
    const odd = await heads('?sort=name')
    expect([odd.heads[1]?.[1], odd.text.includes('wasn’t understood')]).toEqual(['aria-sort="descending"', true])
  })
})

describe('how many each option would show', () => {
  const counts = async (query: string) => {
    const { html, status } = await support.swap.get(`/support/invitations/counts?${query}`)
    expect(status).toBe(200)
    const found = [...html.matchAll(/value="(\w+)"[^>]*>([^<]*)(?:<i>([^<]*)<\/i>)?<\/label>/g)]
    return Object.fromEntries(found.map(([, value, , count]) => [value, count]))
  }

  test('is asked for after the page, beside the other filter and the search, of what may be seen', async () => {
    const word = mark()
    const make = async (hoursAgo: number, details: Parameters<typeof invite>[1] = {}) => {
      const inv = await invite(world, details)
      const created_at = new Date(world.clock.now.getTime() - hours(hoursAgo))
      await world.db
        .updateTable('invitation')
        .set({ search: ` ${word}`, created_at })
        .where('id', '=', inv.id)
        .execute()
      return inv
    }
    for (const ago of [1, 2, 30]) await make(ago)
    await make(200, { validity: -1 })
    await make(1, { organization: world.elsewhere, by: world.stella.person.id })
    const page = (await support.get(`/support/invitations?q=${word}`)).html
    expect(page).toContain(`data-hx-get="/support/invitations/counts?q=${word}"`)
    expect(page).not.toContain('<i>')
    expect(await counts(`q=${word}`)).toMatchObject({ pending_activation: '4', expired: '1', revoked: '0', '24h': '3' })
    // Without script by a link, and with the page.
    expect(page).toContain(`<noscript><a href="/support/invitations?q=${word}&amp;counts=yes">`)
    const counted = (await support.get(`/support/invitations?q=${word}&counts=yes`)).html
    expect(counted).toMatch(/value="pending_activation"[^>]*>Pending activation<i>4</)
    expect(await counts(`q=${word}&timeframe=24h`)).toMatchObject({ pending_activation: '3', expired: '0', '7d': '4' })
    expect(await counts(`q=${word}&status=expired`)).toMatchObject({ '24h': '0', '7d': '0', '30d': '1' })
    await close(world, world.elsewhere.id)
    expect(await counts(`q=${word}`)).toMatchObject({ pending_activation: '3', '24h': '2' })
    // A search that nothing can match.
    expect(await counts('q=%25')).toMatchObject({ active: '0', '24h': '0' })
  })

  test('opened as a page it leads to the list', async () => {
    const answer = await support.get('/support/invitations/counts?status=revoked')
    expect([answer.status, answer.location]).toEqual([303, '/support/invitations?status=revoked'])
  })
})

describe('one invitation', () => {
  test('Sam reads where it is, and sends it again after he saw the address', async () => {
    const inv = await invite(world)
    const page = await support.get(`/support/invitations/${shortId(inv.id)}`)
    expect(page.text).toContain('Where is it?')
    expect(page.text).toContain('Harbor Claims')
    for (const label of ['Approve', 'Revoke', 'Copy link', 'Correct']) expect(page.text).not.toContain(label)
    const form = await support.get(`/support/invitations/${shortId(inv.id)}/resend`)
    expect(form.text).toContain(inv.email)
    const path = `/support/invitations/${shortId(inv.id)}/resend`
    const done = await support.post(path, { ...hiddenIn(form.html), days: '7' })
    expect(done).toMatchObject({ status: 303, location: `/support/invitations/${shortId(inv.id)}` })
    expect(await inv.now()).toMatchObject({ generation: 2, status: 'pending_activation', resends: 1 })
    expect((await support.post(path, { ...hiddenIn(form.html), days: '7' })).status).toBe(409)
    expect((await support.get(`/support/invitations/${shortId(inv.id)}`)).text).toContain('support staff')
  })

  test('five times a day, and not when there is nothing to send', async () => {
    const inv = await invite(world)
    const path = `/support/invitations/${inv.id}/resend`
    await world.db
      .updateTable('invitation')
      .set({ resend_day: '2026-11-22', resends: 5 })
      .where('id', '=', inv.id)
      .execute()
    expect((await support.post(path, { version: '1', days: '7' })).status).toBe(429)
    await world.db.updateTable('invitation').set({ status: 'revoked' }).where('id', '=', inv.id).execute()
    expect((await support.get(path)).status).toBe(403)
    expect((await support.post(path, { version: '1', days: '7' })).status).toBe(403)
    expect((await inv.now()).generation).toBe(1)
  })

  test('what nobody could still give waits for approval, and isn’t mailed by support staff', async () => {
    const ned = await world.add({ first: 'Ned', role: 'admin' })
    const inv = await invite(world, { by: ned.id, role: 'admin' })
    await world.db.updateTable('membership').set({ organization_role: 'member' }).where('id', '=', ned.id).execute()
    const form = await support.get(`/support/invitations/${inv.id}/resend`)
    expect(form.text).toContain('waits for approval')
    await support.post(`/support/invitations/${inv.id}/resend`, { ...hiddenIn(form.html), days: '7' })
    expect((await inv.now()).status).toBe('pending_approval')
    expect((await inv.letters()).map(([template]) => template)).toEqual(['approval_asked'])
  })

  test('where the organization asks for approval since, it waits for that, as if its sender had sent it again', async () => {
    const rule = (invitation_approval: string) =>
      world.db.updateTable('organization').set({ invitation_approval }).where('id', '=', world.here.id).execute()
    const sendAgain = async (inv: Awaited<ReturnType<typeof invite>>) => {
      const form = await support.get(`/support/invitations/${inv.id}/resend`)
      await support.post(`/support/invitations/${inv.id}/resend`, { ...hiddenIn(form.html), days: '7' })
      return (await inv.now()).status
    }
    const ned = await world.add({ first: 'Ned', permissions: ['members.invite'] })
    await rule('always')
    expect(await sendAgain(await invite(world, { validity: -1 }))).toBe('pending_approval')
    await rule('unless_admin')
    expect(await sendAgain(await invite(world))).toBe('pending_activation')
    expect(await sendAgain(await invite(world, { by: ned.id }))).toBe('pending_approval')
    // An approval that was given stands.
    const approved = await invite(world, { by: ned.id, approver: world.ana.person.id })
    expect(await sendAgain(approved)).toBe('pending_activation')
    expect((await approved.now()).approval).toBe('approved')
  })
})

describe('an organization that doesn’t allow support access', () => {
  test('is nowhere: not in the list, not by address, not by id', async () => {
    const word = mark()
    const inv = await invite(world)
    await world.db
      .updateTable('invitation')
      .set({ search: ` ${word}` })
      .where('id', '=', inv.id)
      .execute()
    await close(world, world.here.id)
    expect((await support.get(`/support/invitations?q=${word}`)).text).toContain('No invitation here')
    for (const path of [inv.id, `${inv.id}/resend`])
      expect((await support.get(`/support/invitations/${path}`)).status).toBe(404)
    const sent = await support.post(`/support/invitations/${inv.id}/resend`, { version: '1', days: '7' })
    expect(sent.status).toBe(404)
    expect(await seenIn(world, world.here.id)).toEqual([])
    const page = await support.get(`/support/people?email=${encodeURIComponent(inv.email)}`)
    expect(page.text).toContain('Nobody with this address')
  })
})

describe('what Sam looks at', () => {
  test('is in the log of the organization, once an hour for each thing, and its Admins read it', async () => {
    const inv = await invite(world)
    for (let n = 0; n < 3; n++) await support.get(`/support/invitations/${inv.id}`)
    await Promise.all(Array.from({ length: 5 }, () => support.get(`/support/invitations/${inv.id}`)))
    const seen = { act: 'support.looked', actor_id: support.accountId, how: 'support' }
    expect(await seenIn(world, world.here.id)).toEqual([{ ...seen, subject: 'invitation', subject_id: inv.id }])
    world.clock.pass(minutes(30))
    const log = await world.ana.get('audit')
    expect(log.text).toMatch(/Support Looked at by support staff Nora/)
    world.clock.pass(minutes(29))
    await support.get(`/support/invitations/${inv.id}`)
    expect(await seenIn(world, world.here.id)).toHaveLength(1)
    world.clock.pass(minutes(1))
    const again = await sam(world)
    await again.get(`/support/invitations/${inv.id}`)
    expect(await seenIn(world, world.here.id)).toHaveLength(2)
  })

  test('also when nothing came of the form in which they saw it', async () => {
    const inv = await invite(world)
    expect((await support.post(`/support/invitations/${inv.id}/resend`, { days: '' })).text).toContain(inv.email)
    expect(await seenIn(world, world.here.id)).toMatchObject([{ act: 'support.looked', subject_id: inv.id }])
  })

  test.each([
    ['a list', (word: string) => support.get(`/support/invitations?q=${word}`)],
    ['how many a search would find', (word: string) => support.swap.get(`/support/invitations/counts?q=${word}`)],
  ])('%s counts as a look at each organization in it', async (_, look) => {
    const word = mark()
    const one = await invite(world)
    const two = await invite(world, { organization: world.elsewhere, by: world.stella.person.id })
    await world.db
      .updateTable('invitation')
      .set({ search: ` ${word}` })
      .where('id', 'in', [one.id, two.id])
      .execute()
    await look(word)
    for (const place of [world.here, world.elsewhere])
      expect(await seenIn(world, place.id)).toMatchObject([{ subject: 'organization', subject_id: place.id }])
  })
})
