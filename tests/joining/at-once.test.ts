import { beforeAll, expect, test } from 'vitest'
import { Browser } from '../support/browser.ts'
import { days, organization, signedIn } from '../support/world.ts'
import { chosen, elsewhere, type Invitation, invite, named, type World } from './invited.ts'

/** `ROUNDS=200` for a long look. */
const rounds = Number(process.env.ROUNDS ?? 3)
const crowd = 20

let world: World
beforeAll(async () => {
  world = await organization()
})

/** Twenty browsers with the link open, each with its own address. */
const browsers = (inv: Invitation) =>
  Array.from({ length: crowd }, () => {
    const browser = new Browser(world.app)
    browser.cookies.set('join', inv.tokenOf())
    return browser
  })

const places = (inv: Invitation) =>
  world.db
    .selectFrom('membership')
    .select('account_id')
    .where('organization_id', '=', world.here.id)
    .where('email_key', '=', inv.email)
    .where('removed_at', 'is', null)
    .execute()

async function expectOne(inv: Invitation, statuses: number[]) {
  expect(statuses.filter((status) => status === 303)).toHaveLength(1)
  // Who finds the gate for hashes full, or loses every turn, is told to come again; nobody gets an error.
  expect(statuses.filter((status) => ![303, 410, 429, 503].includes(status))).toEqual([])
  expect(await places(inv)).toHaveLength(1)
  expect((await inv.events()).filter((act) => act === 'invitation.accepted')).toHaveLength(1)
  expect((await inv.letters()).filter(([template]) => template === 'invitation_accepted')).toHaveLength(1)
}

test('of twenty who are new and accept at once, one is in', async () => {
  for (let n = 0; n < rounds; n++) {
    const inv = await invite(world)
    const answers = await Promise.all(browsers(inv).map((one) => one.post('/join', chosen)))
    await expectOne(
      inv,
      answers.map(({ status }) => status),
    )
  }
}, 600_000)

test('of twenty presses by one account, one joins', async () => {
  for (let n = 0; n < rounds; n++) {
    const else_ = await elsewhere(world)
    const inv = await invite(world, { email: else_.email })
    const hers = await signedIn(world, else_, world.elsewhere)
    const answers = await Promise.all(
      browsers(inv).map((one) => {
        for (const [name, value] of hers.cookies) one.cookies.set(name, value)
        return one.post('/join', named)
      }),
    )
    await expectOne(
      inv,
      answers.map(({ status }) => status),
    )
    expect(await places(inv)).toEqual([{ account_id: else_.accountId }])
  }
}, 600_000)

test('accepting and declining at once: one of both', async () => {
  for (let n = 0; n < rounds; n++) {
    const inv = await invite(world)
    const answers = await Promise.all(
      browsers(inv).map((one, m) => (m % 2 ? one.post('/join', chosen) : one.post('/join/decline', {}))),
    )
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
    const joined = (await places(inv)).length
    expect((await inv.now()).status).toBe(joined ? 'active' : 'rejected')
  }
}, 600_000)

test('across the instant at which it expires, with others accepting theirs: in time, or not at all', async () => {
  for (let n = 0; n < rounds; n++) {
    const own = await organization()
    const invited = await Promise.all(Array.from({ length: 8 }, (_, m) => invite(own, { validity: days(1) + (m % 4) })))
    own.clock.pass(days(1))
    const answers = await Promise.all(
      invited.map((inv) => {
        const browser = new Browser(own.app)
        browser.cookies.set('join', inv.tokenOf())
        own.clock.pass(1)
        return browser.post('/join', chosen)
      }),
    )
    for (const [m, inv] of invited.entries()) {
      const { status, accepted_at, expires_at } = await inv.now()
      const isIn = answers[m]?.status === 303
      expect(status).toBe(isIn ? 'active' : 'pending_activation')
      if (isIn) expect(accepted_at?.getTime()).toBeLessThan(expires_at?.getTime() ?? 0)
    }
  }
}, 600_000)
