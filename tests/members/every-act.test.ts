import { describe, expect, test } from 'vitest'
import type { Actor } from '../../src/platform/access/actor.ts'
import { allPermissions, type Grants, type Permission, rightsOf } from '../../src/platform/access/permissions.ts'
import { acts } from '../../views/members/acts.ts'
import { actOn } from '../support/acts.ts'
import { addPerson, days, organization, type Person, type PersonDetails, type signedIn } from '../support/world.ts'

/*
 * Who may do what to whom: every act of the panel, by everybody, onto everybody, in every status. Written down from product.md by
 * hand, one letter an act; what is asked is src/members/rules.ts, by the panel's foot and by the routes.
 */

const letters = {
  E: 'edit',
  A: 'access',
  D: 'dates',
  S: 'suspend',
  R: 'reactivate',
  N: 'account',
  P: 'password',
  L: 'reset-link',
  O: 'sign-out',
  U: 'unblock',
  X: 'remove',
  T: 'take-back',
  I: 'picture',
  M: 'exempt',
  Z: 'end-exemption',
  W: 'reset-two-factor',
} as const
const everything = Object.keys(letters).join('')
/** Who is exempt from two-factor is decided by whoever decides that it is required. */
const butForTheSettings = everything.replace(/[MZ]/g, '')
const named = (text: string) => [...text].map((letter) => letters[letter as keyof typeof letters]).sort()

/** People of the own group (Intake), unless it says otherwise. Admins are in the Default group. */
const people = {
  admin: { role: 'admin' },
  viewer: { role: 'viewer' },
  developer: { role: 'developer' },
  member: {},
  'member of another group': {},
  'Group manager': { manages: true },
  'with claims.view': { permissions: ['claims.view'] },
} satisfies Record<string, PersonDetails>
type Whom = keyof typeof people | 'oneself'

const viewing: Permission[] = ['members.view', 'invitations.view', 'cases.view', 'claims.view', 'usage.view']
const members: Permission[] = ['members.edit', 'members.access', 'members.remove', 'members.credentials']
const whoever = {
  admin: { role: 'admin' },
  viewer: { role: 'viewer' },
  // A ceiling: what they were given beyond it opens nothing.
  'viewer with everything': { role: 'viewer', permissions: [...allPermissions] },
  developer: { role: 'developer' },
  'developer with everything': { role: 'developer', permissions: [...allPermissions] },
  member: {},
  'Group manager': { manages: true },
  'with members.edit': { permissions: ['members.view', 'members.edit'] },
  'with members.access': { permissions: ['members.view', 'members.access'] },
  'with members.remove': { permissions: ['members.view', 'members.remove'] },
  'with members.credentials': { permissions: ['members.view', 'members.credentials'] },
  'with these and all for viewing': { permissions: [...viewing, ...members] },
} satisfies Record<string, PersonDetails>

/** What somebody may do to people of each kind, in whatever status lets them. */
const mayDo: Record<keyof typeof whoever, Record<Whom, string>> = {
  admin: row('E', everything, everything, everything, everything, everything, everything, everything),
  viewer: row('', '', '', '', '', '', '', ''),
  'viewer with everything': row('', '', '', '', '', '', '', ''),
  developer: row('', '', '', '', '', '', '', ''),
  'developer with everything': row('', '', '', '', '', '', '', ''),
  member: row('', '', '', '', '', '', '', ''),
  // Names and phones of the own group; their own are in their profile.
  'Group manager': row('', '', 'EI', 'EI', 'EI', '', 'EI', 'EI'),
  // Editing a profile needs only its own permission; status not of whoever holds what they lack.
  'with members.edit': row('E', 'EI', 'EI', 'EI', 'EDSRI', 'EDSRI', 'EI', 'EI'),
  'with members.access': row('', '', '', '', 'A', 'A', '', ''),
  // What they held and the actor can't give stays behind when they are taken back.
  'with members.remove': row('', 'T', 'T', 'T', 'XT', 'XT', 'T', 'T'),
  'with members.credentials': row('', '', '', '', 'NPLOUW', 'NPLOUW', '', ''),
  'with these and all for viewing': row(
    'E',
    'EIT',
    butForTheSettings,
    'EIT',
    butForTheSettings,
    butForTheSettings,
    'EIT',
    butForTheSettings,
  ),
}
function row(...cells: string[]): Record<Whom, string> {
  const whom: Whom[] = ['oneself', ...(Object.keys(people) as Whom[])]
  expect(cells).toHaveLength(whom.length)
  return Object.fromEntries(whom.map((one, n) => [one, cells[n] ?? ''])) as Record<Whom, string>
}

type State = { details: PersonDetails; may: string; daysAgo?: number; exempt?: true }
const states: Record<string, State> = {
  active: { details: {}, may: 'EADSNPLOXIM' },
  // What they get is what the invitation offers.
  invited: { details: { invited: true }, may: 'ED' },
  blocked: { details: { blocked: true }, may: 'EADSNPLOUXIM' },
  suspended: { details: { suspended: true }, may: 'EADRNPLOXIM' },
  'suspended and blocked': { details: { suspended: true, blocked: true }, may: 'EADRNPLOUXIM' },
  ended: { details: { endsOn: '2026-01-31' }, may: 'EADSNPLOXIM' },
  'not started': { details: { startsOn: '2027-01-31' }, may: 'EADSNPLOXIM' },
  'with two-factor': { details: { twoFactor: true }, may: 'EADSNPLOXIW' },
  exempt: { details: {}, may: 'EADSNPLOXIMZ', exempt: true },
  'removed a month ago less a minute': { details: { removed: true }, may: 'T', daysAgo: 30 - 1 / 1440 },
  'removed 30 days ago': { details: { removed: true }, may: '', daysAgo: 30 },
  'removed before they joined': { details: { removed: true, invited: true }, may: '' },
}
/** Username, email, password, two-factor and block are the account's own business once it has another place. */
const elsewhereToo = everything.replace(/[NPUW]/g, '')
const both = (one: string, other: string) => [...one].filter((letter) => other.includes(letter)).join('')

const now = new Date('2026-11-22T12:00:00Z')
const grantsOf = ({ role, manages, permissions = [] }: PersonDetails): Grants => ({
  organizationRole: role ?? 'member',
  groupName: 'Intake',
  managesGroup: manages ?? false,
  grants: permissions.map((one) => [one, 'role', 'Desk']),
})
const actorOf = (details: PersonDetails): Actor => ({
  accountId: 'actor',
  timeZone: 'UTC',
  organization: { id: 'o', slug: 'o', name: 'O', accessVersion: 1 },
  membership: {
    id: 'actor',
    firstName: '',
    lastName: '',
    email: '',
    avatar: null,
    organizationRole: details.role ?? 'member',
    groupId: details.role === 'admin' ? 'default' : 'intake',
    groupName: 'Intake',
    managesGroup: details.manages ?? false,
  },
  rights: rightsOf(grantsOf(details)),
})
const groupOf = (whom: Whom, details: PersonDetails) =>
  details.role === 'admin' ? 'default' : whom === 'member of another group' ? 'other' : 'intake'
const statusOf = ({ removed, invited, blocked, suspended, endsOn, startsOn }: PersonDetails) =>
  removed
    ? 'removed'
    : invited
      ? 'invited'
      : blocked
        ? 'blocked'
        : suspended
          ? 'suspended'
          : endsOn
            ? 'ended'
            : startsOn
              ? 'not_started'
              : 'active'

type Browser = Awaited<ReturnType<typeof signedIn>>

describe('the panel offers each act', () => {
  const offered = (
    actor: Actor,
    whom: Whom,
    who: PersonDetails,
    { details, daysAgo = 1, exempt }: State,
    only: boolean,
  ) => {
    const { main, more, danger } = acts(
      actor,
      {
        id: whom === 'oneself' ? 'actor' : 'person',
        group_id: groupOf(whom, who),
        account_id: details.invited ? null : 'account',
        status: statusOf(details),
        rights: rightsOf(grantsOf(who)),
        managed: only,
        suspended_at: details.suspended ? now : null,
        removed_at: details.removed ? new Date(now.getTime() - days(daysAgo)) : null,
        has_two_factor: details.twoFactor ?? false,
        avatar: details.invited ? null : 'picture',
        two_factor_from: '2027-01-01',
        exempt_until: exempt ? '2026-12-01' : null,
      },
      now,
    )
    return [...main, ...more, ...danger].map(({ act }) => act).sort()
  }

  test.each(Object.entries(whoever))(
    'to %s as the table says, whomever it is about',
    (name, details: PersonDetails) => {
      for (const [whom, may] of Object.entries(mayDo[name as keyof typeof whoever]) as [Whom, string][])
        for (const [status, state] of Object.entries(states))
          for (const only of [true, false]) {
            // Whoever asks is active.
            if (whom === 'oneself' && status !== 'active') continue
            const who = whom === 'oneself' ? details : people[whom]
            const wanted = both(both(may, state.may), only ? everything : elsewhereToo)
            expect([whom, status, only, offered(actorOf(details), whom, who, state, only)]).toEqual([
              whom,
              status,
              only,
              named(wanted),
            ])
          }
    },
  )

  test('to nobody for any other permission', () => {
    for (const permission of allPermissions.filter((one) => !members.includes(one)))
      for (const [status, state] of Object.entries(states)) {
        const actor = actorOf({ permissions: ['members.view', permission] })
        const may = permission === 'settings.security' ? both(state.may, 'MZ') : ''
        expect([permission, status, offered(actor, 'member', {}, state, true)]).toEqual([
          permission,
          status,
          named(may),
        ])
      }
  })
})

describe('the routes do too', () => {
  /** An act's empty form: whoever may do it is told what is missing, and nothing is done. */
  const answerTo = async (browser: Browser, person: { id: string }, act: string) =>
    (await browser.post(actOn(person, act), {})).status
  const refused = (status: number) => status === 403 || status === 404

  test('by everybody onto everybody, and for an Admin in every status', async () => {
    // With a mail server: without one a reset link of somebody who is elsewhere too can't be made (sign-in-help.test.ts).
    const world = await organization({ env: { SMTP_URL: 'smtp://mail.example.org' } })
    const { db, here, elsewhere, intake, clock } = world
    const inGroup = (details: PersonDetails): PersonDetails => ({
      ...details,
      ...(details.role === 'admin' ? {} : { group: intake }),
    })
    await db.updateTable('organization').set({ two_factor_from: '2027-01-01' }).where('id', '=', here.id).execute()
    const pictured = (person: { id: string }) =>
      db
        .updateTable('membership')
        .set({ avatar: 'A'.repeat(22) })
        .where('id', '=', person.id)
        .execute()
    const targets = new Map<Whom, Person>()
    for (const whom of ['admin', 'member', 'member of another group', 'Group manager'] as const) {
      const details: PersonDetails = people[whom]
      targets.set(whom, await world.add(whom === 'member of another group' ? details : inGroup(details)))
    }
    const onto = async (browser: Browser, whom: string, person: Person, may: string) => {
      for (const act of Object.values(letters)) {
        const status = await answerTo(browser, person, act)
        const wanted = named(may).includes(act)
        expect([browser.person.first, whom, act, status], `${status}`).toEqual([
          browser.person.first,
          whom,
          act,
          wanted ? 422 : refused(status) ? status : 'refused',
        ])
      }
    }
    const asking = await Promise.all(
      Object.entries(whoever).map(async ([first, details]) => world.enter({ ...inGroup(details), first })),
    )
    for (const person of [...targets.values(), ...asking.map((one) => one.person)]) await pictured(person)
    for (const browser of asking) {
      const table = mayDo[browser.person.first as keyof typeof whoever]
      for (const [whom, person] of [...targets, ['oneself', browser.person] as const])
        await onto(browser, whom, person, both(table[whom], states.active?.may ?? ''))
    }
    for (const [status, { details, may, daysAgo = 1, exempt }] of Object.entries(states)) {
      const person = await world.add(details)
      if (!details.invited) await pictured(person)
      const row = { organization_id: here.id, until: '2026-12-01', reason: 'x', given_at: clock.now }
      if (exempt)
        await db
          .insertInto('two_factor_exemption')
          .values({ ...row, membership_id: person.id })
          .execute()
      if (details.removed)
        await db
          .updateTable('membership')
          .set({ removed_at: new Date(clock.now.getTime() - days(daysAgo)) })
          .where('id', '=', person.id)
          .execute()
      await onto(world.ana, status, person, may)
      if (details.removed || details.invited) continue
      await addPerson(db, elsewhere, clock.now, { accountId: person.accountId ?? '' })
      await onto(world.ana, `${status}, and elsewhere`, person, both(may, elsewhereToo))
    }
    expect(
      await db
        .selectFrom('event')
        .select('act')
        .where('organization_id', '=', here.id)
        .where('act', 'not like', '%refused%')
        .execute(),
    ).toEqual([])
  })
})
