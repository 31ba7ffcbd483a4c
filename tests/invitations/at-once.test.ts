import { beforeAll, expect, test } from 'vitest'
import { signLink } from '../../src/platform/links.ts'
import { chosen, opening } from '../joining/invited.ts'
import { Browser } from '../support/browser.ts'
import { organization } from '../support/world.ts'
import { at } from './acting.ts'
import { eventsOf, invitationOf, invited, membershipOf } from './invited.ts'

/** `ROUNDS=200` for a long look. */
const rounds = Number(process.env.ROUNDS ?? 8)

let world: Awaited<ReturnType<typeof organization>>
beforeAll(async () => {
  world = await organization()
})

const linkOf = (ivo: { id: string }, generation: number) =>
  `/join/${signLink({ kind: 'invitation', id: ivo.id, generation, channel: 'mail' }, world.services.key)}`

test('sent again, the old link leads nowhere and the new one in', async () => {
  const ivo = await invited(world)
  await world.ana.post(at(ivo, 'resend'), { version: '1', days: '7' })
  const old = await opening(world, linkOf(ivo, 1))
  expect(old.page.html).not.toContain('name="password"')
  const { page } = await opening(world, linkOf(ivo, 2))
  expect(page.html).toContain('name="password"')
})

test('of those who accept, revoke, send it again and correct it at the same moment one is first, and all rows agree', async () => {
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  const won = new Map<string, number>()
  for (let round = 0; round < rounds; round++) {
    const ivo = await invited(world)
    const guest = new Browser(world.app)
    await opening(world, linkOf(ivo, 1), guest)
    const answers = await Promise.all([
      guest.post('/join', chosen),
      world.ana.post(at(ivo, 'revoke'), { version: '1' }),
      bea.post(at(ivo, 'resend'), { version: '1', days: '7' }),
      bea.post(at(ivo, 'address'), { version: '1', days: '7', email: `right.${ivo.id}@example.org` }),
    ])
    const [accepted, revoked, resent, corrected] = answers.map(({ status }) => status === 303)
    const row = await invitationOf(world, ivo)
    const member = await membershipOf(world, ivo)
    // Somebody who loses every turn is told to come again; nobody gets an error.
    for (const { status } of answers) expect([303, 403, 409, 410, 503]).toContain(status)
    expect([accepted, revoked, resent, corrected].filter(Boolean)).toHaveLength(1)
    const status = accepted ? 'active' : revoked ? 'revoked' : 'pending_activation'
    expect([row.status, row.version]).toEqual([status, 2])
    expect([member.status, member.invite]).toEqual([
      accepted ? 'active' : revoked ? 'removed' : 'invited',
      accepted ? 'active' : revoked ? 'revoked' : 'pending_activation',
    ])
    expect(member.email_key).toBe(row.email_key)
    const acts = (await eventsOf(world, ivo)).map(({ act }) => act).filter((act) => act !== 'invitation.opened')
    expect(acts).toHaveLength(1)
    won.set(acts[0] ?? '', (won.get(acts[0] ?? '') ?? 0) + 1)
  }
})
