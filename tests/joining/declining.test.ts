import { beforeAll, expect, test } from 'vitest'
import { Browser } from '../support/browser.ts'
import { Lynx } from '../support/lynx.ts'
import { organization } from '../support/world.ts'
import { invite, opening, type World } from './invited.ts'

let world: World
beforeAll(async () => {
  world = await organization()
})

test('Nora declines, says why, and is nobody here; Ana is told', async () => {
  const inv = await invite(world)
  const lynx = new Lynx(new Browser(world.app))
  await lynx.open(inv.link())
  await lynx.follow('Decline')
  expect(lynx.page.text).toContain('You won’t join Harbor Claims')
  expect((await inv.now()).status).toBe('pending_activation')
  await lynx.press('Decline', { reason: 'I work elsewhere now' })
  expect(lynx.address).toBe('/join/declined')
  expect(lynx.page.text).toContain('Thank you')
  expect(await inv.now()).toMatchObject({ status: 'rejected', reason: 'I work elsewhere now', approval: 'not_needed' })
  expect(await inv.person()).toMatchObject({
    status: 'removed',
    removed_at: world.clock.now,
    invite: 'rejected',
    account_id: null,
  })
  expect(await inv.events()).toEqual(['invitation.opened', 'invitation.declined'])
  expect(await inv.letters()).toEqual([['invitation_declined', world.ana.person.email]])
  // The address is free for another invitation.
  await invite(world, { email: inv.email })
})

test('without a reason too, but not with one that is too long', async () => {
  const inv = await invite(world)
  const { browser } = await opening(world, inv.link())
  const long = await browser.post('/join/decline', { reason: 'x'.repeat(501) })
  expect([long.status, long.text]).toEqual([422, expect.stringContaining('at most 500')])
  expect((await browser.post('/join/decline', { reason: 'x'.repeat(500) })).status).toBe(303)
  const other = await invite(world)
  expect((await (await opening(world, other.link())).browser.post('/join/decline')).status).toBe(303)
  expect((await other.now()).reason).toBe('')
})

test('a second press finds the link used', async () => {
  const inv = await invite(world)
  const { browser } = await opening(world, inv.link())
  const token = inv.tokenOf()
  const answers = await Promise.all([1, 2, 3, 4].map(() => browser.post('/join/decline', { token })))
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 410, 410, 410])
  expect(await inv.letters()).toHaveLength(1)
})
