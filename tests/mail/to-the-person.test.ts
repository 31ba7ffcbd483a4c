import { describe, expect, test } from 'vitest'
import { readyWith } from '../../src/mail/ready.ts'
import { settled } from '../../src/platform/afterwards.ts'
import { shortId } from '../../src/platform/ids.ts'
import { command as makeSupport } from '../../src/tasks/make-support.ts'
import { command as resetPassword } from '../../src/tasks/reset-password.ts'
import { command as resetTwoFactor } from '../../src/tasks/reset-two-factor.ts'
import { command as setup } from '../../src/tasks/setup.ts'
import { letters } from '../../views/mail/letters.ts'
import { atTheDoor, firstPassword, password, tryDoor, wrong } from '../sign-in/door.ts'
import { act } from '../support/acts.ts'
import { type Browser, origin } from '../support/browser.ts'
import { addPerson, makeOrganization, minutes, type PersonDetails } from '../support/world.ts'
import { app, begun, codes, codesIn, enroll, give, giveBackup, hiddenOf, phone } from '../two-factor/phone.ts'

type Details = PersonDetails & { password?: string | null; mustChange?: boolean }
type Case = {
  /** Whose it is, and in what browser they are in: with two-factor on where that is wanted. */
  of: Awaited<ReturnType<typeof scene>>
  run: (command: typeof setup, flags?: Record<string, string | boolean>, stdin?: string) => Promise<string[]>
}
/** Does it, and gives what must stand in no letter's row. */
type Deed = (one: Case) => Promise<string[]>

async function scene(details: Details, { twoFactor = false, mailing = true } = {}) {
  const door = await atTheDoor(mailing ? { env: { SMTP_URL: 'smtp://mail.example.org' } } : {})
  const ana = await door.enter(door.ana)
  const mia = await door.add({ first: 'Mia', ...details })
  const hers = await door.enter(mia)
  const second = twoFactor ? await enroll(hers, door.clock) : null
  // A code works once, and the page asks again who it is after ten minutes.
  door.clock.pass(minutes(2))
  return { ...door, admin: ana, mia, hers, second }
}
const chosen = 'seven herons over the weir'
const twice = { password: chosen, password_again: chosen }
const byAdmin =
  (name: string, fields: (of: Case['of']) => Record<string, string> = () => ({})): Deed =>
  async ({ of }) => {
    const answer = await act(of.admin, of.mia, name, fields(of))
    expect(answer.status).toBeLessThan(400)
    return [...answer.html.matchAll(/<code data-copy[^>]*>\s*([^<\s]+)/g)].map(([, shown]) => shown ?? '')
  }
const own = async (browser: Browser, path: string, fields: Record<string, string>) => {
  const answer = await browser.post(path, fields)
  expect(answer.status).toBe(303)
  return answer
}
/** What has no secret. */
const plainly =
  (deed: (one: Case) => Promise<unknown>): Deed =>
  async (one) => {
    await deed(one)
    return []
  }
/** Waits at the second step, in a browser of his own. */
const halfway = async ({ browser, mia }: Case['of']) => {
  const half = browser()
  expect((await tryDoor(half, mia.email)).location).toBe('/sign-in/two-factor')
  return half
}

type Row = [name: string, template: string, deed: Deed, details?: Details, how?: Parameters<typeof scene>[1]]
const on = { twoFactor: true }
const rows: Row[] = [
  [
    'an Admin gives another role',
    'access_changed',
    byAdmin('access', ({ here }) => ({ role: 'viewer', group: shortId(here.defaultGroup) })),
  ],
  ['an Admin suspends', 'membership_suspended', byAdmin('suspend')],
  ['an Admin reactivates', 'membership_reactivated', byAdmin('reactivate'), { suspended: true }],
  ['an Admin removes', 'membership_removed', byAdmin('remove')],
  ['an Admin takes back', 'membership_taken_back', byAdmin('take-back'), { removed: true }],
  ['an Admin sets a last day', 'membership_ending', byAdmin('dates', () => ({ starts_on: '', ends_on: '2026-11-24' }))],
  ['an Admin sends a link', 'reset_link', byAdmin('reset-link')],
  ['an Admin sends a link and stops the password', 'reset_link', byAdmin('reset-link', () => ({ block_now: 'on' }))],
  [
    'an Admin stops the password and hands a link over',
    'password_stopped',
    byAdmin('reset-link', () => ({ block_now: 'on' })),
    {},
    { mailing: false },
  ],
  ['an Admin gives a password', 'password_changed', byAdmin('password', () => ({ how: 'generated' }))],
  ['an Admin resets two-factor', 'two_factor_reset', byAdmin('reset-two-factor'), {}, on],
  ['the operator resets two-factor', 'two_factor_reset', plainly(({ run }) => run(resetTwoFactor)), {}, on],
  [
    'the operator’s link is used',
    'password_changed',
    async ({ of, run }) => {
      const [link = ''] = await run(resetPassword)
      await own(of.browser(), new URL(link).pathname, twice)
      return [link.split('.').at(-1) ?? '']
    },
  ],
  ['the operator makes them support staff', 'support_changed', plainly(({ run }) => run(makeSupport))],
  [
    'the operator makes them the Admin of a new organization',
    'access_changed',
    async ({ of, run }) => {
      const flags = { organization: 'Elsewhere', 'first-name': 'Mia', 'last-name': 'M', email: of.mia.email }
      return run(setup, { ...flags, 'password-stdin': true }, chosen).then(() => [])
    },
  ],
  [
    'they forgot their password',
    'reset_link',
    plainly(({ of }) => own(of.browser(), '/forgotten-password', { email: of.mia.email })),
  ],
  [
    'they replace a first password',
    'password_changed',
    async ({ of }) => {
      const browser = of.browser()
      await tryDoor(browser, of.mia.email, firstPassword)
      await own(browser, '/sign-in/new-password', twice)
      return [chosen, firstPassword]
    },
    { password: firstPassword, mustChange: true },
  ],
  [
    'they change their password',
    'password_changed',
    async ({ of }) => {
      await own(of.hers, '/profile/security/password', { current_password: password, ...twice })
      return [chosen, password]
    },
  ],
  [
    'they turn two-factor on',
    'two_factor_on',
    async ({ of }) => {
      const { phone: hers, codes: saved } = await enroll(of.hers, of.clock)
      return [hers.secret, ...saved]
    },
  ],
  [
    'they replace their app',
    'two_factor_on',
    async ({ of }) => {
      const { secret, enrollment } = await begun(of.hers)
      await own(of.hers, app, { code: phone(secret, of.clock).code(), enrollment })
      return [secret]
    },
    {},
    on,
  ],
  [
    'they turn two-factor off',
    'two_factor_off',
    plainly(({ of }) => own(of.hers, `${app}/off`, { off: 'on' })),
    {},
    on,
  ],
  [
    'they make new backup codes',
    'backup_codes_made',
    async ({ of }) => {
      await own(of.hers, codes, { make: 'on' })
      const { html } = await of.hers.get(codes)
      await own(of.hers, codes, { saved: 'on', enrollment: hiddenOf(html, 'enrollment') })
      return codesIn(html)
    },
    {},
    on,
  ],
  [
    'a backup code is used',
    'backup_code_used',
    async ({ of }) => {
      const [code = ''] = of.second?.codes ?? []
      expect((await giveBackup(await halfway(of), code)).location).toBe('/')
      return [code]
    },
    {},
    on,
  ],
  [
    'a browser signs in that the account didn’t know',
    'new_device',
    async ({ of }) => {
      const [first, other] = [of.browser(), of.browser()]
      await tryDoor(first, of.mia.email)
      await tryDoor(other, of.mia.email)
      return [...first.cookies.values(), ...other.cookies.values()]
    },
  ],
  [
    'a hundred wrong passwords block',
    'account_blocked',
    async ({ of }) => {
      await of.db.updateTable('account').set({ failed_sign_ins: 99 }).where('id', '=', of.mia.accountId).execute()
      await tryDoor(of.browser(), of.mia.email, wrong)
      return [wrong]
    },
  ],
  [
    'ten wrong codes block',
    'account_blocked',
    async ({ of }) => {
      const half = await halfway(of)
      await of.db.updateTable('account').set({ failed_second_steps: 9 }).where('id', '=', of.mia.accountId).execute()
      await give(half, '000000')
      return []
    },
    {},
    on,
  ],
]

describe('one letter, to the right address, that says what to do if it wasn’t they', () => {
  test.each(rows)('%s: %s', async (_, template, deed, details = {}, how) => {
    const of = await scene(details, how)
    const { db, services, clock, mia } = of
    const written = () =>
      db
        .selectFrom('mail')
        .select(['id', 'template', 'to_address', 'data', 'generation'])
        .where((eb) =>
          eb.or([
            eb('to_address', '=', mia.email),
            eb('data', '@>', { account_id: mia.accountId } as never),
            eb('data', '@>', { membership_id: mia.id } as never),
          ]),
        )
        // To those who could help her; the rest is hers.
        .where('template', '<>', 'member_blocked')
        .orderBy('id')
        .execute()
    const before = (await written()).length
    const run: Case['run'] = async (command, flags = {}, stdin = '') => {
      const lines: string[] = []
      await command.run({
        ...services,
        now: clock.now,
        flags,
        words: [mia.email],
        stdin: async () => stdin,
        print: (line) => lines.push(line),
      })
      return lines
    }
    const secrets = await deed({ of, run })
    // A forgotten password is looked after when the answer is gone already.
    await settled()
    const [letter, ...others] = (await written()).slice(before)
    expect(others).toEqual([])
    expect(letter).toMatchObject({ template, to_address: mia.email })

    const data = (letter?.data ?? {}) as Record<string, unknown>
    const known = ['account_id', 'membership_id', 'ends_on', 'left', 'second_step', 'replaced', 'stopped', 'begun']
    expect([...known, 'device', 'address']).toEqual(expect.arrayContaining(Object.keys(data)))
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(8)
      expect(JSON.stringify(letter)).not.toContain(secret)
    }

    const [ready] = await readyWith(services.db, services, letters)([letter?.id ?? ''], clock.now)
    if (!ready || !('message' in ready)) throw new Error(`not sent: ${JSON.stringify(ready)}`)
    expect(ready.message.text).toMatch(/If (it wasn’t you|you didn’t expect this)/)
    for (const [address] of ready.message.text.matchAll(/https?:\S+/g))
      expect(address.startsWith(`${origin}/`)).toBe(true)
  })
})

test('what a letter of a block says is true: of who may end it, and that a new password by a mailed link does', async () => {
  for (const [elsewhere, says, not] of [
    [false, 'can also unblock you', 'can send you such a link'],
    [true, 'can send you such a link', 'unblock you'],
  ] as const) {
    const of = await scene({})
    const { db, services, clock, mia, admin } = of
    if (elsewhere) {
      const other = await makeOrganization(db, 'North Sea Adjusters', clock.now)
      await addPerson(db, other, clock.now, { first: 'Mia', accountId: mia.accountId, email: mia.email })
    }
    await db.updateTable('account').set({ failed_sign_ins: 99 }).where('id', '=', mia.accountId).execute()
    await tryDoor(of.browser(), mia.email, wrong)
    const mail = db.selectFrom('mail').selectAll().where('to_address', '=', mia.email).orderBy('id')
    const read = async (id = '') => {
      const [ready] = await readyWith(services.db, services, letters)([id], clock.now)
      return ready && 'message' in ready ? ready.message.text : ''
    }
    const [blocked] = await mail.execute()
    const text = await read(blocked?.id)
    expect(text).toContain(says)
    expect(text).not.toContain(not)
    expect((await admin.get(`members/${shortId(mia.id)}/unblock`)).status).toBe(elsewhere ? 403 : 200)
    expect((await act(admin, mia, 'reset-link')).status).toBe(200)

    await own(of.browser(), /\/forgotten-password/.exec(text)?.[0] ?? '', { email: mia.email })
    await settled()
    const link = /http:\S+\/reset-password\/\S+/.exec(await read((await mail.execute()).at(-1)?.id))?.[0] ?? ''
    await own(of.browser(), new URL(link).pathname, twice)
    expect((await tryDoor(of.browser(), mia.email, chosen)).location).toBe('/')
  }
})
