import { expect, test } from 'vitest'
import { mostFailures, mostWrongCodes } from '../../src/accounts/commands.ts'
import { makeResetLink } from '../../src/passwords/commands.ts'
import { hashPassword } from '../../src/passwords/hash.ts'
import type { Stage } from '../../src/platform/access/actor.ts'
import { type EventName, events } from '../../src/platform/events/catalogue.ts'
import { signLink } from '../../src/platform/links.ts'
import { hashOfId } from '../../src/sessions/lucia.ts'
import { operatorCause } from '../../src/tasks/command.ts'
import { command as makeSupport } from '../../src/tasks/make-support.ts'
import { command as resetTwoFactor } from '../../src/tasks/reset-two-factor.ts'
import { acts, atTheDoor, firstPassword, password, tryDoor, wrong } from '../sign-in/door.ts'
import { act, hiddenIn } from '../support/acts.ts'
import type { Browser } from '../support/browser.ts'
import { startSession } from '../support/start-session.ts'
import { addPerson, days, hours, makeOrganization } from '../support/world.ts'
import { app, begun, codes, enroll, give, hiddenOf, phone } from '../two-factor/phone.ts'

/*
 * R-14 as a table: what each event on an account does to the session that it is done in, to another one, and to a sign-in that waits
 * for its code. Pat's, whoever does it; where somebody else does it, `own` is one more of Pat's sessions. What ends tokens and streams
 * comes when there are any.
 */

type Fate = 'goes on' | 'goes on under a new id' | 'ends'
type Fates = [own: Fate, other: Fate, pending: Fate]

const [on, anew, ends]: [Fate, Fate, Fate] = ['goes on', 'goes on under a new id', 'ends']
const all: Fates = [ends, ends, ends]
const none: Fates = [on, on, on]
const allButThis: Fates = [anew, ends, ends]

const chosen = 'seven herons over the weir'
const twice = { password: chosen, password_again: chosen }
const copied = (html: string) => new URL(/<code data-copy[^>]*>([^<]*)<\/code>/.exec(html)?.[1] ?? '').pathname

/** Pat with two sessions and a sign-in that waits, and Ana, who is Admin. */
async function patIn(set: { twoFactor?: boolean; given?: boolean; stage?: Stage } = {}) {
  const door = await atTheDoor()
  const { clock, db, services } = door
  const pat = await door.add({ first: 'Pat', role: 'viewer' })
  const at = async (stage: Stage) => {
    const browser = door.browser()
    const who = { accountId: pat.accountId, stage, ip: browser.ip, userAgent: '', confirmed: true }
    browser.cookies.set('session', /=([^;]+)/.exec(await startSession(db, clock.now, false, who))?.[1] ?? '')
    return browser
  }
  const enrolled = set.twoFactor ? await enroll(await at('full'), clock) : null
  if (set.given)
    await db
      .updateTable('account')
      .set({
        password_hash: await hashPassword(firstPassword),
        must_change_password: true,
        password_expires_at: new Date(clock.now.getTime() + hours(72)),
      })
      .where('id', '=', pat.accountId)
      .execute()
  await db.deleteFrom('session').where('account_id', '=', pat.accountId).execute()
  clock.pass(60_000)
  const own = await at(set.stage ?? 'full')
  const other = await at('full')
  const pending = await at('password')
  const row = (values: Record<string, number>) =>
    db.updateTable('account').set(values).where('id', '=', pat.accountId).execute()
  const operator = (command: typeof makeSupport) =>
    command.run({ ...services, now: clock.now, flags: {}, words: [pat.email], stdin: async () => '', print: () => {} })
  return { ...door, pat, own, other, pending, enrolled, row, operator, anas: await door.enter(door.ana) }
}
type Place = Awaited<ReturnType<typeof patIn>>
type Does = (place: Place) => Promise<unknown>

const changeEmail = async ({ anas, pat, clock }: Place) => {
  const email = `${pat.id}.${clock.now.getTime()}@new.example`
  return copied((await act(anas, pat, 'account', { username: '', email })).html)
}
const confirmEmail = async (browser: Browser, path: string) => {
  await browser.get(path)
  await browser.post('/confirm-email', hiddenIn((await browser.get('/confirm-email')).html))
}

/** As if it had been changed yesterday, by somebody. */
const restoreEmail = async ({ db, pat, clock, services, browser }: Place) => {
  const email = `${pat.id}@old.example`
  const ends_at = new Date(clock.now.getTime() + 86_400_000)
  const former = { account_id: pat.accountId, generation: 1 }
  await db
    .insertInto('former_email')
    .values({ ...former, email, email_key: email, ends_at })
    .execute()
  const link = { kind: 'former_email', id: pat.accountId, generation: 1, channel: 'mail' } as const
  const owner = browser()
  await owner.get(`/restore-email/${signLink(link, services.key)}`)
  await owner.post('/restore-email', hiddenIn((await owner.get('/restore-email')).html))
}

const table: [what: string, event: EventName, fates: Fates, does: Does, set?: Parameters<typeof patIn>[0]][] = [
  [
    'too many wrong passwords block the account',
    'account.blocked',
    all,
    async ({ row, browser, pat }) => {
      await row({ failed_sign_ins: mostFailures - 1 })
      await tryDoor(browser(), pat.email, wrong)
    },
  ],
  [
    'so do too many wrong codes',
    'account.blocked',
    all,
    async ({ row, browser, pat }) => {
      await row({ failed_second_steps: mostWrongCodes - 1 })
      const thief = browser()
      await tryDoor(thief, pat.email)
      await give(thief, '000000')
    },
    { twoFactor: true },
  ],
  [
    'the fifth wrong code ends the sign-in that it belongs to',
    'two_factor.failed',
    [on, on, ends],
    async ({ pending }) => {
      for (let n = 0; n < 5; n++) await give(pending, '000000')
    },
    { twoFactor: true },
  ],
  ['two-factor is turned on', 'two_factor.on', allButThis, ({ own, clock }) => enroll(own, clock)],
  [
    'it is turned off',
    'two_factor.off',
    allButThis,
    ({ own }) => own.post(`${app}/off`, { off: 'on' }),
    { twoFactor: true },
  ],
  [
    'the authenticator is replaced',
    'two_factor.replaced',
    allButThis,
    async ({ own, clock }) => {
      const { secret, enrollment } = await begun(own)
      await own.post(app, { code: phone(secret, clock).code(), enrollment })
    },
    { twoFactor: true },
  ],
  [
    'an Admin resets it: Pat must enroll',
    'two_factor.reset',
    all,
    ({ anas, pat }) => act(anas, pat, 'reset-two-factor'),
    { twoFactor: true },
  ],
  ['so does the operator', 'two_factor.reset', all, ({ operator }) => operator(resetTwoFactor), { twoFactor: true }],
  [
    'new backup codes are made',
    'backup_codes.made',
    none,
    async ({ own }) => {
      await own.post(codes, { make: 'on' })
      await own.post(codes, { saved: 'on', enrollment: hiddenOf((await own.get(codes)).html, 'enrollment') })
    },
    { twoFactor: true },
  ],
  [
    'Pat changes the password',
    'password.changed',
    allButThis,
    ({ own }) => own.post('/profile/security/password', { current_password: password, ...twice }),
  ],
  [
    'Pat chooses an own one in the place of the first',
    'password.changed',
    allButThis,
    ({ own }) => own.post('/sign-in/new-password', twice),
    { given: true, stage: 'new_password' },
  ],
  [
    'the password is reset by a link',
    'password.reset',
    all,
    async ({ browser, services, clock, pat }) => {
      const link = { accountId: pat.accountId, channel: 'mail' } as const
      const token = await makeResetLink(services.db, operatorCause(clock.now), services.key, link)
      await browser().post(`/reset-password/${token}`, twice)
    },
  ],
  ['an Admin makes such a link', 'password.reset_link_made', none, ({ anas, pat }) => act(anas, pat, 'reset-link')],
  [
    'and stops the password with it',
    'password.stopped',
    all,
    ({ anas, pat }) => act(anas, pat, 'reset-link', { block_now: 'on' }),
  ],
  [
    'an Admin gives a password',
    'password.given',
    all,
    ({ anas, pat }) => act(anas, pat, 'password', { how: 'generated' }),
  ],
  [
    'an Admin changes the username',
    'username.changed',
    none,
    ({ anas, pat }) => act(anas, pat, 'account', { username: `pat-${pat.id.slice(-8)}`, email: pat.email }),
  ],
  ['an Admin asks for another email', 'email.change_asked', none, changeEmail],
  [
    'it is confirmed from anywhere',
    'email.changed',
    all,
    async (place) => confirmEmail(place.browser(), await changeEmail(place)),
  ],
  [
    'it is confirmed where Pat is signed in',
    'email.changed',
    allButThis,
    async (place) => confirmEmail(place.own, await changeEmail(place)),
  ],
  ['the address that it had before says that it wasn’t them', 'email.restored', all, restoreEmail],
  [
    'Pat ends the other session',
    'session.ended',
    [on, ends, on],
    async ({ own, other, sessions, pat }) => {
      const hash = hashOfId(other.cookies.get('session') ?? '').toString('base64url')
      expect((await sessions(pat)).map((one) => one.id_hash.toString('base64url'))).toContain(hash)
      await own.post('/profile/sessions', { end: hash })
    },
  ],
  [
    'Pat ends all others',
    'sessions.others_ended',
    [on, ends, ends],
    ({ own }) => own.post('/profile/sessions', { end: 'others' }),
  ],
  ['Pat signs out', 'signed_out', [ends, on, on], ({ own }) => own.post('/sign-out')],
  [
    'Pat shows again that it is they',
    'session.confirmed',
    [anew, on, on],
    ({ own }) => own.post('/confirm', { confirm_password: password }),
  ],
  ['an Admin signs Pat out everywhere', 'sessions.ended', all, ({ anas, pat }) => act(anas, pat, 'sign-out')],
  [
    'Pat is removed from the last organization',
    'membership.removed',
    all,
    ({ anas, pat }) => act(anas, pat, 'remove', { reason: 'left' }),
  ],
  [
    'Pat is removed from one of two',
    'membership.removed',
    none,
    async ({ anas, pat, db, clock }) => {
      const elsewhere = await makeOrganization(db, 'North Sea Adjusters', clock.now)
      await addPerson(db, elsewhere, clock.now, { first: 'Pat', accountId: pat.accountId })
      await act(anas, pat, 'remove', { reason: 'left' })
    },
  ],
  ['Pat is suspended', 'membership.suspended', none, ({ anas, pat }) => act(anas, pat, 'suspend')],
  [
    'Pat’s last day was yesterday',
    'membership.dates_changed',
    none,
    ({ anas, pat, clock }) => {
      const yesterday = new Date(clock.now.getTime() - days(1)).toISOString().slice(0, 10)
      return act(anas, pat, 'dates', { starts_on: '', ends_on: yesterday })
    },
  ],
  [
    'Pat’s role changes',
    'membership.access_changed',
    none,
    ({ anas, pat, here }) => act(anas, pat, 'access', { role: 'developer', group: here.defaultGroup }),
  ],
  [
    'and Pat, whose password somebody else knows, may do more',
    'membership.access_changed',
    all,
    ({ anas, pat, here }) => act(anas, pat, 'access', { role: 'developer', group: here.defaultGroup }),
    { given: true, stage: 'new_password' },
  ],
  ['Pat becomes support staff', 'support.begun', none, ({ operator }) => operator(makeSupport)],
  [
    'and has only a password that somebody else knows',
    'support.begun',
    all,
    ({ operator }) => operator(makeSupport),
    { given: true, stage: 'new_password' },
  ],
]

/** What else there is to tell of an account ends no session that was there before. */
const endsNothing: EventName[] = [
  'account.created',
  'account.unblocked',
  'backup_code.used',
  'email.change_canceled',
  'membership.added',
  'membership.avatar_changed',
  'membership.avatar_removed',
  'membership.edited',
  'membership.ending_told',
  'membership.reactivated',
  'membership.taken_back',
  'password.link_asked',
  'sign_in.delayed',
  'sign_in.enrollment_needed',
  'sign_in.failed',
  'sign_in.new_password_needed',
  'sign_in.second_step_needed',
  'sign_in.succeeded',
  'support.ended',
  'support.looked',
  'two_factor.exempted',
  'two_factor.exemption_ended',
]

async function fateOf(browser: Browser, before: string, path: string): Promise<Fate | string> {
  const now = browser.cookies.get('session')
  const answer = await browser.get(path)
  if (answer.location?.startsWith('/sign-in') && answer.location !== '/sign-in/new-password') return ends
  if (answer.status !== 200 && answer.location !== '/sign-in/new-password') return `${answer.status} ${answer.location}`
  if (now === before) return on
  browser.cookies.set('session', before)
  return (await browser.get(path)).location?.startsWith('/sign-in') ? anew : 'both ids work'
}

test.each(table)('%s (%s): %j', async (_what, event, fates, does, set) => {
  const place = await patIn(set)
  const { own, other, pending, pat } = place
  const before = [own, other, pending].map((browser) => browser.cookies.get('session') ?? '')
  await does(place)
  const told = await place.db
    .selectFrom('event')
    .select('act')
    .where('subject_id', 'in', [pat.accountId, pat.id])
    .execute()
  expect(acts(told)).toContain(event)
  const found = [
    await fateOf(own, before[0] ?? '', '/profile/security'),
    await fateOf(other, before[1] ?? '', '/profile/security'),
    await fateOf(pending, before[2] ?? '', '/sign-in/two-factor'),
  ]
  expect(found).toEqual(fates)
  // What doesn't open is gone, and isn't only refused.
  expect(await place.sessions(pat)).toHaveLength(fates.filter((fate) => fate !== ends).length)
  // Another role, or another way in, must be confirmed anew.
  if (event === 'membership.access_changed')
    expect((await place.sessions(pat)).filter((one) => one.confirmed_at !== null)).toEqual([])
})

test('every event on an account is in the table, or known to end nothing', () => {
  const about = Object.keys(events).filter((name) =>
    /^(account|two_factor|backup_codes?|password|email|username|sessions?|membership|support|sign_in)\.|^signed_out$/.test(
      name,
    ),
  )
  expect([...new Set([...table.map(([, event]) => event), ...endsNothing])].sort()).toEqual(about.sort())
})
