import { beforeEach, expect, test } from 'vitest'
import { shortId } from '../../src/platform/ids.ts'
import { hiddenIn } from '../support/acts.ts'
import { days, makeCustomRole, organization, signedIn } from '../support/world.ts'
import { act, at } from './acting.ts'
import { eventsOf, invitationOf, invited, lettersOf, membershipOf } from './invited.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeEach(async () => {
  world = await organization()
})

test('a stranger from another organization gets 404', async () => {
  const ivo = await invited(world)
  expect((await world.stella.post(at(ivo, 'revoke'), { version: '1' })).status).toBe(404)
})

test('Ana revokes it after a page that names the address; whoever was invited leaves the table with all that was laid ready', async () => {
  const lead = await makeCustomRole(world.db, world.here.id, 'Lead', ['claims.view'])
  const ivo = await invited(world, { customRoles: [lead], offers: ['claims.edit'], group: world.intake, manages: true })
  expect((await world.ana.get('members')).html).toContain('>Ivo<')
  expect((await world.ana.get(at(ivo, 'revoke'))).html).toContain(`<b>${ivo.email}</b>`)
  const answer = await act(world.ana, ivo, 'revoke')
  expect(answer).toMatchObject({ status: 303, location: `/o/${world.here.slug}/invitations/${shortId(ivo.id)}` })
  expect(await invitationOf(world, ivo)).toMatchObject({ status: 'revoked', version: 2 })
  expect(await membershipOf(world, ivo)).toMatchObject({
    status: 'removed',
    removed_at: world.clock.now,
    removed_by: world.ana.person.id,
    invite: 'revoked',
    manages_group: false,
    role_ids: [],
  })
  for (const table of ['membership_role', 'membership_permission'] as const)
    expect(await world.db.selectFrom(table).selectAll().where('membership_id', '=', ivo.membership).execute()).toEqual(
      [],
    )
  expect((await world.ana.get('members')).html).not.toContain('>Ivo<')
  expect(await eventsOf(world, ivo)).toEqual([
    {
      act: 'invitation.revoked',
      actor_id: world.ana.person.accountId,
      how: 'screen',
      changes: { status: ['pending_activation', 'revoked'] },
    },
  ])
  expect(await lettersOf(world)).toEqual([])
})

test('what waits for approval and what has expired can be revoked, what has ended otherwise can’t', async () => {
  const waiting = await invited(world, { status: 'pending_approval' })
  const expired = await invited(world)
  world.clock.pass(days(8))
  const ana = await signedIn(world, world.ana.person, world.here)
  for (const one of [waiting, expired]) {
    expect((await act(ana, one, 'revoke')).status).toBe(303)
    expect((await membershipOf(world, one)).status).toBe('removed')
  }
  for (const status of ['rejected', 'revoked'] as const)
    expect((await ana.get(at(await invited(world, { status }), 'revoke'))).status).toBe(403)
})

test('a Group manager revokes in the own group alone', async () => {
  const own = await invited(world, { group: world.intake })
  const other = await invited(world)
  expect((await act(world.gus, own, 'revoke')).status).toBe(303)
  expect((await world.gus.post(at(other, 'revoke'), { version: '1' })).status).toBe(404)
  expect((await invitationOf(world, other)).status).toBe('pending_activation')
})

test('a second press and another tab are told that it changed, and nothing happens twice', async () => {
  const ivo = await invited(world)
  const { html } = await world.ana.get(at(ivo, 'revoke'))
  const fields = hiddenIn(html)
  expect((await world.ana.post(at(ivo, 'revoke'), fields)).status).toBe(303)
  expect((await world.ana.post(at(ivo, 'revoke'), fields)).status).toBe(409)
  expect((await world.ana.post(at(ivo, 'revoke'), {})).status).toBe(403)
  expect(await eventsOf(world, ivo)).toHaveLength(1)
})

test('of those who revoke and those who send it again at the same moment one is first, and the row says which', async () => {
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  for (let round = 0; round < 10; round++) {
    const ivo = await invited(world)
    const answers = await Promise.all([
      world.ana.post(at(ivo, 'revoke'), { version: '1' }),
      bea.post(at(ivo, 'resend'), { version: '1', days: '7' }),
      bea.post(at(ivo, 'revoke'), { version: '1' }),
      world.ana.post(at(ivo, 'resend'), { version: '1', days: '7' }),
    ])
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
    const row = await invitationOf(world, ivo)
    const revoked = answers[0]?.status === 303 || answers[2]?.status === 303
    expect([row.status, row.version]).toEqual([revoked ? 'revoked' : 'pending_activation', 2])
    expect((await membershipOf(world, ivo)).status).toBe(revoked ? 'removed' : 'invited')
    expect(await eventsOf(world, ivo)).toHaveLength(1)
  }
})

test('Ina, who may invite and not look at invitations, is told what became of one that somebody else sent', async () => {
  const ina = await world.enter({ first: 'Ina', permissions: ['members.invite'] })
  const ivo = await invited(world)
  const answer = await act(ina, ivo, 'revoke')
  expect(answer.location).toBe(`/o/${world.here.slug}/invitations/new/sent/${shortId(ivo.id)}`)
  const page = await ina.get(answer.location ?? '')
  expect(page.status).toBe(200)
  expect(page.text).toContain(`${ivo.email} : Revoked.`)
  const swapped = await invited(world)
  const { html } = await ina.get(at(swapped, 'revoke'))
  const fresh = await ina.swap.post(at(swapped, 'revoke'), hiddenIn(html))
  expect(fresh.headers.get('hx-redirect')).toBe(`/o/${world.here.slug}/invitations/new/sent/${shortId(swapped.id)}`)
})

test('from what was revoked Ana invites again, in a form that names the address already, once', async () => {
  const ivo = await invited(world)
  await act(world.ana, ivo, 'revoke')
  const panel = await world.ana.get(`invitations/${shortId(ivo.id)}`)
  const [, again = ''] = /href="([^"]*)">Invite again/.exec(panel.html) ?? []
  expect(again).toBe(`/o/${world.here.slug}/invitations/new?email=${encodeURIComponent(ivo.email)}`)
  const led = await world.ana.get(again)
  expect(led).toMatchObject({ status: 303, location: `/o/${world.here.slug}/invitations/new` })
  expect((await world.ana.get('invitations/new')).html).toContain(`value="${ivo.email}"`)
  expect((await world.ana.get('invitations/new')).html).not.toContain(ivo.email)
})
