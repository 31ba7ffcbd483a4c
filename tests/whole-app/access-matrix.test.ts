import { beforeAll, describe, expect, test } from 'vitest'
import { routesOf } from '../../src/app.tsx'
import { isId, newId, shortId } from '../../src/platform/ids.ts'
import { asset } from '../../src/platform/web/static.ts'
import { type Answer, Browser } from '../support/browser.ts'
import { canariesOf, dump, everybody, leaked, type Principal, principals } from './everybody.ts'

/*
 * Every route x everybody x every kind of id (security.md, "Keeping organizations apart"; ). A row of the
 * table says what each may: a word of `answers`, for everybody not named the one of `others`.
 */

/** What somebody gets: for an own id, for one of somebody in the organization, and for any that isn't in it. */
const answers = {
  /** The page itself. Of an id that isn't there: 404. */
  opens: [200, 200, 404],
  /** Only what is theirs: all else is refused, whether or not it exists. */
  'own only': [200, 403, 403],
  /** Only of their group: others are as if they weren't there. */
  group: [200, 404, 404],
  /** Leads on to another page. */
  leads: [303, 303, 303],
  /** The same, of somebody who is there; and of the own group. */
  'leads, if they are there': [303, 303, 404],
  'leads in the group': [303, 404, 404],
  /** To the page for signing in, or that of their stage. */
  'sign in': [303, 303, 303],
  refused: [403, 403, 403],
  /** As if there were nothing. */
  nothing: [404, 404, 404],
  /** A link that works no longer, whatever it was. */
  closed: [410, 410, 410],
  /** A form with nothing in it comes back. */
  again: [422, 422, 422],
  /** The same, of something that is there. */
  'again, if it is there': [422, 422, 404],
  /** An act on others: nobody does it to themselves. Its form, and the form sent with nothing in it. */
  'others only': [403, 200, 404],
  'others again': [403, 422, 404],
  /** A form about oneself or another, sent with nothing in it. */
  'filled again': [422, 422, 404],
  /** An act that there is nothing to do by: the person it is tried on is suspended. */
  pointless: [403, 403, 404],
  /** An act for which a right in the own group isn't enough, on people of other groups. */
  'not even the group': [403, 404, 404],
} as const satisfies Record<string, readonly [own: number, other: number, missing: number]>
type Word = keyof typeof answers

type Row = {
  others: Word
  /** To the other organization's Admin, about somebody there. */
  there?: number
  /** A part of a page, which a page leads to and a swap opens. */
  part?: true
} & Partial<Record<Principal, Word>>

/** Who has no session that opens anything. */
const outside = {
  stranger: 'sign in',
  blocked: 'sign in',
  'before the second factor': 'sign in',
  'must change password': 'sign in',
  'must enroll': 'sign in',
} as const
/** Who is signed in, and has no open place in the organization. */
const closed = { suspended: 'refused', ended: 'refused', 'not started': 'refused' } as const
/** Support staff have a place in no organization. */
const gone = { removed: 'nothing', 'admin elsewhere': 'nothing', support: 'nothing' } as const
const notIn = { ...outside, ...closed, ...gone }

const download: Row = { ...notIn, others: 'refused', admin: 'opens' }

/** An act on a person: the Admin's, here. */
const act = (admin: Word, groupManager: Word = 'not even the group'): Row => ({
  ...notIn,
  others: 'refused',
  admin,
  'group manager': groupManager,
})

/** What only an Admin, of those here, may manage: its pages, and a form with nothing in it. */
const managed = (admin: Word): Row => ({ ...notIn, others: 'refused', admin })

const table: Record<string, Row> = {
  'GET /healthz': { others: 'opens' },
  'GET /readyz': { others: 'opens' },
  // Only from the machine itself.
  'GET /metrics': { others: 'nothing' },
  'GET /static/:name': { others: 'opens' },
  'GET /sign-in': {
    others: 'leads',
    stranger: 'opens',
    blocked: 'opens',
    'before the second factor': 'opens',
  },
  'POST /sign-in': { others: 'again' },
  'GET /sign-in/password-changed': {
    others: 'leads',
    stranger: 'opens',
    blocked: 'opens',
    'before the second factor': 'opens',
  },
  'GET /sign-in/new-password': { others: 'leads', 'must change password': 'opens' },
  'POST /sign-in/new-password': { others: 'leads', 'must change password': 'again' },
  'GET /sign-in/two-factor': { others: 'leads', 'before the second factor': 'opens' },
  'POST /sign-in/two-factor': { others: 'leads', 'before the second factor': 'again' },
  'GET /sign-in/backup-code': { others: 'leads', 'before the second factor': 'opens' },
  'POST /sign-in/backup-code': { others: 'leads', 'before the second factor': 'again' },
  'GET /sign-in/lost-device': { others: 'opens' },
  'GET /sign-in/enroll': { others: 'leads', 'must enroll': 'opens' },
  'POST /sign-in/enroll': { others: 'leads', 'must enroll': 'again' },
  'GET /sign-in/enroll/backup-codes': { others: 'leads' },
  'GET /sign-in/enroll/backup-codes.txt': { others: 'leads' },
  'POST /sign-in/enroll/backup-codes': { others: 'leads', 'must enroll': 'again' },
  'GET /cannot-sign-in': { others: 'opens' },
  // Everybody here has just signed in.
  'GET /confirm': { others: 'leads' },
  'POST /confirm': { ...outside, others: 'again' },
  'GET /profile': { ...outside, others: 'opens' },
  'POST /profile': { ...outside, others: 'again' },
  'POST /profile/cancel': { ...outside, others: 'again' },
  'GET /profile/time-zone': { ...outside, others: 'opens' },
  'POST /profile/time-zone': { ...outside, others: 'again' },
  'GET /profile/security': { ...outside, others: 'opens' },
  // Nobody has begun anything, or has it on.
  'GET /profile/security/two-factor': { others: 'leads' },
  'POST /profile/security/two-factor': { ...outside, others: 'again' },
  'GET /profile/security/two-factor/off': { others: 'leads' },
  'POST /profile/security/two-factor/off': { ...outside, others: 'again' },
  'GET /profile/security/backup-codes': { others: 'leads' },
  'GET /profile/security/backup-codes.txt': { others: 'leads' },
  'POST /profile/security/backup-codes': { ...outside, others: 'again' },
  'POST /sign-out': { others: 'leads' },
  'GET /profile/security/password': { ...outside, others: 'opens' },
  'POST /profile/security/password': { ...outside, others: 'again' },
  'GET /profile/security/password/changed': { ...outside, others: 'opens' },
  'GET /profile/sessions': { ...outside, others: 'opens' },
  'POST /profile/sessions': { ...outside, others: 'again' },
  'GET /forgotten-password': { others: 'opens' },
  'POST /forgotten-password': { others: 'again' },
  'GET /forgotten-password/sent': { others: 'opens' },
  'GET /reset-password/:token': { others: 'nothing' },
  'POST /reset-password/:token': { others: 'nothing' },
  'GET /confirm-email': { others: 'nothing' },
  'GET /confirm-email/:token': { others: 'nothing' },
  'GET /confirm-email/done': { others: 'opens' },
  'POST /confirm-email': { others: 'nothing' },
  'GET /restore-email': { others: 'nothing' },
  'GET /restore-email/:token': { others: 'nothing' },
  'GET /restore-email/done': { others: 'opens' },
  'POST /restore-email': { others: 'nothing' },
  'GET /setup': { others: 'nothing' },
  'POST /setup': { others: 'nothing' },
  'GET /join': { others: 'closed' },
  'POST /join': { others: 'closed' },
  'GET /join/:token': { others: 'leads' },
  'GET /join/asked': { others: 'opens' },
  'POST /join/ask': { others: 'leads' },
  'GET /join/decline': { others: 'closed' },
  'POST /join/decline': { others: 'closed' },
  'GET /join/declined': { others: 'opens' },
  'POST /join/switch': { others: 'leads' },
  'GET /join/waiting': { others: 'opens' },
  'GET /support': { ...outside, others: 'nothing', support: 'leads' },
  'GET /support/invitations': { ...outside, others: 'nothing', support: 'opens' },
  'GET /support/invitations/counts': { ...outside, others: 'nothing', support: 'leads', part: true },
  // No invitation, and no account, has the id of a member.
  'GET /support/invitations/:id': { ...outside, others: 'nothing' },
  'GET /support/invitations/:id/resend': { ...outside, others: 'nothing' },
  'POST /support/invitations/:id/resend': { ...outside, others: 'nothing' },
  'GET /support/people': { ...outside, others: 'nothing', support: 'opens' },
  'GET /support/people/:id/reset-link': { ...outside, others: 'nothing' },
  'POST /support/people/:id/reset-link': { ...outside, others: 'nothing' },
  'GET /support/people/:id/unblock': { ...outside, others: 'nothing' },
  'POST /support/people/:id/unblock': { ...outside, others: 'nothing' },
  'GET /': { ...outside, others: 'leads', removed: 'opens' },
  'GET /o/:slug': { ...notIn, others: 'leads' },
  'GET /o/:slug/audit': download,
  'GET /o/:slug/settings/usage': { ...download, viewer: 'opens' },
  'GET /o/:slug/settings/usage.csv': { ...download, viewer: 'opens' },
  'GET /o/:slug/settings/usage.xlsx': { ...download, viewer: 'opens' },
  'GET /o/:slug/audit.csv': download,
  'GET /o/:slug/audit.xlsx': download,
  'GET /o/:slug/members.csv': download,
  'GET /o/:slug/members.xlsx': download,
  'GET /o/:slug/members': { ...notIn, others: 'opens', member: 'refused', developer: 'refused' },
  'GET /o/:slug/members/who': { ...notIn, others: 'opens', member: 'refused', developer: 'refused' },
  'GET /o/:slug/members/me': { ...notIn, others: 'opens' },
  'GET /o/:slug/members/new': { ...managed('opens'), 'group manager': 'opens' },
  'POST /o/:slug/members/new': { ...managed('again'), 'group manager': 'again' },
  // Somebody else's draft.
  'GET /o/:slug/members/new/:draft/:step': { ...managed('nothing'), 'group manager': 'nothing' },
  'POST /o/:slug/members/new/:draft/:step': { ...managed('nothing'), 'group manager': 'nothing' },
  'GET /o/:slug/invitations': { ...notIn, others: 'opens', member: 'refused', developer: 'refused' },
  // Alone they are a part of the list, which it leads to.
  'GET /o/:slug/invitations/counts': { ...notIn, others: 'leads', member: 'refused', developer: 'refused', part: true },
  'GET /o/:slug/invitations.csv': download,
  'GET /o/:slug/invitations.xlsx': download,
  // Into another group than the Group manager's.
  'GET /o/:slug/invitations/:id': { ...managed('opens'), viewer: 'opens', 'group manager': 'nothing' },
  'GET /o/:slug/invitations/:id/actions': { ...managed('opens'), viewer: 'opens', 'group manager': 'nothing' },
  // Nobody here was invited: it leads to the person of that id, if there is one.
  'GET /o/:slug/members/:id/invitation': {
    ...managed('leads, if they are there'),
    viewer: 'leads, if they are there',
    'group manager': 'leads in the group',
  },
  'GET /o/:slug/invitations/new': { ...managed('opens'), 'group manager': 'opens' },
  'POST /o/:slug/invitations/new': { ...managed('again'), 'group manager': 'again' },
  // Into another group than the Group manager's.
  'GET /o/:slug/invitations/new/sent/:id': { ...managed('opens'), 'group manager': 'nothing' },
  // Somebody else's list.
  'GET /o/:slug/invitations/new/several': { ...managed('opens'), 'group manager': 'opens' },
  'POST /o/:slug/invitations/new/several': { ...managed('again'), 'group manager': 'again' },
  'GET /o/:slug/invitations/new/several/:draft': { ...managed('nothing'), 'group manager': 'nothing' },
  'POST /o/:slug/invitations/new/several/:draft': { ...managed('nothing'), 'group manager': 'nothing' },
  'GET /o/:slug/invitations/new/several/:draft/list': { ...managed('nothing'), 'group manager': 'nothing' },
  'POST /o/:slug/invitations/new/several/:draft/list': { ...managed('nothing'), 'group manager': 'nothing' },
  // It doesn't wait.
  'GET /o/:slug/invitations/:id/approve': managed('pointless'),
  'POST /o/:slug/invitations/:id/approve': managed('pointless'),
  'GET /o/:slug/invitations/:id/deny': managed('pointless'),
  'POST /o/:slug/invitations/:id/deny': managed('pointless'),
  'GET /o/:slug/settings/security': managed('opens'),
  'POST /o/:slug/settings/security': managed('again'),
  'GET /o/:slug/settings/security/two-factor': managed('opens'),
  'POST /o/:slug/settings/security/two-factor': managed('again'),
  'GET /o/:slug/members/:id': {
    ...notIn,
    others: 'opens',
    'group manager': 'group',
    member: 'own only',
    developer: 'own only',
  },
  'GET /o/:slug/members/:id/actions': {
    ...notIn,
    others: 'opens',
    'group manager': 'group',
    member: 'own only',
    developer: 'own only',
  },
  'GET /o/:slug/members/:id/access': { ...act('others only', 'refused'), there: 200 },
  'POST /o/:slug/members/:id/access': { ...act('others again', 'refused'), there: 422 },
  'GET /o/:slug/members/:id/dates': { ...act('others only'), there: 200 },
  'POST /o/:slug/members/:id/dates': { ...act('others again'), there: 422 },
  // Others of their group; themselves in their profile.
  'GET /o/:slug/members/:id/edit': act('opens'),
  'POST /o/:slug/members/:id/edit': act('filled again'),
  // Nothing is required here, and the person that it is tried on isn't exempt.
  'GET /o/:slug/members/:id/exempt': act('pointless', 'refused'),
  'POST /o/:slug/members/:id/exempt': act('pointless', 'refused'),
  'GET /o/:slug/members/:id/end-exemption': { ...act('pointless', 'refused'), there: 200 },
  'POST /o/:slug/members/:id/end-exemption': { ...act('pointless', 'refused'), there: 422 },
  // The person that it is tried on here has none.
  'GET /o/:slug/members/:id/picture': { ...act('pointless'), there: 200 },
  'POST /o/:slug/members/:id/picture': { ...act('pointless'), there: 422 },
  'GET /o/:slug/members/:id/suspend': { ...act('pointless'), there: 200 },
  'POST /o/:slug/members/:id/suspend': { ...act('pointless'), there: 422 },
  'GET /o/:slug/members/:id/reactivate': act('others only'),
  'POST /o/:slug/members/:id/reactivate': act('others again'),
  // Into another group than the Group manager's.
  'GET /o/:slug/invitations/:id/resend': { ...managed('opens'), 'group manager': 'nothing' },
  'POST /o/:slug/invitations/:id/resend': { ...managed('again, if it is there'), 'group manager': 'nothing' },
  'GET /o/:slug/invitations/:id/address': { ...managed('opens'), 'group manager': 'nothing' },
  'POST /o/:slug/invitations/:id/address': { ...managed('again, if it is there'), 'group manager': 'nothing' },
  'GET /o/:slug/invitations/:id/revoke': { ...managed('opens'), 'group manager': 'nothing' },
  'POST /o/:slug/invitations/:id/revoke': { ...managed('again, if it is there'), 'group manager': 'nothing' },
  // Nobody sent it who still answers for it.
  'GET /o/:slug/invitations/:id/link': { ...managed('pointless'), 'group manager': 'nothing' },
  'POST /o/:slug/invitations/:id/link': { ...managed('pointless'), 'group manager': 'nothing' },
  'GET /o/:slug/profile': { ...notIn, others: 'opens' },
  'POST /o/:slug/profile': { ...notIn, others: 'again' },
  'GET /o/:slug/profile/avatar': { ...notIn, others: 'opens' },
  'POST /o/:slug/profile/avatar': { ...notIn, others: 'again' },
  'POST /o/:slug/profile/avatar/remove': { ...notIn, others: 'again' },
  'GET /o/:slug/avatars/:name/:size': { ...notIn, others: 'opens' },
  'GET /o/:slug/groups': managed('opens'),
  'GET /o/:slug/groups/new': managed('opens'),
  'POST /o/:slug/groups/new': managed('again'),
  'GET /o/:slug/groups/:id': managed('opens'),
  'POST /o/:slug/groups/:id': managed('again, if it is there'),
  'GET /o/:slug/groups/:id/delete': managed('opens'),
  'POST /o/:slug/groups/:id/delete': managed('again, if it is there'),
  'GET /o/:slug/roles': managed('opens'),
  'GET /o/:slug/roles/new': managed('opens'),
  'POST /o/:slug/roles/new': managed('again'),
  'GET /o/:slug/roles/:id': managed('opens'),
  'POST /o/:slug/roles/:id': managed('again, if it is there'),
  'GET /o/:slug/roles/:id/delete': managed('opens'),
  'POST /o/:slug/roles/:id/delete': managed('again, if it is there'),
  'GET /o/:slug/regions': managed('opens'),
  'GET /o/:slug/regions/new': managed('opens'),
  'POST /o/:slug/regions/new': managed('again'),
  'GET /o/:slug/regions/:id': managed('opens'),
  'POST /o/:slug/regions/:id': managed('again, if it is there'),
  'GET /o/:slug/regions/:id/delete': managed('opens'),
  'POST /o/:slug/regions/:id/delete': managed('again, if it is there'),
  'GET /o/:slug/regions/:id/new-area': managed('opens'),
  'POST /o/:slug/regions/:id/new-area': managed('again, if it is there'),
  'GET /o/:slug/regions/areas/:id': managed('opens'),
  'POST /o/:slug/regions/areas/:id': managed('again, if it is there'),
  'GET /o/:slug/regions/areas/:id/delete': managed('opens'),
  'POST /o/:slug/regions/areas/:id/delete': managed('again, if it is there'),
  'GET /o/:slug/members/:id/unblock': act('pointless', 'refused'),
  'POST /o/:slug/members/:id/unblock': act('pointless', 'refused'),
  'GET /o/:slug/members/:id/sign-out': { ...act('others only', 'refused'), there: 200 },
  'POST /o/:slug/members/:id/sign-out': { ...act('others again', 'refused'), there: 422 },
  'GET /o/:slug/members/:id/account': { ...act('others only', 'refused'), there: 200 },
  'POST /o/:slug/members/:id/account': { ...act('others again', 'refused'), there: 422 },
  'POST /o/:slug/members/:id/account/cancel': act('pointless', 'refused'),
  'GET /o/:slug/members/:id/password': { ...act('others only', 'refused'), there: 200 },
  'POST /o/:slug/members/:id/password': { ...act('others again', 'refused'), there: 422 },
  'GET /o/:slug/members/:id/reset-link': { ...act('others only', 'refused'), there: 200 },
  'POST /o/:slug/members/:id/reset-link': { ...act('others again', 'refused'), there: 422 },
  'GET /o/:slug/members/:id/reset-two-factor': act('pointless', 'refused'),
  'POST /o/:slug/members/:id/reset-two-factor': act('pointless', 'refused'),
  'GET /o/:slug/members/:id/remove': { ...act('others only', 'refused'), there: 200 },
  'POST /o/:slug/members/:id/remove': { ...act('others again', 'refused'), there: 422 },
  'GET /o/:slug/members/:id/take-back': act('pointless', 'refused'),
  'POST /o/:slug/members/:id/take-back': act('pointless', 'refused'),
}

type World = Awaited<ReturnType<typeof everybody>>
let world: World
let before: Awaited<ReturnType<typeof dump>>
let canaries: { here: string[][]; there: string[][] }
beforeAll(async () => {
  world = await everybody()
  before = await dump(world.db, world.there)
  canaries = { here: await canariesOf(world.db, world.here), there: await canariesOf(world.db, world.there) }
})

const sorts = ['own', 'other', 'missing', 'malformed'] as const
/** The ids that stand for :slug and :id, by kind: what is asked for, and whether that exists for people of this organization. */
type Ids = { kind: string; slug: () => string; id: (who: Principal) => string; is: (typeof sorts)[number] }
const nobody = '018f0000-0000-7000-8000-000000000000'
const ids: Ids[] = [
  {
    kind: 'own',
    slug: () => world.here.slug,
    id: (who) => world.people.get(who)?.id ?? world.here.person.id,
    is: 'own',
  },
  {
    kind: 'of somebody else',
    slug: () => world.here.slug,
    id: () => world.people.get('suspended')?.id ?? '',
    is: 'other',
  },
  { kind: 'foreign', slug: () => world.here.slug, id: () => world.there.person.id, is: 'missing' },
  {
    kind: 'own, short',
    slug: () => world.here.slug,
    id: (who) => shortId(world.people.get(who)?.id ?? world.here.person.id),
    is: 'own',
  },
  { kind: 'foreign, short', slug: () => world.here.slug, id: () => shortId(world.there.person.id), is: 'missing' },
  { kind: 'missing', slug: () => world.here.slug, id: () => nobody, is: 'missing' },
  { kind: 'malformed', slug: () => world.here.slug, id: () => 'abc', is: 'malformed' },
  { kind: 'too long', slug: () => world.here.slug, id: () => 'a'.repeat(3000), is: 'malformed' },
  { kind: 'in capitals', slug: () => world.here.slug, id: () => world.here.person.id.toUpperCase(), is: 'malformed' },
  {
    kind: 'of something that is no member',
    slug: () => world.here.slug,
    id: () => world.here.group,
    is: 'missing',
  },
]
/** Addresses of organizations in which nobody of this one has a place: 404 to all of them, whatever stands behind. */
const elsewhere: Omit<Ids, 'is'>[] = [
  { kind: 'of another organization', slug: () => world.there.slug, id: () => world.there.person.id },
  { kind: 'mixed', slug: () => world.there.slug, id: (who) => world.people.get(who)?.id ?? nobody },
  { kind: 'of no organization', slug: () => 'no-such-organization', id: () => nobody },
  { kind: 'malformed', slug: () => 'No_Such', id: () => nobody },
]

const addressOf = (path: string, slug: string, id: string) =>
  path
    .replace(':slug', slug)
    .replace(':id', id)
    .replace(':draft', world.here.draft)
    .replace(':step', 'name')
    .replace('avatars/:name/:size', `avatars/${(slug === world.there.slug ? world.there : world.here).avatar}/64`)
    .replace(':name', asset('app.css').split('/').at(-1) ?? '')
    .replace(':token', `${newId()}.1.abc`)

/** Where :id isn't a person: the role, group, region or area of the organization in which the person of that id is. */
function instead(path: string, id: string): string {
  const kind = path.includes('/areas/') ? 'areas' : (path.split('/')[3] ?? '')
  const things = {
    roles: 'role',
    groups: 'group',
    regions: 'region',
    areas: 'area',
    invitations: 'invitation',
  } as const
  const thing = things[kind as keyof typeof things]
  if (!thing) return id
  if (id === world.here.group) return world.here.person.id
  const whose = (one: { id: string }) => one.id === id || shortId(one.id) === id
  const place = whose(world.there.person)
    ? world.there
    : [world.here.person, ...world.people.values()].some(whose)
      ? world.here
      : null
  return place ? (isId(id) ? place[thing] : shortId(place[thing])) : id
}

/** Who has signed in for the route that is asked now. Each request is of a browser with the cookie as it was then. */
const sessions = { route: '', of: new Map<Principal, Promise<Browser>>() }

async function enter(route: string, who: Principal): Promise<Browser> {
  if (route === 'POST /sign-out' || route === 'POST /join/switch') return world.enter(who)
  if (sessions.route !== route) Object.assign(sessions, { route, of: new Map() })
  const first = sessions.of.get(who) ?? world.enter(who)
  sessions.of.set(who, first)
  const browser = new Browser(world.app, `/o/${world.here.slug}`)
  for (const [name, value] of (await first).cookies) browser.cookies.set(name, value)
  return browser
}

async function ask(route: string, who: Principal, slug: string, id: string, swap = false) {
  const [method = '', path = ''] = route.split(' ')
  const entered = await enter(route, who)
  const browser = swap ? entered.swap : entered
  const address = addressOf(path, slug, instead(path, id))
  // The one form that sends a file; this one has none.
  const file = { headers: { 'Content-Type': 'multipart/form-data; boundary=x' }, body: '--x--\r\n' }
  const answer =
    method === 'GET'
      ? await browser.get(address)
      : await browser.post(address, {}, path.endsWith('/profile/avatar') ? file : {})
  return { answer, address }
}

/** Support staff read of every organization that allows it. */
const isTheirs = (who: Principal, address: string) => who === 'support' && address.startsWith('/support')

/** Nothing of the other organization reaches whoever asks, but what they typed themselves. */
const expectNoCanary = (answer: Answer, address: string, who: Principal, place: string) =>
  expect(
    isTheirs(who, address) ? [] : leaked(who === 'admin elsewhere' ? canaries.here : canaries.there, answer, address),
    `${who} ${place}`,
  ).toEqual([])

const expected = (row: Row, who: Principal, is: Ids['is'], swap = false): number => {
  const word = row[who] ?? row.others
  const found: readonly number[] = answers[swap && row.part && word === 'leads' ? 'opens' : word]
  return found[sorts.indexOf(is)] ?? found[2] ?? 0
}

test('the table has every route, and no other', () => {
  expect(Object.keys(table).sort()).toEqual(
    routesOf(world.app)
      .map(({ method, path }) => `${method} ${path}`)
      .sort(),
  )
})

/** What is done only by whoever has shown within ten minutes that it is they; access, invitations and taking back, where they make an Admin. */
const stepUp = [
  'GET /o/:slug/audit.csv',
  'GET /o/:slug/audit.xlsx',
  'GET /o/:slug/invitations.csv',
  'GET /o/:slug/invitations.xlsx',
  'GET /o/:slug/members.csv',
  'GET /o/:slug/members.xlsx',
  'GET /o/:slug/members/:id/account',
  'GET /o/:slug/members/:id/end-exemption',
  'GET /o/:slug/members/:id/exempt',
  'GET /o/:slug/members/:id/password',
  'GET /o/:slug/members/:id/remove',
  'GET /o/:slug/members/:id/reset-link',
  'GET /o/:slug/members/:id/reset-two-factor',
  'GET /o/:slug/members/:id/sign-out',
  'GET /o/:slug/members/new/:draft/:step',
  'GET /o/:slug/settings/security/two-factor',
  'GET /o/:slug/settings/usage.csv',
  'GET /o/:slug/settings/usage.xlsx',
  'GET /profile/security/backup-codes',
  'GET /profile/security/backup-codes.txt',
  'GET /profile/security/password',
  'GET /profile/security/two-factor',
  'GET /profile/security/two-factor/off',
  'GET /sign-in/enroll',
  'GET /sign-in/enroll/backup-codes',
  'GET /sign-in/enroll/backup-codes.txt',
  'POST /join',
  'POST /o/:slug/invitations/:id/address',
  'POST /o/:slug/invitations/:id/approve',
  'POST /o/:slug/invitations/:id/link',
  'POST /o/:slug/invitations/:id/resend',
  'POST /o/:slug/invitations/new',
  'POST /o/:slug/invitations/new/several',
  'POST /o/:slug/invitations/new/several/:draft',
  'POST /o/:slug/invitations/new/several/:draft/list',
  'POST /o/:slug/members/:id/access',
  'POST /o/:slug/members/:id/account',
  'POST /o/:slug/members/:id/end-exemption',
  'POST /o/:slug/members/:id/exempt',
  'POST /o/:slug/members/:id/password',
  'POST /o/:slug/members/:id/remove',
  'POST /o/:slug/members/:id/reset-link',
  'POST /o/:slug/members/:id/reset-two-factor',
  'POST /o/:slug/members/:id/sign-out',
  'POST /o/:slug/members/:id/take-back',
  'POST /o/:slug/members/new/:draft/:step',
  'POST /o/:slug/settings/security/two-factor',
  'POST /profile',
  'POST /profile/security/backup-codes',
  'POST /profile/security/password',
  'POST /profile/security/two-factor',
  'POST /profile/security/two-factor/off',
  'POST /profile/sessions',
  'POST /sign-in/enroll',
  'POST /sign-in/enroll/backup-codes',
  'POST /support/invitations/:id/resend',
]
test('whoever signed in long ago is asked again before these, and before no others', () => {
  const found = routesOf(world.app).filter((route) => route.stepUp)
  expect(found.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(stepUp)
})

test('everybody in the table is somebody', () => {
  for (const row of Object.values(table))
    for (const who of Object.keys(row))
      if (!['others', 'there', 'part'].includes(who)) expect(principals).toContain(who)
})

describe.each(Object.entries(table))('%s', (route, row) => {
  const hasId = route.includes(':id')
  const hasSlug = route.includes(':slug')
  const kinds = ids.filter(({ kind }) => hasId || kind === 'own')

  test.each(principals)('%s', async (who) => {
    for (const { kind, slug, id, is } of kinds) {
      const status = expected(row, who, is)
      const { answer, address } = await ask(route, who, slug(), id(who))
      expect([kind, answer.status]).toEqual([kind, status])
      expectNoCanary(answer, address, who, kind)
      const swap = await ask(route, who, slug(), id(who), true)
      const leads = swap.answer.headers.get('hx-redirect') !== null
      expect([kind, leads ? 303 : swap.answer.status]).toEqual([kind, expected(row, who, is, true)])
      expectNoCanary(swap.answer, swap.address, who, kind)
    }
  })

  if (!hasSlug) return
  test('another organization’s address, and one that doesn’t exist', async () => {
    for (const who of principals) {
      if (who === 'admin elsewhere') continue
      const status = who in outside ? 303 : 404
      for (const { kind, slug, id } of elsewhere) {
        const { answer, address } = await ask(route, who, slug(), id(who))
        expect([who, kind, answer.status]).toEqual([who, kind, status])
        expectNoCanary(answer, address, who, kind)
      }
    }
  })

  test('the other organization’s Admin opens their own, and finds nothing of this one by mixing ids', async () => {
    const own = row.admin ?? row.others
    const theirs = await ask(route, 'admin elsewhere', world.there.slug, world.there.person.id)
    expect(theirs.answer.status).toBe(row.there ?? answers[own][0])
    expectNoCanary(theirs.answer, theirs.address, 'admin elsewhere', 'own')
    if (!hasId) return
    const mixed = await ask(route, 'admin elsewhere', world.there.slug, world.here.person.id)
    expect(mixed.answer.status).toBe(404)
    expectNoCanary(mixed.answer, mixed.address, 'admin elsewhere', 'mixed')
  })
})

test('after all of that nothing of the other organization has changed', async () => {
  const after = await dump(world.db, world.there)
  const theirs = ['admin elsewhere', 'support'].flatMap((who) => {
    const { id, accountId } = world.people.get(who as Principal) ?? {}
    return [id, accountId].filter((one) => one != null)
  })
  // Support staff of other tests see every organization that allows it; nobody of this one leaves such a line.
  const own = [...world.people.values()].flatMap(({ accountId }) => accountId ?? [])
  const isLookOfOthers = (line: string) =>
    line.includes('"act":"support.looked"') && !own.some((id) => line.includes(id))
  const withoutStella = (rows: Record<string, string[]>) =>
    Object.fromEntries(
      Object.entries(rows).map(([table, lines]) => [
        table,
        lines.filter((line) => !theirs.some((id) => line.includes(id)) && !isLookOfOthers(line)),
      ]),
    )
  // Stella signs in and out in between, and downloads her own list; that is hers alone. What support staff look at stands in the log.
  expect(withoutStella(after)).toEqual(withoutStella(before))
  expect(Object.values(withoutStella(before)).filter((rows) => rows.length > 0).length).toBeGreaterThanOrEqual(14)
})

test('nobody was let in by an error, and nothing was logged', () => {
  expect(world.log).toEqual([])
})
