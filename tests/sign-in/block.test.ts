import { expect, test } from 'vitest'
import { blockAfterFailures } from '../../src/accounts/commands.ts'
import { triesOf } from '../../src/passwords/commands.ts'
import { inTransaction } from '../../src/platform/database/connect.ts'
import { forgetTries } from '../../src/platform/web/limits.ts'
import { OperatorError, operatorCause } from '../../src/tasks/command.ts'
import { command as unblock } from '../../src/tasks/unblock.ts'
import { addPerson, makeOrganization } from '../support/world.ts'
import { acts, atTheDoor, expectIn, expectOut, password, tryDoor, wrong } from './door.ts'

type Door = Awaited<ReturnType<typeof atTheDoor>>

/** As after 99 wrong tries over many hours. */
const afterMany = (door: Door, person: { accountId: string }, count = 99) =>
  door.db.updateTable('account').set({ failed_sign_ins: count }).where('id', '=', person.accountId).execute()

const statusesOf = (door: Door, person: { accountId: string }) =>
  door.db.selectFrom('membership').select('status').where('account_id', '=', person.accountId).orderBy('id').execute()

const run = async (door: Door, ...words: string[]) => {
  const lines: string[] = []
  const { services, clock } = door
  await unblock.run({
    ...services,
    now: clock.now,
    flags: {},
    words,
    stdin: async () => '',
    print: (line) => lines.push(line),
  })
  return lines
}

/** Where somebody signed in types their password: to show that it is they, and to choose another one. */
const behindTheDoor = {
  '/confirm': (text: string) => ({ confirm_password: text }),
  '/profile/security/password': (text: string) => ({
    current_password: text,
    password: 'another walk by the river',
    password_again: 'another walk by the river',
  }),
}

test.each(Object.entries(behindTheDoor))(
  'the hundredth wrong one may be typed at %s, whoever sits there',
  async (path, typed) => {
    const door = await atTheDoor()
    const bo = await door.add({ first: 'Bo' })
    const his = await door.enter(bo)
    await afterMany(door, bo, 98)
    expect((await his.post(path, typed(wrong))).status).toBe(422)
    expect((await door.account(bo)).blocked_at).toBeNull()
    expect(await his.post(path, typed(wrong))).toMatchObject({ status: 303, location: '/' })
    expect((await door.account(bo)).blocked_at).toEqual(door.clock.now)
    await expectOut(his)
    expect((await tryDoor(door.browser(), bo.email)).status).toBe(422)
    // The only Admin waits instead.
    const hers = await door.enter(door.ana)
    await afterMany(door, door.ana)
    expect((await hers.post(path, typed(wrong))).status).toBe(422)
    await expectIn(hers)
  },
)

test('a right one there begins the count anew', async () => {
  const door = await atTheDoor()
  const bo = await door.add({ first: 'Bo' })
  const his = await door.enter(bo)
  for (const [path, typed] of Object.entries(behindTheDoor)) {
    await afterMany(door, bo)
    expect((await his.post(path, typed(password))).status).toBe(303)
    expect((await door.account(bo)).failed_sign_ins).toBe(0)
  }
})

test('a browser that is known has one counter at the door and behind it; strangers at the door delay nobody behind it', async () => {
  const door = await atTheDoor()
  const bo = await door.add({ first: 'Bo' })
  const laptop = door.browser()
  await tryDoor(laptop, bo.email)
  for (let n = 0; n < 9; n++) expect((await laptop.post('/confirm', { confirm_password: wrong })).status).toBe(422)
  for (let n = 0; n < 6; n++) await tryDoor(door.browser(), bo.email, wrong)
  expect((await tryDoor(door.browser(), bo.email)).status).toBe(429)
  expect((await laptop.post('/confirm', { confirm_password: wrong })).status).toBe(422)
  const waits = await laptop.post('/confirm', { confirm_password: password })
  expect([waits.status, waits.headers.get('retry-after')]).toEqual([429, '1'])
  const change = behindTheDoor['/profile/security/password']
  expect((await laptop.post('/profile/security/password', change(password))).status).toBe(429)
  await laptop.post('/sign-out')
  expect((await tryDoor(laptop, bo.email)).status).toBe(429)
  // Somebody else's signed-in browser goes on.
  const other = await door.enter(bo)
  expect((await other.post('/confirm', { confirm_password: password })).status).toBe(303)
})

test('100 wrong tries in a row block an account: its sessions end, every organization sees it, and its owner is written to', async () => {
  const door = await atTheDoor()
  const { add, browser, db, account, sessions, events, clock } = door
  const bo = await add({ first: 'Bo' })
  const elsewhere = await makeOrganization(db, 'North Sea Adjusters', clock.now)
  await addPerson(db, elsewhere, clock.now, { first: 'Bo', accountId: bo.accountId, suspended: true })
  const laptop = browser()
  await tryDoor(laptop, bo.email)
  await afterMany(door, bo, 98)

  await tryDoor(browser(), bo.email, wrong)
  await expectIn(laptop)
  const answer = await tryDoor(browser(), bo.email, wrong)
  expect(answer.status).toBe(422)
  expect((await account(bo)).blocked_at).toEqual(clock.now)
  expect(await sessions(bo)).toEqual([])
  await expectOut(laptop)
  expect(await statusesOf(door, bo)).toEqual([{ status: 'blocked' }, { status: 'blocked' }])
  expect(acts(await events(bo)).at(-1)).toBe('account.blocked')
  const mails = await db.selectFrom('mail').selectAll().where('to_address', '=', bo.email).execute()
  expect(mails).toMatchObject([
    { template: 'account_blocked', state: 'waiting', data: { account_id: bo.accountId }, created_at: clock.now },
  ])

  expect((await tryDoor(laptop, bo.email)).status).toBe(422)
  expect((await tryDoor(browser(), bo.email)).status).toBe(422)
  expect((await account(bo)).failed_sign_ins).toBe(100)
})

test('the right password at the hundredth try blocks nobody', async () => {
  const door = await atTheDoor()
  const bo = await door.add({ first: 'Bo' })
  await afterMany(door, bo)
  expect((await tryDoor(door.browser(), bo.email)).status).toBe(303)
  expect(await door.account(bo)).toMatchObject({ blocked_at: null, failed_sign_ins: 0 })
})

test('the only Admin who can sign in is delayed, never blocked', async () => {
  const door = await atTheDoor()
  const { ana, add, account } = door
  // None of these could take Ana's place today.
  await add({ first: 'Blo', role: 'admin', blocked: true })
  await add({ first: 'Sus', role: 'admin', suspended: true })
  await add({ first: 'End', role: 'admin', endsOn: '2027-01-01' })
  await add({ first: 'Soon', role: 'admin', startsOn: '2027-01-01' })
  await add({ first: 'Gone', role: 'admin', removed: true })
  await add({ first: 'Inv', role: 'admin', invited: true })
  await add({ first: 'Non', role: 'admin', password: null })
  await add({ first: 'Old', role: 'admin', mustChange: true, expires: new Date(0) })
  for (const count of [99, 109, 199]) {
    await afterMany(door, ana, count)
    await forgetTries(door.services.db, triesOf(door.services.key, await account(ana)))
    expect((await tryDoor(door.browser(), ana.email, wrong)).status).toBe(422)
    expect((await account(ana)).blocked_at).toBeNull()
  }
  await add({ first: 'Two', role: 'admin' })
  await afterMany(door, ana)
  await forgetTries(door.services.db, triesOf(door.services.key, await account(ana)))
  await tryDoor(door.browser(), ana.email, wrong)
  expect((await account(ana)).blocked_at).not.toBeNull()
})

test('who is needed in another organization is not blocked either', async () => {
  const door = await atTheDoor()
  const { add, db, clock, browser } = door
  const bo = await add({ first: 'Bo' })
  const elsewhere = await makeOrganization(db, 'North Sea Adjusters', clock.now)
  await addPerson(db, elsewhere, clock.now, { first: 'Bo', accountId: bo.accountId, role: 'admin' })
  await afterMany(door, bo)
  await tryDoor(browser(), bo.email, wrong)
  expect((await door.account(bo)).blocked_at).toBeNull()
})

test('two Admins who are attacked at the same moment don’t both go', async () => {
  for (let round = 0; round < 10; round++) {
    const door = await atTheDoor()
    const two = await door.add({ first: 'Two', role: 'admin' })
    await afterMany(door, door.ana, 100)
    await afterMany(door, two, 100)
    const blocked = await Promise.all(
      [door.ana, two].map((one) =>
        inTransaction(door.services.db, (trx) => blockAfterFailures(trx, operatorCause(door.clock.now), one.accountId)),
      ),
    )
    expect(blocked.toSorted()).toEqual([false, true])
  }
})

test('the operator unblocks: the password is as it was, and nobody has to wait', async () => {
  const door = await atTheDoor()
  const { add, browser, account, events } = door
  const bo = await add({ first: 'Bo', username: `bo-${Date.now()}` })
  await afterMany(door, bo)
  for (let n = 0; n < 5; n++) await tryDoor(browser(), bo.email, wrong)
  expect((await tryDoor(browser(), bo.email)).status).toBe(429)
  expect(await run(door, bo.email.toUpperCase())).toEqual([`${bo.email} is unblocked.`])
  expect(await account(bo)).toMatchObject({ blocked_at: null, failed_sign_ins: 0 })
  expect(await statusesOf(door, bo)).toEqual([{ status: 'active' }])
  expect((await events(bo)).at(-1)).toMatchObject({ act: 'account.unblocked', how: 'operator', actor_id: null })
  expect((await tryDoor(browser(), bo.email, password)).status).toBe(303)

  expect(await run(door, bo.email)).toEqual([`${bo.email} was not blocked. A waiting time, if any, is over.`])
  await expect(run(door, 'nobody@example.org')).rejects.toThrow(
    new OperatorError('No account has the address nobody@example.org.'),
  )
  await expect(run(door)).rejects.toThrow(OperatorError)
})
