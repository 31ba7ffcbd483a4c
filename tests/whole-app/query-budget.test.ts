import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { dayOf } from '../../src/platform/access/status.ts'
import type { Connected } from '../../src/platform/database/connect.ts'
import { newId, shortId } from '../../src/platform/ids.ts'
import { signLink } from '../../src/platform/links.ts'
import { plain, pngSaying, srcIn, upload } from '../avatars/pictures.ts'
import { past } from '../invitations/past.ts'
import { act, actOn, hiddenIn } from '../support/acts.ts'
import type { Answer } from '../support/browser.ts'
import { connectTo } from '../support/database.ts'
import { unique } from '../support/unique.ts'
import { makeCustomRole, makeRegion, minutes, organization, type PersonDetails } from '../support/world.ts'

const most = 3
let database: Connected
let world: Awaited<ReturnType<typeof organization>>
let sent: string[] = []

let role = ''
let invited = { id: '', member: '' }
let region: { id: string; areas: string[] }
beforeAll(async () => {
  database = connectTo(inject('shared'), { onQuery: (text) => sent.push(text) })
  world = await organization({ database })
  for (let n = 0; n < 60; n++) await world.add({ first: `P${n}`, last: 'Person', group: world.intake })
  for (let n = 0; n < 60; n++) invited = await past(world.db, world.here, world.clock.now, { first: `I${n}` })
  role = await makeCustomRole(world.db, world.here.id, 'Lead', ['claims.view'])
  region = await makeRegion(world.db, world.here.id, 'Nordics', ['Oslo'])
  // A line above every screen of everybody here says so, by no statement of its own.
  await world.db
    .updateTable('organization')
    .set({ two_factor_from: '2027-01-01' })
    .where('id', '=', world.here.id)
    .execute()
  await world.db
    .insertInto('group_locked_field')
    .values({ organization_id: world.here.id, group_id: world.intake, field: 'title' })
    .execute()
})
afterAll(() => database.close())
beforeEach(() => {
  sent = []
})

const exempt = ({ id }: { id: string }) =>
  world.db
    .insertInto('two_factor_exemption')
    .values({
      organization_id: world.here.id,
      membership_id: id,
      until: dayOf(world.clock.now),
      reason: 'A new phone is on its way',
      given_at: world.clock.now,
    })
    .execute()

const counted = async (work: () => Promise<Answer>) => {
  sent = []
  const answer = await work()
  return { status: answer.status, html: answer.html, trips: sent.length, sent }
}

type Screen = [name: string, ask: () => Promise<Answer>, status: number, trips: number]
const next = (html: string) => /rel="next" href="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? ''
const screens: Screen[] = [
  ['sign-in, to a stranger', () => world.stranger.get('/sign-in'), 200, 0],
  ['help with signing in', () => world.stranger.get('/cannot-sign-in'), 200, 0],
  ['a page asked for by a stranger', () => world.stranger.get('members'), 303, 0],
  ['a static file', () => world.ana.get('/static/nothing.css'), 404, 0],
  ['the first address', () => world.ana.get('/'), 303, 1],
  ['the organization’s address', () => world.ana.get(''), 303, 1],
  ['an unknown address', () => world.ana.get('/nothing'), 404, 1],
  ['another organization’s list', () => world.ana.get(`/o/${world.elsewhere.slug}/members`), 404, 1],
  ['a refusal', () => world.mia.get('members'), 403, 3],
  ['a refusal, as a swap', () => world.mia.swap.get('members'), 403, 2],
  ['the list', () => world.ana.get('members'), 200, 3],
  ['the list, as a swap', () => world.ana.swap.get('members'), 200, 3],
  ['the list, to a Viewer', () => world.vera.get('members'), 200, 3],
  ['the list, to a Group manager', () => world.gus.get('members'), 200, 3],
  ['the list, searched', () => world.ana.get('members?q=per'), 200, 3],
  [
    'the list, with every filter',
    () =>
      world.ana.get(
        `members?q=p&status=active&role=member&role=${newId()}&group=${world.intake}&region=${newId()}&area=${newId()}&two_factor=off&inactive=30&sort=-status`,
      ),
    200,
    3,
  ],
  ['the list, removed people too', () => world.ana.get('members?status=removed&status=active'), 200, 3],
  ['the list, malformed', () => world.ana.get('members?sort=x&after=y&status=z'), 200, 3],
  ['a person beside the list', () => world.ana.get(`members/${shortId(world.mia.person.id)}`), 200, 3],
  ['a person, as a swap', () => world.ana.swap.get(`members/${shortId(world.mia.person.id)}`), 200, 2],
  ['a row’s actions', () => world.ana.swap.get(`members/${shortId(world.mia.person.id)}/actions`), 200, 2],
  ['a person who isn’t there', () => world.ana.get(`members/${newId()}`), 404, 3],
  ['a person who isn’t there, as a swap', () => world.ana.swap.get(`members/${newId()}`), 404, 2],
  ['an id that is none', () => world.ana.get('members/abc'), 404, 1],
  ['oneself', () => world.mia.get('members/me'), 200, 2],
  ['one’s own account', () => world.ana.get('/profile'), 200, 2],
  ['the time zones', () => world.ana.get('/profile/time-zone'), 200, 1],
  ['usage', () => world.ana.get('settings/usage'), 200, 2],
  ['the history of invitations', () => world.ana.get('invitations'), 200, 3],
  ['the history, as a swap', () => world.ana.swap.get('invitations'), 200, 3],
  ['the history, to a Group manager', () => world.gus.get('invitations'), 200, 3],
  [
    'the history, with every filter',
    () =>
      world.ana.get(
        `invitations?q=i&status=expired&role=member&role=${newId()}&timeframe=7d&approval=not_needed&attention=yes&sort=-status`,
      ),
    200,
    3,
  ],
  ['the history with the counts in it, for who has no script', () => world.ana.get('invitations?counts=yes'), 200, 3],
  ['the counts of its filters', () => world.ana.swap.get('invitations/counts?status=active'), 200, 2],
  ['an invitation beside it', () => world.ana.get(`invitations/${shortId(invited.id)}`), 200, 3],
  ['an invitation, as a swap', () => world.ana.swap.get(`invitations/${shortId(invited.id)}`), 200, 2],
  ['the actions of an invitation', () => world.ana.swap.get(`invitations/${shortId(invited.id)}/actions`), 200, 2],
  ['the invitation of somebody', () => world.ana.swap.get(`members/${shortId(invited.member)}/invitation`), 200, 2],
  ['an invitation that isn’t there', () => world.ana.get(`invitations/${newId()}`), 404, 3],
  ['inviting somebody', () => world.ana.get('invitations/new'), 200, 2],
  ['inviting several', () => world.ana.get('invitations/new/several'), 200, 2],
  ['security settings', () => world.ana.get('settings/security'), 200, 2],
  ['the groups', () => world.ana.get('groups'), 200, 2],
  ['a group', () => world.ana.get(`groups/${shortId(world.intake)}`), 200, 2],
  ['a group, before it is deleted', () => world.ana.get(`groups/${shortId(world.intake)}/delete`), 200, 2],
  ['the regions', () => world.ana.get('regions'), 200, 2],
  ['a region', () => world.ana.get(`regions/${region.id}`), 200, 2],
  ['an area, before it is deleted', () => world.ana.get(`regions/areas/${region.areas[0]}/delete`), 200, 2],
  ['the roles', () => world.ana.get('roles'), 200, 2],
  ['a new role', () => world.ana.get('roles/new'), 200, 1],
  ['a role', () => world.ana.get(`roles/${shortId(role)}`), 200, 2],
  ['a role, before it is deleted', () => world.ana.get(`roles/${shortId(role)}/delete`), 200, 3],
  ['one’s profile', () => world.mia.get('profile'), 200, 2],
  ['one’s profile, of which the group keeps some', () => world.ian.get('profile'), 200, 3],
  ['one’s picture', () => world.mia.get('profile/avatar'), 200, 1],
  ['a picture', () => world.mia.get(`avatars/${'x'.repeat(22)}/64`), 404, 2],
  ['oneself beside the list', () => world.ana.get('members/me'), 200, 3],
  ['oneself by id', () => world.mia.get(`members/${world.mia.person.id}`), 200, 2],
  ['oneself, as a swap', () => world.ana.swap.get('members/me'), 200, 2],
]

/** As if nobody had come for ten minutes: the next visit is to be noted on session and membership. */
async function quietTime() {
  world.clock.pass(minutes(2))
  const last = new Date(world.clock.now.getTime() - minutes(10))
  const everybody = world.db.selectFrom('membership').select('account_id').where('organization_id', '=', world.here.id)
  await world.db
    .updateTable('session')
    .set({ created_at: last, last_used_at: last })
    .where('account_id', 'in', everybody as never)
    .execute()
  await world.db
    .updateTable('membership')
    .set({ last_active_at: last })
    .where('organization_id', '=', world.here.id)
    .execute()
}
const stored = async () => ({
  used: (
    await world.db
      .selectFrom('session as s')
      .innerJoin('membership as m', 'm.account_id', 's.account_id')
      .select('s.id_hash')
      .where('m.organization_id', '=', world.here.id)
      .where('s.last_used_at', '=', world.clock.now)
      .execute()
  ).length,
  active: (
    await world.db
      .selectFrom('membership')
      .select('id')
      .where('organization_id', '=', world.here.id)
      .where('last_active_at', '=', world.clock.now)
      .execute()
  ).length,
})

describe('a screen is at most three exchanges with the database', () => {
  const within = async ([, ask, status, trips]: Screen) => {
    const found = await counted(ask)
    expect(found.status).toBe(status)
    expect(found.sent, found.sent.join('\n\n')).toHaveLength(trips)
    expect(found.trips).toBeLessThanOrEqual(most)
  }

  test.each(screens)('%s, when the visit is to be noted', async (...screen) => {
    await quietTime()
    await within(screen)
    const [name, , , trips] = screen
    const noted = trips === 0 ? 0 : 1
    expect(await stored()).toEqual({ used: noted, active: /unknown|another/.test(name) ? 0 : noted })
  })

  test.each(screens)('%s, when nothing is', async (...screen) => {
    await screen[1]()
    await within(screen)
  })

  test.each(screens)('%s, as the first visit of a day on which a status changes', async (...screen) => {
    await quietTime()
    const here = world.db.updateTable('organization').where('id', '=', world.here.id)
    const ended = await world.add({ first: 'Ended', endsOn: '2026-11-21' })
    const hers = world.db.updateTable('membership').where('id', '=', ended.id)
    await here.set({ statuses_as_of: '2026-11-21' }).execute()
    await hers.set({ status: 'active' }).execute()
    await within(screen)
    const [{ status } = {}] = await world.db
      .selectFrom('membership')
      .select('status')
      .where('id', '=', ended.id)
      .execute()
    const [name, , , trips] = screen
    expect(status).toBe(trips === 0 || /unknown|another/.test(name) ? 'active' : 'ended')
    await hers.set({ status: 'ended' }).execute()
  })

  test('every page of the list, in both directions', async () => {
    const first = await world.ana.get('members?sort=group')
    const forth = next(first.html)
    expect(forth).not.toBe('')
    const second = await counted(() => world.ana.get(forth))
    expect([second.status, second.trips]).toEqual([200, 3])
    const back = await world.ana.get(forth)
    const before = /rel="prev" href="([^"]+)"/.exec(back.html)?.[1]?.replaceAll('&amp;', '&') ?? ''
    expect((await counted(() => world.ana.get(before))).trips).toBe(3)
  })
})

describe('an act on a person is at most four exchanges: two for the form, three to do it, four with the fresh panel', () => {
  const group = () => shortId(world.intake)
  const acts: [name: string, person: PersonDetails, fields: () => Record<string, string | string[]>, alone?: number][] =
    [
      [
        'edit',
        {},
        () => ({ first_name: 'A', last_name: 'B', title: '', cell_phone: '1', office_phone: '', extension: '' }),
      ],
      ['access', {}, () => ({ role: 'viewer', group: group(), permission: ['claims.all', 'claims.edit'] })],
      ['dates', {}, () => ({ ends_on: '2030-01-01', starts_on: '' })],
      ['picture', {}, () => ({})],
      ['suspend', {}, () => ({})],
      ['reactivate', { suspended: true }, () => ({})],
      ['remove', {}, () => ({ reason: '' })],
      ['take-back', {}, () => ({})],
      ['unblock', { blocked: true }, () => ({})],
      ['sign-out', {}, () => ({})],
      [
        'password',
        {},
        () => ({ how: 'typed', password: 'a long walk by the canal', password_again: 'a long walk by the canal' }),
      ],
      // What is shown once is no panel; a link is counted.
      ['password', {}, () => ({ how: 'generated' }), 3],
      ['exempt', {}, () => ({ until: dayOf(world.clock.now), reason: 'A new phone is on its way' })],
      ['end-exemption', {}, () => ({})],
      ['account', {}, () => ({ username: '', email: `new.${newId()}@example.org` }), 4],
      ['reset-link', {}, () => ({}), 4],
      ['reset-link', {}, () => ({ block_now: 'on' }), 4],
    ]

  test.each(acts)('%s', async (name, details, fields, alone) => {
    // Whoever has just shown that it is they; asking for it is another exchange.
    await world.db
      .updateTable('session')
      .set({ confirmed_at: world.clock.now })
      .where('account_id', '=', world.ana.person.accountId ?? '')
      .execute()
    for (const swap of [false, true]) {
      const person = await world.add({ first: 'Pat', ...details })
      if (name === 'take-back') await act(world.ana, person, 'remove')
      if (name === 'picture')
        await world.db
          .updateTable('membership')
          .set({ avatar: 'A'.repeat(22) })
          .where('id', '=', person.id)
          .execute()
      if (name === 'end-exemption') await exempt(person)
      const from = swap ? world.ana.swap : world.ana
      const form = await counted(() => from.get(actOn(person, name)))
      expect([form.status, form.trips]).toEqual([200, 2])
      const { html } = await from.get(actOn(person, name))
      const sent = await counted(() => from.post(actOn(person, name), { ...hiddenIn(html), ...fields() }))
      expect([sent.status, sent.trips], sent.sent.join('\n\n')).toEqual(
        // What an edit writes comes back as the fresh panel.
        alone ? [200, alone] : swap ? [200, name === 'edit' ? 3 : 4] : [303, 3],
      )
    }
  })

  test('an edit that moves somebody asks for the regions too, and its panel has the new one', async () => {
    const north = await makeRegion(world.db, world.here.id, 'North', ['Bergen'])
    const person = await world.add({ first: 'Pat' })
    const { html } = await world.ana.swap.get(actOn(person, 'edit'))
    const fields = { first_name: 'Patty', last_name: '', title: '', cell_phone: '', office_phone: '', extension: '' }
    const place = { region: north.id, area: north.areas[0] ?? '' }
    const sent = await counted(() =>
      world.ana.swap.post(actOn(person, 'edit'), { ...hiddenIn(html), ...fields, ...place }),
    )
    expect([sent.status, sent.trips]).toEqual([200, 4])
    expect(sent.html).toContain('North, Bergen')
    expect(sent.html).toContain('Patty')
  })

  test('every act that a panel offers is among them', async () => {
    const offered = new Set<string>()
    for (const details of [{}, { suspended: true }, { blocked: true }, { removed: true }]) {
      const person = await world.add(details)
      const id = shortId(person.id)
      await exempt(person)
      await world.db
        .updateTable('membership')
        .set({ avatar: 'A'.repeat(22) })
        .where('id', '=', person.id)
        .execute()
      const { html } = await world.ana.swap.get(`members/${id}`)
      for (const [, name = ''] of html.matchAll(new RegExp(`/members/${id}/([a-z-]+)`, 'g'))) offered.add(name)
    }
    expect([...offered].sort()).toEqual([...new Set(acts.map(([name]) => name))].sort())
  })
})

describe('an act on what people hold is at most four exchanges too', () => {
  test('making, changing and deleting a role', async () => {
    const made = await counted(() => world.ana.post('roles/new', { key: newId(), name: 'Head', description: '' }))
    expect([made.status, made.trips]).toEqual([303, 3])
    const fields = { version: '1', name: 'Lead', description: 'Leads', permissions: ['claims.view', 'claims.edit'] }
    const changed = await counted(() => world.ana.post(`roles/${role}`, fields))
    expect([changed.status, changed.trips]).toEqual([303, 3])
    const again = await counted(() => world.ana.post(`roles/${role}`, fields))
    expect([again.status, again.trips]).toEqual([409, 2])
    const other = await makeCustomRole(world.db, world.here.id, 'Other')
    const swap = await counted(() => world.ana.swap.post(`roles/${role}`, { ...fields, version: '2', name: 'Chief' }))
    expect([swap.status, swap.trips]).toEqual([200, 4])
    const gone = await counted(() => world.ana.post(`roles/${other}/delete`, { version: '1' }))
    expect([gone.status, gone.trips]).toEqual([303, 3])
  })
  test('and where they work: adding, renaming and deleting an area', async () => {
    const made = await counted(() =>
      world.ana.swap.post(`regions/${region.id}/new-area`, { key: newId(), name: 'Bergen' }),
    )
    expect([made.status, made.trips]).toEqual([200, 4])
    const path = `regions/areas/${region.areas[0]}`
    const renamed = await counted(() => world.ana.swap.post(path, { version: '1', name: 'Ost' }))
    expect([renamed.status, renamed.trips]).toEqual([200, 4])
    const gone = await counted(() => world.ana.post(`${path}/delete`, { version: '2' }))
    expect([gone.status, gone.trips]).toEqual([303, 3])
  })
})

test('one’s own profile is three exchanges, and a picture two', async () => {
  const pat = await world.enter({ first: 'Pat', group: world.intake })
  const { html } = await pat.get('profile')
  const saved = await counted(() => pat.post('profile', { ...hiddenIn(html), cell_phone: '1' }))
  expect([saved.status, saved.trips]).toEqual([303, 3])
  const sent = await plain(80, 80).png().toBuffer()
  const taken = await counted(() => upload(pat, sent))
  expect([taken.status, taken.trips]).toEqual([303, 2])
  // One that is refused for what it is too; one too many, where a process knows that already, none but who is asking.
  for (let n = 2; n <= 30; n++) {
    const broken = await counted(() => upload(pat, pngSaying(40, 40, Buffer.alloc(10))))
    expect([n, broken.status, broken.trips]).toEqual([n, 422, 2])
  }
  for (const trips of [2, 1]) {
    const many = await counted(() => upload(pat, sent))
    expect([many.status, many.trips]).toEqual([429, trips])
  }
  const page = await pat.get('members/me')
  const picture = await counted(() => pat.get(srcIn(page.html)))
  expect([picture.status, picture.trips]).toEqual([200, 2])
  const gone = await counted(() => pat.post('profile/avatar/remove', { remove: 'on' }))
  expect([gone.status, gone.trips]).toEqual([303, 2])
})

describe('adding somebody', () => {
  test('is at most three exchanges a step and four where addresses are counted, and three to confirm it', async () => {
    const { ana, here } = world
    const trips: [string, number, number][] = []
    const count = async (what: string, work: () => Promise<Answer>) => {
      const found = await counted(work)
      trips.push([what, found.status, found.trips])
      return found
    }
    await count('new', () => ana.get('members/new'))
    const key = newId()
    const { location } = await ana.post('members/new', { key, email: 'budget@example.org' })
    const at = location?.replace(/\/name$/, '') ?? ''
    const contact = { title: '', cell_phone: '', office_phone: '', extension: '' }
    const steps: [string, Record<string, string>][] = [
      ['email', { email: 'budget2@example.org' }],
      ['name', { first_name: 'Bud', last_name: 'Get', ...contact }],
      ['how', { how: 'now' }],
      ['access', { role: 'member', group: shortId(here.defaultGroup), permission: 'claims.view' }],
      ['confirm', { key, version: '5', how: 'generated' }],
    ]
    await count('start', () => ana.post('members/new', { key: newId(), email: 'budget1@example.org' }))
    for (const [step, fields] of steps) {
      await count(step, () => ana.get(`${at}/${step}`))
      await count(step, () => ana.post(`${at}/${step}`, fields))
    }
    await count('done', () => ana.get(`${at}/done`))
    expect(trips).toEqual([
      ['new', 200, 1],
      ['start', 303, 4],
      ...steps.flatMap(([step]) => [
        [step, 200, 2],
        [step, 303, step === 'email' ? 4 : 3],
      ]),
      ['done', 200, 3],
    ])
  })
})

describe('no statement of a screen reads without end', () => {
  test('each has a limit, or asks for one row by its key', async () => {
    for (const [name, ask, status] of screens) {
      if (status !== 200) continue
      const { sent } = await counted(ask)
      for (const text of sent) {
        if (text.includes('"session"')) expect(text, name).toContain('"s"."id_hash" = ')
        else if (/from "membership"/.test(text)) expect(text, name).toMatch(/limit (\$|[1-9])\d*|"m"\."id" = \$\d+/)
      }
      // Positions are keys, never a count of rows to skip.
      for (const text of sent) expect(text, name).not.toMatch(/offset (\$|[1-9])/)
    }
  })
})

test('what is compiled once is planned once: PostgreSQL keeps no plan for a limit that it doesn’t know', async () => {
  const sorts = ['first_name', 'last_name', 'email', 'status', 'role', 'group', 'two_factor', 'last_active', 'invite']
  for (const path of sorts.flatMap((sort) => [`members?sort=${sort}`, `members?sort=-${sort}`])) {
    const first = await counted(() => world.ana.get(path))
    const second = await counted(async () => world.ana.get(next((await world.ana.get(path)).html)))
    expect([first.status, second.status]).toEqual([200, 200])
    for (const text of [...first.sent, ...second.sent]) expect(text).not.toMatch(/\b(limit|offset) \$\d/)
  }
})

test('one’s own username and email at once are four exchanges, and a link in a letter does its work in two', async () => {
  const hers = await world.enter({ first: 'Polly' })
  await hers.get('/profile')
  const email = `new.${newId()}@example.org`
  const asked = await counted(() => hers.post('/profile', { username: `polly-${unique()}`, email }))
  expect([asked.status, asked.trips]).toEqual([303, 4])
  const id = hers.person.accountId ?? ''
  for (const [kind, path, generation] of [
    ['email', '/confirm-email', 1],
    ['former_email', '/restore-email', 2],
  ] as const) {
    const token = signLink({ kind, id, generation, channel: 'mail' }, world.services.key)
    const done = await counted(() => world.stranger.post(path, { token }))
    expect([path, done.status, done.trips]).toEqual([path, 303, 2])
  }
})
