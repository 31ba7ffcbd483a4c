import { beforeEach, expect, test } from 'vitest'
import { readLink, signLink } from '../../src/platform/links.ts'
import { days, organization, signedIn } from '../support/world.ts'
import { act, at } from './acting.ts'
import { allowOnly, eventsOf, invitationOf, invited, lettersOf } from './invited.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeEach(async () => {
  world = await organization()
})

const tokenIn = (html: string) => /\/join\/([\w.-]+)/.exec(html)?.[1] ?? ''

test('a stranger from another organization gets 404', async () => {
  const ivo = await invited(world)
  expect((await world.stella.post(at(ivo, 'link'), { version: '1' })).status).toBe(404)
})

test('Ana copies the present link: shown once, kept by nobody, of a channel that doesn’t prove the address', async () => {
  const ivo = await invited(world)
  const { text } = await world.ana.get(at(ivo, 'link'))
  expect(text).toContain('it stops when you leave the organization')
  const answer = await act(world.ana, ivo, 'link')
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
  const token = tokenIn(answer.html)
  const { key } = world.services
  expect(readLink('invitation', token, key)).toEqual({
    kind: 'invitation',
    id: ivo.id,
    generation: 1,
    channel: 'copy',
    by: world.ana.person.id,
  })
  expect(answer.html).toContain(`<code data-copy="true" translate="no">http://localhost:3000/join/${token}</code>`)
  // Nothing was sent, and the link in the mail works on.
  expect(await invitationOf(world, ivo)).toMatchObject({ generation: 1, version: 1 })
  expect(await lettersOf(world)).toEqual([])
  expect(await eventsOf(world, ivo)).toEqual([
    { act: 'invitation.link_copied', actor_id: world.ana.person.accountId, how: 'screen', changes: {} },
  ])
  expect(JSON.stringify([await eventsOf(world, ivo), world.log])).not.toContain(token)
})

test('after it was sent again the old link’s generation is no longer the present one', async () => {
  const ivo = await invited(world)
  const token = tokenIn((await act(world.ana, ivo, 'link')).html)
  await act(world.ana, ivo, 'resend')
  const row = await invitationOf(world, ivo)
  expect(readLink('invitation', token, world.services.key)?.generation).toBe(1)
  expect(row.generation).toBe(2)
  const by = world.ana.person.id
  const link = { kind: 'invitation', id: ivo.id, generation: row.generation, channel: 'copy', by } as const
  expect(tokenIn((await act(world.ana, ivo, 'link')).html)).toBe(signLink(link, world.services.key))
})

test('only of what can be accepted: to the very instant, and of nothing that waits, has ended or lost whoever answers for it', async () => {
  const ivo = await invited(world)
  world.clock.now = new Date(world.clock.now.getTime() + days(7) - 1)
  const ana = await signedIn(world, world.ana.person, world.here)
  expect((await act(ana, ivo, 'link')).status).toBe(200)
  world.clock.pass(1)
  const late = await ana.post(at(ivo, 'link'), { version: '1' })
  expect([late.status, late.text]).toEqual([403, expect.stringContaining('It has expired')])
  for (const status of ['pending_approval', 'rejected', 'revoked'] as const)
    expect((await ana.post(at(await invited(world, { status }), 'link'), { version: '1' })).status).toBe(403)
  const gone = await world.add({ first: 'Gone', role: 'admin', suspended: true })
  const answer = await ana.get(at(await invited(world, { by: gone }), 'link'))
  expect([answer.status, answer.text]).toEqual([403, expect.stringContaining('Send it again')])
})

test('a link of a form that is older than the last sending isn’t shown', async () => {
  const ivo = await invited(world)
  await act(world.ana, ivo, 'resend')
  expect((await world.ana.post(at(ivo, 'link'), { version: '1' })).status).toBe(409)
})

test('to a domain that isn’t allowed anymore there is no link either', async () => {
  const ivo = await invited(world)
  await allowOnly(world, 'harbor.example')
  const answer = await world.ana.post(at(ivo, 'link'), { version: '1' })
  expect([answer.status, answer.text]).toEqual([403, expect.stringContaining('Only addresses of harbor.example')])
  expect(answer.html).not.toContain('/join/')
})
