import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { hashPassword } from '../../src/passwords/hash.ts'
import type { Connected } from '../../src/platform/database/connect.ts'
import { Browser } from '../support/browser.ts'
import {
  addPerson,
  type Clock,
  clockAt,
  makeOrganization,
  type PersonDetails,
  signedIn,
  startApp,
} from '../support/world.ts'

export const password = 'a long walk by the canal'
export const firstPassword = 'given by somebody else'
export const wrong = 'not the right one at all'
const hashes = new Map<string, Promise<string>>()
const hashOf = (text: string) => {
  let made = hashes.get(text)
  if (!made) hashes.set(text, (made = hashPassword(text)))
  return made
}

type Details = PersonDetails & { password?: string | null; mustChange?: boolean; expires?: Date }

/** An organization whose people come to the door with passwords. Ana is its only Admin unless another is added. */
export async function atTheDoor(options: { database?: Connected; env?: Record<string, string>; clock?: Clock } = {}) {
  const started = startApp(options.database, options.clock ?? clockAt(), options.env)
  const { db, clock, app } = started
  const here = await makeOrganization(db, 'Harbor Claims', clock.now)
  const add = async ({ password: text = password, mustChange = false, expires, ...details }: Details) => {
    const person = await addPerson(db, here, clock.now, details)
    if (person.accountId)
      await db
        .updateTable('account')
        .set({
          password_hash: text === null ? null : await hashOf(text),
          must_change_password: mustChange,
          password_expires_at: expires ?? null,
        })
        .where('id', '=', person.accountId)
        .execute()
    return person as typeof person & { accountId: string }
  }
  const ana = await add({ first: 'Ana', last: 'Admin', role: 'admin' })
  return {
    ...started,
    here,
    add,
    ana,
    browser: (ip?: string) => new Browser(app, `/o/${here.slug}`, ip),
    enter: (person: typeof ana) => signedIn(started, person, here),
    account: (person: { accountId: string }) =>
      db.selectFrom('account').selectAll().where('id', '=', person.accountId).executeTakeFirstOrThrow(),
    sessions: (person: { accountId: string }) =>
      db.selectFrom('session').selectAll().where('account_id', '=', person.accountId).orderBy('created_at').execute(),
    events: async (person: { accountId: string | null }) =>
      (
        await db
          .selectFrom('event')
          .select(['act', 'actor_id', 'changes', 'ip', 'how'])
          .where('subject_id', '=', person.accountId)
          .orderBy('id')
          .execute()
      ).filter((event) => event.act.length > 0),
  }
}

/** Fills in the door's form and presses the button. */
export const tryDoor = (browser: Browser, login: string, text = password, more: Record<string, string> = {}) =>
  browser.post('/sign-in', { login, password: text, ...more })

/** Nobody has this address; it is as long as somebody's, so that pages can be compared. */
export const strangeLogin = (like: string) =>
  // Drawn: ids of one moment begin alike.
  `${randomBytes(8).toString('hex')}${'x'.repeat(64)}`.slice(0, like.indexOf('@')) + like.slice(like.indexOf('@'))

export const acts = (events: { act: string }[]) => events.map((event) => event.act)

export async function expectIn(browser: Browser) {
  const answer = await browser.get('')
  expect(answer.status).toBe(303)
  expect(answer.location).toContain('/members')
}
export async function expectOut(browser: Browser) {
  const answer = await browser.get('')
  expect(answer.status).toBe(303)
  expect(answer.location).toContain('/sign-in')
}
