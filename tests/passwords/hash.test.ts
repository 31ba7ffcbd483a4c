import { hash } from '@node-rs/argon2'
import { expect, test } from 'vitest'
import { hashPassword, isPassword, needsRehash } from '../../src/passwords/hash.ts'
import { Unavailable } from '../../src/platform/web/failures.ts'
import { atTheDoor, password, tryDoor } from '../sign-in/door.ts'

test('hashes are argon2id with the cost of R-02 and a salt of their own', async () => {
  const [one, two] = [await hashPassword('the same'), await hashPassword('the same')]
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
  expect(one).not.toBe(two)
  expect(await isPassword(one, 'the same')).toBe(true)
  expect(await isPassword(one, 'the same ')).toBe(false)
  expect(await isPassword(null, 'the same')).toBe(false)
})

test('nobody waits behind more than twenty others', async () => {
  const results = await Promise.allSettled(Array.from({ length: 40 }, () => hashPassword('x')))
  const refused = results.filter((one) => one.status === 'rejected')
  expect(refused).toHaveLength(18)
  for (const one of refused) expect(one.reason).toBeInstanceOf(Unavailable)
  expect(await isPassword(await hashPassword('x'), 'x')).toBe(true)
})

test('a crowd at the door: most are asked to come again in a moment, and none of those is counted as wrong', async () => {
  const { add, browser, account } = await atTheDoor()
  const people = []
  for (let n = 0; n < 60; n++) people.push(await add({ first: `P${n}` }))
  const answers = await Promise.all(people.map((person) => tryDoor(browser(), person.email)))
  const statuses = answers.map((one) => one.status)
  expect(new Set(statuses)).toEqual(new Set([303, 503]))
  expect(answers.find((one) => one.status === 503)?.headers.get('retry-after')).toMatch(/^\d+$/)
  for (const person of people) expect((await account(person)).failed_sign_ins).toBe(0)
})

test('a hash of lower cost is made anew at the next sign-in', async () => {
  expect(needsRehash(await hashPassword('x'))).toBe(false)
  const cheap = await hash(password, { memoryCost: 8192, timeCost: 1, parallelism: 1 })
  expect(needsRehash(cheap)).toBe(true)
  expect(needsRehash('$argon2i$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA')).toBe(true)
  expect(needsRehash('')).toBe(true)

  const { ana, browser, account, db } = await atTheDoor()
  await db.updateTable('account').set({ password_hash: cheap }).where('id', '=', ana.accountId).execute()
  expect((await tryDoor(browser(), ana.email)).status).toBe(303)
  expect((await account(ana)).password_hash).toContain('m=19456,t=2,p=1')
  expect((await tryDoor(browser(), ana.email)).status).toBe(303)
})
