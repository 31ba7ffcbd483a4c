import { beforeEach, expect, test } from 'vitest'
import { OperatorError } from '../../src/tasks/command.ts'
import { command } from '../../src/tasks/make-support.ts'
import { act } from '../support/acts.ts'
import { Browser } from '../support/browser.ts'
import { days, organization, signedIn } from '../support/world.ts'
import type { World } from './sam.ts'

let world: World
beforeEach(async () => {
  world = await organization()
})

async function run(email: string, flags: Record<string, boolean> = {}) {
  const lines: string[] = []
  await command.run({
    ...world.services,
    now: world.clock.now,
    flags,
    words: [email],
    stdin: async () => '',
    print: (line) => lines.push(line),
  })
  return lines
}
const chosen = { password: 'seven herons over the weir', password_again: 'seven herons over the weir' }
const accountOf = (email: string) =>
  world.db.selectFrom('account').selectAll().where('email_key', '=', email).executeTakeFirstOrThrow()

test('the operator makes Sam support staff: he chooses a password by the link, signs in and lands on /support', async () => {
  const [link = ''] = await run('sam@support.example')
  const browser = new Browser(world.app)
  world.clock.pass(days(2))
  expect((await browser.post(new URL(link).pathname, chosen)).status).toBe(303)
  const door = await browser.post('/sign-in', { login: 'Sam@support.example', password: chosen.password })
  expect(door.location).toBe('/')
  expect((await browser.get('/')).location).toBe('/support')
  expect((await browser.get('/support')).location).toBe('/support/invitations')
  const page = await browser.get('/support/invitations')
  expect(page.status).toBe(200)
  expect(page.html).toContain('href="/support" aria-current="true"')

  expect(await run('sam@support.example', { end: true })).toEqual(['sam@support.example is no longer support staff.'])
  expect((await browser.get('/support/invitations')).status).toBe(404)
  await expect(run('sam@support.example', { end: true })).rejects.toThrow(OperatorError)
})

test('who has an account and a password keeps both, and loses what their organization gave', async () => {
  const mia = world.mia.person
  await world.db
    .updateTable('account')
    .set({
      password_hash: 'x',
      reset_expires_at: new Date(world.clock.now.getTime() + 1000),
      new_email: 'door@example.org',
      new_email_key: 'door@example.org',
      new_email_by: world.here.id,
      new_email_expires_at: new Date(world.clock.now.getTime() + 1000),
    })
    .where('id', '=', mia.accountId ?? '')
    .execute()
  expect(await run(mia.email.toUpperCase())).toEqual([expect.stringContaining('with the password that they have')])
  expect(await accountOf(mia.email)).toMatchObject({
    email: mia.email,
    is_support: true,
    password_hash: 'x',
    reset_expires_at: null,
    new_email: null,
  })
  // Her first page is still that of her organization.
  expect((await world.mia.get('/')).location).toContain(world.here.slug)
  expect((await world.mia.get('/support/invitations')).status).toBe(200)
})

test('a first password that somebody else knows opens nothing anymore', async () => {
  const nat = await world.add({ first: 'Nat' })
  await world.db
    .updateTable('account')
    .set({ password_hash: 'x', must_change_password: true })
    .where('id', '=', nat.accountId ?? '')
    .execute()
  const browser = await signedIn(world, nat, world.here)
  const [line] = await run(nat.email)
  expect(line).toContain('/reset-password/')
  expect(await accountOf(nat.email)).toMatchObject({ password_hash: null, must_change_password: false })
  expect((await browser.get('')).location).toContain('/sign-in')
})

test('no organization changes how support staff sign in, whatever they are there', async () => {
  const nat = await world.add({ first: 'Nat' })
  await run(nat.email)
  for (const name of ['password', 'reset-link', 'account', 'sign-out', 'unblock']) {
    const page = await world.ana.get(`members/${nat.id}/${name}`)
    expect([name, page.status]).toEqual([name, 403])
    expect((await act(world.ana, nat, name, { version: '1' })).status).toBe(403)
  }
  expect((await world.ana.get(`members/${nat.id}`)).text).not.toContain('Change password')
})

test('nonsense is refused with a sentence', async () => {
  await expect(run('nobody')).rejects.toThrow('Enter an email address')
})
