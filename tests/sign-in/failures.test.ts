import { expect, test } from 'vitest'
import { countTry, limitKey, perLogin } from '../../src/platform/web/limits.ts'
import { freshDatabase } from '../support/database.ts'
import { hours } from '../support/world.ts'
import { acts, atTheDoor, firstPassword, password, strangeLogin, tryDoor, wrong } from './door.ts'

/** Everybody whom the door refuses, with what they type. Each login is written with as many letters. */
async function refused(options: Parameters<typeof atTheDoor>[0] = {}) {
  const door = await atTheDoor(options)
  const { ana, add, clock } = door
  const email = (name: string) => `${name}.${ana.email.slice(-20)}`
  const make = (name: string, details: Parameters<typeof add>[0]) =>
    add({ first: name, email: email(name), ...details })
  const anna = await make('anna', {})
  return {
    ...door,
    anna,
    people: {
      'a wrong password': { login: (await make('real', {})).email, text: wrong },
      'nobody with this address': { login: strangeLogin(anna.email), text: wrong },
      'blocked, with the right password': { login: (await make('bloc', { blocked: true })).email, text: password },
      'blocked, with a wrong one': { login: (await make('blok', { blocked: true })).email, text: wrong },
      'invited, and never joined': { login: (await make('invi', { invited: true })).email, text: password },
      'without a password': { login: (await make('none', { password: null })).email, text: password },
      'suspended, with a wrong password': { login: (await make('susp', { suspended: true })).email, text: wrong },
      'with a first password that is too old': {
        login: (
          await make('late', {
            password: firstPassword,
            mustChange: true,
            expires: new Date(clock.now.getTime() - hours(1)),
          })
        ).email,
        text: firstPassword,
      },
    },
  }
}

test('every refusal is the same answer, to the byte (R-03)', async () => {
  const { people, browser, anna } = await refused()
  const seen = new Set<string>()
  for (const [who, { login, text }] of Object.entries(people)) {
    expect(login.length, who).toBe(anna.email.length)
    const answer = await tryDoor(browser(), login, text, { next: '/o/somewhere' })
    expect(answer.status, who).toBe(422)
    expect(answer.text).toContain('Email or password is wrong. If your account is blocked, we have written to you.')
    expect(answer.html).toContain(`value="${login}"`)
    expect(answer.html).not.toContain(text)
    seen.add(JSON.stringify([answer.html.replaceAll(login, 'LOGIN'), [...answer.headers]]))
  }
  expect(seen.size).toBe(1)
})

test('every refusal asks the database the same (R-04)', async () => {
  const asked: string[] = []
  const database = await freshDatabase({ onQuery: (text) => asked.push(text) })
  const { people, browser } = await refused({ database })
  const seen = new Map<string, string>()
  for (const [who, { login, text }] of Object.entries(people)) {
    const visitor = browser()
    asked.length = 0
    await tryDoor(visitor, login, text)
    // Who it is with the count of tries, and what the log is told.
    expect(asked).toHaveLength(2)
    seen.set(asked.join('\n'), who)
  }
  expect([...seen.values()]).toHaveLength(1)
  await database.close()
})

test('a delay is the same for everybody, too', async () => {
  const { people, browser, services, clock } = await refused()
  const seen = new Set<string>()
  for (const { login, text } of Object.values(people)) {
    const row = limitKey(services.key, perLogin, login)
    for (let n = 0; n < 4; n++) await countTry(services.db, row, perLogin, clock.now)
    await tryDoor(browser(), login, text)
    const answer = await tryDoor(browser(), login, text)
    expect(answer.status).toBe(429)
    seen.add(JSON.stringify([answer.html.replaceAll(login, 'LOGIN'), [...answer.headers]]))
  }
  expect(seen.size).toBe(1)
})

test('what failed is in the log, without what was typed (R-48, R-49)', async () => {
  const { people, browser, db, log, clock } = await refused({ database: await freshDatabase() })
  for (const { login, text } of Object.values(people)) await tryDoor(browser(), login, text)
  const events = await db.selectFrom('event').selectAll().execute()
  expect(events).toHaveLength(Object.keys(people).length)
  for (const event of events)
    expect(event).toMatchObject({
      act: 'sign_in.failed',
      actor_id: null,
      subject: 'account',
      at: clock.now,
      changes: {},
    })
  const kept = JSON.stringify([events, log, await db.selectFrom('try_count').selectAll().execute()])
  for (const { login, text } of Object.values(people)) {
    expect(kept).not.toContain(login)
    expect(kept).not.toContain(text)
  }
  expect(log).toEqual([])
})

test('somebody suspended signs in, and is told by a page whom to ask', async () => {
  const { add, browser, here, ana } = await atTheDoor()
  const sue = await add({ first: 'Sue', suspended: true })
  const hers = browser()
  expect((await tryDoor(hers, sue.email)).status).toBe(303)
  const page = await hers.get(`/o/${here.slug}`)
  expect(page.status).toBe(403)
  expect(page.text).toContain(ana.email)
})

test('failures are counted on the account, and a success ends the count', async () => {
  const { ana, browser, account, events } = await atTheDoor()
  for (let n = 0; n < 3; n++) await tryDoor(browser(), ana.email, wrong)
  expect((await account(ana)).failed_sign_ins).toBe(3)
  await tryDoor(browser(), ana.email)
  expect((await account(ana)).failed_sign_ins).toBe(0)
  expect(acts(await events(ana))).toEqual(['sign_in.failed', 'sign_in.failed', 'sign_in.failed', 'sign_in.succeeded'])
})
