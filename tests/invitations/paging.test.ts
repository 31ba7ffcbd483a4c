import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { bounds } from '../../src/invitations/in-order.ts'
import type { Sort } from '../../src/invitations/list-state.ts'
import { sortKey } from '../../src/platform/fold.ts'
import { newId, readId } from '../../src/platform/ids.ts'
import type { Browser } from '../support/browser.ts'
import { days, hours, makeCustomRole, organization } from '../support/world.ts'
import { type Past, past } from './past.ts'

type Known = Required<
  Pick<Past, 'first' | 'last' | 'email' | 'role' | 'status' | 'approval' | 'customRoles' | 'at'>
> & {
  id: string
  expires: Date | null
  sender: string
}

let ana: Browser
let gus: Browser
const known: Known[] = []
const intake = new Set<string>()
/** Whose letter came back, whatever has become of them since. */
const cameBack = new Set<string>()
let lead = ''
let now = new Date(0)

const firsts = ['Ana', 'Björn', 'Chloé', 'Đức', 'Ελένη', 'Федор', 'أحمد', '美玲', 'Lakshmi', 'Zoë', '']
const lasts = ['Ångström', 'van den Heuvel', 'Li', 'Li An', '', 'Wiśniewska', 'Zhang']
/** Some with what patterns are made of. */
const starts = ['p_', 'p%', 'p\\']
const statuses = ['active', 'pending_activation', 'pending_approval', 'expired', 'rejected', 'revoked', 'active']

beforeAll(async () => {
  const world = await organization()
  const { db, here, clock } = world
  ana = world.ana
  gus = world.gus
  now = clock.now
  lead = await makeCustomRole(db, here.id, 'Lead adjuster')
  const senders = [world.ana.person, world.gus.person, null]
  for (let n = 0; n < 120; n++) {
    const status = statuses[n % 7] ?? ''
    const sender = senders[n % 3]
    const one = {
      first: firsts[n % firsts.length] ?? '',
      last: lasts[(n * 3) % lasts.length] ?? '',
      email: `${starts[n % 9] ?? 'pp'}${(n * 37) % 120}.${Date.now()}@${n % 5 ? 'harbor' : 'vale'}.example`,
      role: (['member', 'member', 'viewer', 'developer', 'admin'] as const)[n % 5] ?? 'member',
      status,
      approval:
        status === 'pending_approval'
          ? 'waiting'
          : status === 'rejected' && n % 2
            ? 'denied'
            : n % 4
              ? 'not_needed'
              : 'approved',
      customRoles: n % 6 === 0 ? [lead] : [],
      // Several at the very same moment, as a list of addresses makes them.
      at: new Date(now.getTime() - hours(Math.floor(n / 3) * 9)),
      expires:
        status === 'pending_approval' ? null : new Date(now.getTime() + (n % 2 ? hours(n % 70) + 1 : -days(n % 20))),
    }
    const group = n % 8 === 0 ? world.intake : here.defaultGroup
    const { id } = await past(db, here, now, { ...one, group, ...(sender ? { sender } : {}) })
    if (group === world.intake) intake.add(id)
    if (n % 4 === 1) cameBack.add(id)
    known.push({ ...one, id, sender: sender ? `${sender.first} ${sender.last}` : '' })
  }
  const letters = known.filter(({ id }) => cameBack.has(id))
  await db
    .insertInto('mail')
    .values(
      letters.map(({ id, email, at }) => ({
        id: newId(),
        organization_id: here.id,
        template: 'invitation',
        to_address: email,
        state: 'bounced',
        created_at: at,
        invitation_id: id,
        generation: 1,
      })),
    )
    .execute()
  await ana.get('invitations')
}, 60_000)

const bytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
const shown = (one: Known) =>
  one.status === 'pending_activation' && one.expires && one.expires <= now ? 'expired' : one.status
const newest = (one: Known) => String(1e15 - one.at.getTime())
const keys: Record<Sort, (one: Known) => string[]> = {
  name: (one) => [sortKey(one.first, one.last)],
  email: (one) => [one.email],
  status: (one) => [shown(one), newest(one)],
  role: (one) => [one.role, newest(one)],
  invited: (one) => [one.at.toISOString()],
  expires: (one) => [one.expires?.toISOString() ?? 'never'],
  approval: (one) => [one.approval, newest(one)],
  sender: (one) => [sortKey(...one.sender.split(' '))],
}
const fewValues = ['status', 'role', 'approval']

function inOrder(found: Known[], sort: Sort, descending: boolean) {
  return [...found]
    .sort((a, b) => {
      const [x, y] = [keys[sort](a), keys[sort](b)]
      for (let at = 0; at < x.length; at++) {
        const order = bytes(x[at] ?? '', y[at] ?? '')
        if (order !== 0) return descending ? -order : order
      }
      const order = fewValues.includes(sort) ? bytes(b.id, a.id) : bytes(a.id, b.id)
      return descending ? -order : order
    })
    .map((one) => one.id)
}

const idsIn = (html: string) =>
  [...html.matchAll(/<th scope="row" class="name"><a href="[^"]*\/invitations\/([\w-]+)/g)].map(
    ([, id]) => readId(id ?? '') ?? '',
  )
const linkIn = (html: string, rel: string) =>
  new RegExp(`rel="${rel}" href="([^"]+)"`).exec(html)?.[1]?.replaceAll('&amp;', '&') ?? null

/** Every id of the list, from the first page to the last by Next, and back again by Previous. */
async function walk(query: string, browser = ana) {
  let answer = await browser.get(`invitations${query}`)
  expect(answer.status).toBe(200)
  const forth = idsIn(answer.html)
  for (let next = linkIn(answer.html, 'next'); next; next = linkIn(answer.html, 'next')) {
    answer = await browser.get(next)
    forth.push(...idsIn(answer.html))
  }
  const back = idsIn(answer.html)
  for (let previous = linkIn(answer.html, 'prev'); previous; previous = linkIn(answer.html, 'prev')) {
    answer = await browser.get(previous)
    back.unshift(...idsIn(answer.html))
  }
  return { forth, back }
}

const attention = (one: Known) =>
  (one.status === 'pending_approval' && one.at.getTime() <= now.getTime() - days(2)) ||
  (shown(one) === 'pending_activation' &&
    (cameBack.has(one.id) || (one.expires?.getTime() ?? 0) <= now.getTime() + days(2)))

type Case = { title: string; query: () => string; keeps: (one: Known) => boolean }
const filters: Case[] = [
  { title: 'everything', query: () => '', keeps: () => true },
  {
    title: 'still open',
    query: () => 'status=pending_activation',
    keeps: (one) => shown(one) === 'pending_activation',
  },
  {
    title: 'expired, stored or by the clock, and revoked',
    query: () => 'status=expired&status=revoked',
    keeps: (one) => ['expired', 'revoked'].includes(shown(one)),
  },
  {
    title: 'a role and a status',
    query: () => 'role=viewer&status=active&status=pending_activation',
    keeps: (one) => one.role === 'viewer' && ['active', 'pending_activation'].includes(shown(one)),
  },
  {
    title: 'an organization role or a custom role',
    query: () => `role=developer&role=${lead}`,
    keeps: (one) => one.role === 'developer' || one.customRoles.includes(lead),
  },
  {
    title: 'a custom role of the last thirty days',
    query: () => `role=${lead}&timeframe=30d`,
    keeps: (one) => one.customRoles.includes(lead) && one.at.getTime() > now.getTime() - days(30),
  },
  {
    title: 'a custom role that was approved, and what became of it',
    query: () => `role=${lead}&approval=approved&status=active&status=expired&status=pending_activation`,
    keeps: (one) =>
      one.customRoles.includes(lead) &&
      one.approval === 'approved' &&
      ['active', 'expired', 'pending_activation'].includes(one.status),
  },
  {
    title: 'approved or waiting within a week',
    query: () => 'approval=approved&approval=waiting&timeframe=7d',
    keeps: (one) => ['approved', 'waiting'].includes(one.approval) && one.at.getTime() > now.getTime() - days(7),
  },
  { title: 'what needs attention', query: () => 'attention=yes', keeps: attention },
  {
    title: 'what needs attention of one role',
    query: () => 'attention=yes&role=member',
    keeps: (one) => attention(one) && one.role === 'member',
  },
  {
    title: 'a word of the name, and a status',
    query: () => 'q=zhang&status=active&status=expired',
    keeps: (one) => one.last === 'Zhang' && ['active', 'expired'].includes(shown(one)),
  },
  { title: 'what everybody has', query: () => 'q=example', keeps: () => true },
  { title: 'a word among what needs attention', query: () => 'q=example&attention=yes', keeps: attention },
  {
    title: 'a custom role among what needs attention',
    query: () => `role=${lead}&attention=yes`,
    keeps: (one) => attention(one) && one.customRoles.length > 0,
  },
  ...starts.map((start) => ({
    title: `what stands in an address: ${start}`,
    query: () => `q=${encodeURIComponent(start)}`,
    keeps: (one: Known) => one.email.startsWith(start),
  })),
  { title: 'the sender', query: () => 'q=gus', keeps: (one) => one.sender.startsWith('Gus') },
]

const usual = { ...bounds }
describe.each([
  ['with ordinary bounds', usual],
  [
    'when every walk ends early and what matches is gathered',
    Object.fromEntries(Object.keys(usual).map((name) => [name, 7])),
  ],
  [
    'when a word is found at once and then far apart',
    { ...usual, tried: 5, promising: 1, common: 1, commonInParts: 1, search: 60, few: 0 },
  ],
])('%s', (_, low) => {
  beforeEach(() => {
    Object.assign(bounds, low)
    return () => {
      Object.assign(bounds, usual)
    }
  })
  test.each(filters)('$title: in every order each page forward and backward, none twice, none missed', async (one) => {
    for (const sort of Object.keys(keys) as Sort[])
      for (const descending of [false, true]) {
        const expected = inOrder(known.filter(one.keeps), sort, descending)
        const { forth, back } = await walk(`?${one.query()}&sort=${descending ? '-' : ''}${sort}`)
        expect(forth, `${sort} ${descending}`).toEqual(expected)
        expect(back, `${sort} ${descending}`).toEqual(expected)
      }
  })
  test('a Group manager walks through those into their own group alone', async () => {
    for (const sort of ['invited', 'status', 'name'] as Sort[]) {
      const { forth } = await walk(`?sort=${sort}`, gus)
      const own = known.filter(({ id }) => intake.has(id))
      expect(forth, sort).toEqual(inOrder(own, sort, false))
    }
  })
})

test('days are those of the person’s time zone, both inside', async () => {
  const day = (at: Date) => at.toISOString().slice(0, 10)
  const [from, to] = ['2026-11-15', '2026-11-18']
  const { forth } = await walk(`?from=${from}&to=${to}&sort=invited`)
  expect(forth).toEqual(
    inOrder(
      known.filter((one) => day(one.at) >= from && day(one.at) <= to),
      'invited',
      false,
    ),
  )
  expect(forth.length).toBeGreaterThan(5)
})

test('where most are of one state and many of the same moment, those of the others stand among them', async () => {
  const { db, here, clock, ...crowded } = await organization()
  const member = crowded.ana.person.id
  const many: Known[] = []
  for (let n = 0; n < 240; n++) {
    // The first page of the most usual state ends in the middle of a moment that others have, too.
    const others = [{}, { status: 'revoked' }, { role: 'viewer' as const }, { approval: 'approved' as const }]
    const state = n < 49 ? {} : (others[n % 13] ?? {})
    const one = {
      ...{ first: 'Tied', last: '', email: `tied${n}@example.org`, role: 'member' as const, status: 'active' },
      ...{ approval: 'not_needed', customRoles: [], sender: '', expires: null, ...state },
      at: new Date(clock.now.getTime() - hours(Math.floor(n / 7))),
    }
    const { id } = await past(db, here, clock.now, { ...one, member, sender: undefined })
    many.push({ ...one, id })
  }
  for (const sort of ['invited', ...fewValues] as Sort[])
    for (const descending of [false, true])
      for (const filter of ['status=active&status=revoked', 'role=member&role=viewer']) {
        const query = `?q=tied&${filter}&sort=${descending ? '-' : ''}${sort}`
        const { forth, back } = await walk(query, crowded.ana)
        expect(forth, query).toEqual(inOrder(many, sort, descending))
        expect(back, query).toEqual(forth)
      }
})
