import { expect, onTestFinished, test } from 'vitest'
import { hashPassword } from '../../src/passwords/hash.ts'
import { freshDatabase } from '../support/database.ts'
import { hasLynx, RealLynx } from '../support/real-lynx.ts'
import { phone } from '../two-factor/phone.ts'
import { openWorld } from './support/place.ts'

const password = 'a long walk by the canal'

/** The code of the step before is right until this one ends: enough of it must be left to type it in, on a busy machine too. */
async function earlyInAStep() {
  const left = 30_000 - (Date.now() % 30_000)
  if (left < 20_000) await new Promise((resolve) => setTimeout(resolve, left + 50))
}

test.skipIf(!hasLynx)('in lynx itself: two-factor from start to end, and the way in with it', async () => {
  const world = await openWorld(await freshDatabase())
  onTestFinished(() => world.close())
  const person = await world.add({ first: 'Nora', last: 'Quist', role: 'viewer' })
  await world.db
    .updateTable('account')
    .set({ password_hash: await hashPassword(password) })
    .where('id', '=', person.accountId)
    .execute()
  const lynx = new RealLynx(`${world.origin}/profile/security`)
  onTestFinished(() => lynx.close())
  const signIn = async () => {
    await lynx.see('Email or username')
    await lynx.type('Email or username', person.email)
    await lynx.type('Password', password)
    await lynx.press('Sign in')
  }
  await signIn()
  await lynx.see('Whoever learns your password can sign in as you')
  // Somebody who has been in for long is asked first.
  await world.db
    .updateTable('session')
    .set({ confirmed_at: new Date(Date.now() - 11 * 60_000) })
    .where('account_id', '=', person.accountId)
    .execute()
  await lynx.press('Turn on two-factor')
  await lynx.see('Confirm that it is you')
  await lynx.type('Your password', password)
  await lynx.press('Confirm')
  await lynx.see('The secret, to type in')
  const secret = /The secret, to type in[^\n]*\s+((?:[A-Z2-7]{4}\s+){7}[A-Z2-7]{4})/
    .exec(lynx.screen)?.[1]
    ?.replace(/\s/g, '')
  expect(secret).toMatch(/^[A-Z2-7]{32}$/)
  const hers = phone(secret ?? '', world.clock)
  await lynx.type('Code', '000000')
  await lynx.press('Confirm the code')
  await lynx.see('This code isn’t right')
  await earlyInAStep()
  await lynx.type('Code', hers.code(-30_000))
  await lynx.press('Confirm the code')
  await lynx.see('Save your backup codes')
  const codes = lynx.screen.match(/[0-9A-Z]{5}-[0-9A-Z]{5}/g) ?? []
  expect(new Set(codes).size).toBe(10)
  await lynx.press('Turn on two-factor')
  await lynx.see('Tick that you have saved the codes')
  await lynx.tick('I have saved these codes')
  await lynx.press('Turn on two-factor')
  await lynx.see('10 of 10 are left')

  await lynx.press('Sign out')
  await lynx.see('Email or username')
  await signIn()
  await lynx.see('Enter your code')
  await lynx.type('Code', hers.code())
  await lynx.press('Sign in')
  await lynx.see('Permissions')
  const { two_factor_at } = await world.db
    .selectFrom('account')
    .select('two_factor_at')
    .where('id', '=', person.accountId)
    .executeTakeFirstOrThrow()
  expect(two_factor_at).not.toBeNull()
})
