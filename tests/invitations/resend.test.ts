import { beforeEach, describe, expect, test } from 'vitest'
import { sendAnew } from '../../src/invitations/send-anew.ts'
import { asInvitation, invitationRow } from '../../src/invitations/to-change.ts'
import { hiddenIn } from '../support/acts.ts'
import { clockAt, days, minutes, organization, signedIn } from '../support/world.ts'
import { act, at } from './acting.ts'
import { allowOnly, eventsOf, invitationOf, invited, lettersOf, membershipOf } from './invited.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeEach(async () => {
  world = await organization()
})

const asks = (rule: 'never' | 'unless_admin' | 'always') =>
  world.db.updateTable('organization').set({ invitation_approval: rule }).where('id', '=', world.here.id).execute()

test('a stranger from another organization gets the same 404 as for nobody, and who may not invite is refused', async () => {
  const ivo = await invited(world)
  for (const name of ['resend', 'revoke', 'address', 'link']) {
    for (const ask of [world.stella.get(at(ivo, name)), world.stella.post(at(ivo, name), {})])
      expect((await ask).status).toBe(404)
    for (const ask of [world.stella.get(`/o/${world.elsewhere.slug}/${at(ivo, name)}`)])
      expect((await ask).status).toBe(404)
    for (const browser of [world.vera, world.mia])
      for (const ask of [browser.get(at(ivo, name)), browser.post(at(ivo, name), { version: '1' })])
        expect((await ask).status).toBe(403)
    // Not in their group.
    expect((await world.gus.get(at(ivo, name))).status).toBe(404)
  }
  expect(await invitationOf(world, ivo)).toMatchObject({ status: 'pending_activation', generation: 1, version: 1 })
})

test('Ana sends it again: the page names the address, and there is a new link, a new validity and a letter', async () => {
  const ivo = await invited(world, { validDays: 14 })
  world.clock.pass(minutes(30))
  const { html } = await world.ana.get(at(ivo, 'resend'))
  expect(html).toContain(`<b>${ivo.email}</b>`)
  expect(html).toMatch(/id="days"[^>]*value="14"/)
  const answer = await act(world.ana, ivo, 'resend', { days: '3' })
  expect(answer).toMatchObject({ status: 303, location: `/o/${world.here.slug}/${at(ivo, '').slice(0, -1)}` })
  const expires_at = new Date(world.clock.now.getTime() + days(3))
  expect(await invitationOf(world, ivo)).toMatchObject({
    status: 'pending_activation',
    approval: 'not_needed',
    generation: 2,
    expires_at,
    valid_days: 3,
    last_sent_at: world.clock.now,
    reminded_at: null,
    resend_day: '2026-11-22',
    resends: 1,
    invited_by: world.ana.person.id,
    version: 2,
  })
  expect(await membershipOf(world, ivo)).toMatchObject({
    status: 'invited',
    invite: 'pending_activation',
    invite_expires_at: expires_at,
  })
  expect(await lettersOf(world)).toMatchObject([
    { template: 'invitation', to_address: ivo.email, invitation_id: ivo.id, generation: 2 },
  ])
  expect(await eventsOf(world, ivo)).toEqual([
    { act: 'invitation.resent', actor_id: world.ana.person.accountId, how: 'screen', changes: {} },
  ])
})

test('with htmx the answer is the fresh panel and what was done', async () => {
  const ivo = await invited(world)
  const form = await world.ana.swap.get(at(ivo, 'resend'))
  const answer = await world.ana.swap.post(at(ivo, 'resend'), { ...hiddenIn(form.html), days: '7' })
  expect(answer.status).toBe(200)
  expect(answer.html).toContain('data-said="It has a new link. Nothing was sent: copy the link."')
})

test('an expired one comes alive again, at the very instant too, in the same place', async () => {
  const ivo = await invited(world)
  world.clock.pass(days(7))
  const ana = await signedIn(world, world.ana.person, world.here)
  expect((await act(ana, ivo, 'resend')).status).toBe(303)
  expect(await membershipOf(world, ivo)).toMatchObject({ status: 'invited', invite: 'pending_activation' })
  const stored = await invited(world, { status: 'expired' })
  expect((await act(ana, stored, 'resend')).status).toBe(303)
  expect(await invitationOf(world, stored)).toMatchObject({ status: 'pending_activation', generation: 2 })
  expect((await eventsOf(world, stored))[0]?.changes).toEqual({ status: ['expired', 'pending_activation'] })
})

test('what has ended, waits for approval, or was overtaken isn’t sent again', async () => {
  for (const status of ['rejected', 'revoked'] as const) {
    const ended = await invited(world, { status })
    const answer = await world.ana.get(at(ended, 'resend'))
    expect([answer.status, answer.text]).toEqual([403, expect.stringContaining('A new one is the way')])
    expect((await world.ana.post(at(ended, 'resend'), { version: '1', days: '7' })).status).toBe(403)
  }
  const waiting = await invited(world, { status: 'pending_approval' })
  expect((await world.ana.get(at(waiting, 'resend'))).text).toContain('It waits for approval')
  const old = await invited(world, { status: 'expired' })
  world.clock.pass(minutes(1))
  const next = await invited(world)
  await world.db.updateTable('invitation').set({ membership_id: old.membership }).where('id', '=', next.id).execute()
  expect((await world.ana.get(at(old, 'resend'))).text).toContain('They were invited again since')
  const removed = await invited(world, { removed: true, status: 'expired' })
  expect((await world.ana.get(at(removed, 'resend'))).text).toContain('aren’t in the list of members')
})

test('a wrong number of days comes back beside its field with what was typed', async () => {
  const ivo = await invited(world)
  for (const wrong of ['0', '61', '-1', '1.5', 'x', '']) {
    const answer = await act(world.ana, ivo, 'resend', { days: wrong })
    expect([answer.status, answer.html]).toEqual([422, expect.stringContaining('id="days-error"')])
  }
  expect((await act(world.ana, ivo, 'resend', { status: 'active' })).status).toBe(400)
  expect(await invitationOf(world, ivo)).toMatchObject({ generation: 1 })
})

test('a second press sends nothing more, and says so', async () => {
  const ivo = await invited(world)
  const { html } = await world.ana.get(at(ivo, 'resend'))
  const fields = { ...hiddenIn(html), days: '7' }
  expect((await world.ana.post(at(ivo, 'resend'), fields)).status).toBe(303)
  const again = await world.ana.post(at(ivo, 'resend'), fields)
  expect([again.status, again.text]).toEqual([409, expect.stringContaining('nothing was sent now')])
  expect(await invitationOf(world, ivo)).toMatchObject({ generation: 2, resends: 1 })
  expect(await lettersOf(world)).toHaveLength(1)
})

test('of twelve who press at the same moment one sends it', async () => {
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  const ivo = await invited(world)
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      (n % 2 ? bea : world.ana).post(at(ivo, 'resend'), { version: '1', days: '7' }),
    ),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([303, ...Array(11).fill(409)])
  expect(await invitationOf(world, ivo)).toMatchObject({ generation: 2, resends: 1 })
  expect(await lettersOf(world)).toHaveLength(1)
})

test('five times a day in UTC, whoever presses; the sixth is told when it works again, and midnight opens it', async () => {
  world = await organization({ clock: clockAt('2026-11-22T23:00:00.000Z') })
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  const ivo = await invited(world)
  for (let n = 0; n < 5; n++) expect((await act(n % 2 ? bea : world.ana, ivo, 'resend')).status).toBe(303)
  expect((await world.ana.get(at(ivo, 'resend'))).text).toContain('at most 5 times a day')
  const sixth = await world.ana.post(at(ivo, 'resend'), { version: '6', days: '7' })
  expect([sixth.status, sixth.headers.get('retry-after')]).toEqual([429, '3600'])
  expect(sixth.html).toContain('datetime="2026-11-23 00:00Z"')
  const corrected = await world.ana.post(at(ivo, 'address'), { version: '6', days: '7', email: 'new@example.org' })
  expect(corrected.status).toBe(429)
  expect(await invitationOf(world, ivo)).toMatchObject({ generation: 6, resends: 5 })
  world.clock.now = new Date('2026-11-22T23:59:59.999Z')
  expect((await world.ana.post(at(ivo, 'resend'), { version: '6', days: '7' })).status).toBe(429)
  world.clock.now = new Date('2026-11-23T00:00:00.000Z')
  expect((await act(world.ana, ivo, 'resend')).status).toBe(303)
  expect(await invitationOf(world, ivo)).toMatchObject({ resend_day: '2026-11-23', resends: 1, generation: 7 })
})

test('a domain that isn’t allowed anymore is told, and nothing goes there', async () => {
  const ivo = await invited(world)
  await allowOnly(world, 'harbor.example')
  const answer = await act(world.ana, ivo, 'resend')
  expect([answer.status, answer.text]).toEqual([422, expect.stringContaining('Only addresses of harbor.example')])
  expect(await lettersOf(world)).toEqual([])
})

describe('who could not give all of it', () => {
  test('doesn’t send it: a Group manager of what goes beyond the group, an inviter of what they don’t hold', async () => {
    const lead = await invited(world, { group: world.intake, manages: true })
    const refused = await world.gus.get(at(lead, 'resend'))
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('more than a place in your group')])
    expect((await world.gus.post(at(lead, 'resend'), { version: '1', days: '7' })).status).toBe(403)
    const own = await invited(world, { group: world.intake })
    expect((await act(world.gus, own, 'resend')).status).toBe(303)

    const inviter = await world.enter({ first: 'Ines', permissions: ['members.invite'] })
    const admin = await invited(world, { role: 'admin' })
    for (const name of ['resend', 'address', 'link']) {
      const answer = await inviter.post(at(admin, name), { version: '1', days: '7', email: 'ines@evil.example' })
      expect([403, 400]).toContain(answer.status)
      expect((await inviter.get(at(admin, name))).text).toContain('You can’t give what it offers')
    }
    expect(await invitationOf(world, admin)).toMatchObject({ generation: 1, email: admin.email })
  })

  test('a role that was deleted since is left out, and the page says so; without its group there is nothing to give', async () => {
    const { defaultGroup } = world.here
    const gone = '01980000-0000-7000-8000-000000000000'
    const offers = (offer: object) =>
      world.db.updateTable('invitation').set({ offer }).where('id', '=', ivo.id).execute()
    const ivo = await invited(world)
    await offers({ group_id: defaultGroup, role_ids: [gone] })
    expect((await world.ana.get(at(ivo, 'resend'))).text).toContain('was deleted since. It gives all the rest')
    expect((await act(world.ana, ivo, 'resend')).status).toBe(303)
    await offers({ group_id: gone })
    const answer = await world.ana.get(at(ivo, 'resend'))
    expect([answer.status, answer.text]).toEqual([403, expect.stringContaining('This group isn’t there anymore')])
  })
})

describe('where approval is asked', () => {
  test('it waits, without a link or a mail to the invitee, and who may approve is written to', async () => {
    await asks('always')
    const bea = await world.enter({ first: 'Bea', role: 'admin' })
    const paul = await world.add({ first: 'Paul', permissions: ['invitations.approve'] })
    await world.add({ first: 'Sue', permissions: ['invitations.approve'], suspended: true })
    const ivo = await invited(world)
    expect((await world.ana.get(at(ivo, 'resend'))).text).toContain('It waits for approval first')
    world.clock.pass(minutes(11))
    await act(world.ana, ivo, 'resend')
    const { text } = await world.ana.get(at(ivo, '').slice(0, -1))
    expect(text).toContain('It has waited for approval again since Nov 22, 12:11')
    expect(await invitationOf(world, ivo)).toMatchObject({
      status: 'pending_approval',
      approval: 'waiting',
      expires_at: null,
      generation: 2,
      resends: 1,
    })
    expect(await membershipOf(world, ivo)).toMatchObject({ invite: 'pending_approval', invite_expires_at: null })
    const letters = await lettersOf(world)
    expect(letters.map(({ template }) => template)).toEqual(['approval_asked', 'approval_asked'])
    expect(letters.map(({ to_address }) => to_address).sort()).toEqual([bea.person.email, paul.email].sort())
    expect((await eventsOf(world, ivo))[0]?.changes).toEqual({ status: ['pending_activation', 'pending_approval'] })
  })

  test('what was approved is sent, and what an Admin sent asks when somebody else sends it', async () => {
    await asks('unless_admin')
    const ines = await world.enter({ first: 'Ines', permissions: ['members.invite'] })
    const approved = await invited(world, { by: ines.person, approval: 'approved', decidedBy: world.ana.person })
    await act(ines, approved, 'resend')
    expect(await invitationOf(world, approved)).toMatchObject({
      status: 'pending_activation',
      approval: 'approved',
      decided_by: world.ana.person.id,
      invited_by: ines.person.id,
    })
    const byAna = await invited(world)
    await act(ines, byAna, 'resend')
    // Who asks for the approval is its sender, and so doesn't approve it.
    expect(await invitationOf(world, byAna)).toMatchObject({
      status: 'pending_approval',
      invited_by: ines.person.id,
      sender_name: 'Ines',
    })
    const own = await invited(world)
    await act(world.ana, own, 'resend')
    expect(await invitationOf(world, own)).toMatchObject({
      status: 'pending_activation',
      invited_by: world.ana.person.id,
    })
  })
})

test('of what nobody answers for anymore the resender becomes the sender', async () => {
  const gone = await world.add({ first: 'Gone', role: 'admin', suspended: true })
  const ivo = await invited(world, { by: gone })
  expect((await world.ana.get(at(ivo, 'resend'))).text).toContain('You become its sender')
  await act(world.ana, ivo, 'resend')
  expect(await invitationOf(world, ivo)).toMatchObject({ invited_by: world.ana.person.id, sender_name: 'Ana Admin' })
})

describe('support staff', () => {
  const bySupport = async (ivo: { id: string }) => {
    const cause = { now: world.clock.now, how: 'support', actorId: null, requestId: '', ip: '' } as const
    const row = await invitationRow(world.db, world.here.id, ivo.id).executeTakeFirstOrThrow()
    const accessVersion = row.access_version
    const { id, slug, name } = world.here
    return sendAnew(world.db, cause, null, asInvitation({ id, slug, name, accessVersion }, row), 7)
  }

  test('send what is covered, though they hold nothing here', async () => {
    await asks('always')
    const ivo = await invited(world, { approval: 'approved', decidedBy: world.ana.person })
    expect(await bySupport(ivo)).toMatchObject({ waits: false })
    expect(await invitationOf(world, ivo)).toMatchObject({
      generation: 2,
      approval: 'approved',
      invited_by: world.ana.person.id,
    })
    expect(await eventsOf(world, ivo)).toMatchObject([{ act: 'invitation.resent', how: 'support' }])
  })

  test('and what isn’t goes back to approval', async () => {
    const gone = await world.add({ first: 'Gone', role: 'admin', suspended: true })
    const ivo = await invited(world, { by: gone })
    expect(await bySupport(ivo)).toMatchObject({ waits: true })
    expect(await invitationOf(world, ivo)).toMatchObject({ status: 'pending_approval', invited_by: gone.id })
  })
})
