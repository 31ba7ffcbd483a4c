import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { putInvitationsBack } from '../../src/invitations/put-back.ts'
import { readyWith } from '../../src/mail/ready.ts'
import { newId, shortId } from '../../src/platform/ids.ts'
import { signLink } from '../../src/platform/links.ts'
import { upkeep } from '../../src/upkeep.ts'
import { letters } from '../../views/mail/letters.ts'
import { chosen, opening } from '../joining/invited.ts'
import { act as actOnPerson } from '../support/acts.ts'
import { Browser } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import { clockAt, days, organization, signedIn } from '../support/world.ts'
import { act } from './acting.ts'
import { eventsOf, invitationOf, invited, lettersOf, membershipOf } from './invited.ts'

/* In a database of its own: the upkeep looks at every organization. */
let sent: string[] = []
let database: Awaited<ReturnType<typeof freshDatabase>>
let world: Awaited<ReturnType<typeof organization>>
beforeAll(async () => {
  database = await freshDatabase({ onQuery: (text) => sent.push(text) })
})
afterAll(() => database.close())
beforeEach(async () => {
  world = await organization({ database, clock: clockAt() })
})

const putBack = () => putInvitationsBack(database.db, world.clock.now)
const asOf = () =>
  world.db
    .selectFrom('organization')
    .select(['access_version', 'invitations_as_of', 'invitations_day'])
    .where('id', '=', world.here.id)
    .executeTakeFirstOrThrow()

test('when its sender is removed it goes back to approval: the link is dead, and who may approve is written to', async () => {
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  const ivo = await invited(world, { by: bea.person })
  await putBack()
  expect((await invitationOf(world, ivo)).status).toBe('pending_activation')
  await world.db
    .updateTable('account')
    .set({ password_hash: 'x' })
    .where('id', '=', world.ana.person.accountId ?? '')
    .execute()
  expect((await actOnPerson(world.ana, bea.person, 'suspend')).status).toBe(303)
  await putBack()
  expect(await invitationOf(world, ivo)).toMatchObject({
    status: 'pending_approval',
    approval: 'waiting',
    decided_by: null,
    generation: 2,
    expires_at: null,
    version: 2,
    invited_by: bea.person.id,
  })
  expect(await membershipOf(world, ivo)).toMatchObject({ invite: 'pending_approval', invite_expires_at: null })
  expect(await eventsOf(world, ivo)).toEqual([
    {
      act: 'invitation.returned',
      actor_id: null,
      how: 'system',
      changes: { status: ['pending_activation', 'pending_approval'] },
    },
  ])
  const letters = (await lettersOf(world)).filter(({ template }) => template === 'approval_asked')
  expect(letters).toEqual([
    {
      template: 'approval_asked',
      to_address: world.ana.person.email,
      invitation_id: ivo.id,
      generation: null,
    },
  ])
})

describe('the letter of those that went back', () => {
  const letter = async () => {
    const { id } = await world.db
      .selectFrom('mail')
      .select('id')
      .where('organization_id', '=', world.here.id)
      .where('template', '=', 'approval_asked')
      .executeTakeFirstOrThrow()
    const [ready] = await readyWith(database.db, world.services, letters)([id], world.clock.now)
    return ready && 'message' in ready ? ready.message : ready
  }
  const decide = (...those: { id: string }[]) =>
    world.db
      .updateTable('invitation')
      .set({ status: 'rejected', approval: 'denied' })
      .where(
        'id',
        'in',
        those.map(({ id }) => id),
      )
      .execute()
  const goBack = async (count: number) => {
    const gone = await world.add({ first: 'Gone', last: 'Admin', role: 'admin', suspended: true })
    const those = []
    for (let n = 1; n <= count; n++)
      those.push(
        await invited(world, { first: `Ivo${n}`, by: gone, role: n === 2 ? 'viewer' : 'member', validDays: n }),
      )
    await putBack()
    return those
  }

  test('names each of them, as what and by whom, and leads to the list of those that wait', async () => {
    const those = await goBack(2)
    const { subject, text } = (await letter()) as { subject: string; text: string }
    expect(subject).toBe('Invitations wait for approval')
    expect(text).toContain(`Ivo1 Invited (${those[0]?.email}), as Member, invited by Gone Admin`)
    expect(text).toContain(`Ivo2 Invited (${those[1]?.email}), as Viewer, invited by Gone Admin`)
    expect(text).not.toContain('other')
    const path = `/o/${world.here.slug}/invitations?status=pending_approval`
    expect(text).toContain(`http://localhost:3000${path}`)
    expect((await world.ana.get(path)).text).toContain('Ivo2')
  })

  test.each([
    [6, 'and one other'],
    [8, 'and 3 others'],
  ])('of %i names the first five, %s', async (count, others) => {
    await goBack(count)
    const { text, html } = (await letter()) as { text: string; html: string }
    expect([...text.matchAll(/Ivo\d/g)].map(([name]) => name)).toEqual(['Ivo1', 'Ivo2', 'Ivo3', 'Ivo4', 'Ivo5'])
    for (const form of [text, html]) expect(form).toContain(others)
  })

  test('of a single one says who wants to invite whom, and leads to it', async () => {
    const [ivo] = await goBack(1)
    const { subject, text } = (await letter()) as { subject: string; text: string }
    expect(subject).toBe('An invitation waits for approval')
    expect(text).toContain('Gone Admin wants to invite Ivo1')
    expect(text).toContain(`/invitations/${shortId(ivo?.id ?? '')}`)
  })

  test('leaves out what was decided before it was sent, and isn’t sent when all of them were', async () => {
    const those = await goBack(3)
    await decide(...those.slice(0, 2))
    const { text } = (await letter()) as { text: string }
    expect([text.includes('Ivo1'), text.includes('Ivo2'), text.includes('Ivo3')]).toEqual([false, false, true])
    await decide(...those)
    expect(await letter()).toMatchObject({ canceled: 'It was decided meanwhile.' })
  })

  test('is sent where others than those it would name still wait', async () => {
    const those = await goBack(7)
    await decide(...those.slice(0, 5))
    const { text } = (await letter()) as { text: string }
    expect(text).toContain('Open those that wait')
    expect(text).not.toMatch(/Ivo|other/)
  })
})

test('what an approver answers for stays, and goes back when they can’t anymore either', async () => {
  const ines = await world.enter({ first: 'Ines', permissions: ['members.invite'] })
  const ivo = await invited(world, {
    by: ines.person,
    role: 'admin',
    approval: 'approved',
    decidedBy: world.ana.person,
  })
  const plain = await invited(world, { by: ines.person })
  await putBack()
  expect((await invitationOf(world, ivo)).status).toBe('pending_activation')
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  await world.db
    .updateTable('account')
    .set({ password_hash: 'x' })
    .where('id', '=', bea.person.accountId ?? '')
    .execute()
  const demoted = await actOnPerson(bea, world.ana.person, 'access', {
    role: 'member',
    group: shortId(world.here.defaultGroup),
  })
  expect(demoted.status).toBe(303)
  await putBack()
  expect((await invitationOf(world, ivo)).status).toBe('pending_approval')
  // Ines could still give what the other one offers.
  expect((await invitationOf(world, plain)).status).toBe('pending_activation')
})

test('a sender whose last day is over counts no longer, from the next day on', async () => {
  const ned = await world.add({ first: 'Ned', role: 'admin', endsOn: '2026-11-22' })
  const ivo = await invited(world, { by: ned })
  await upkeep(database.db, world.clock.now, world.services.log)
  expect((await invitationOf(world, ivo)).status).toBe('pending_activation')
  world.clock.now = new Date('2026-11-23T00:00:01.000Z')
  await upkeep(database.db, world.clock.now, world.services.log)
  expect((await invitationOf(world, ivo)).status).toBe('pending_approval')
  expect(world.log).toEqual([])
})

test('what has expired or ended is left alone', async () => {
  const gone = await world.add({ first: 'Gone', role: 'admin', suspended: true })
  const revoked = await invited(world, { by: gone, status: 'revoked' })
  const expired = await invited(world, { by: gone, validDays: 1 })
  world.clock.pass(days(1))
  await putBack()
  expect((await invitationOf(world, revoked)).status).toBe('revoked')
  expect(await invitationOf(world, expired)).toMatchObject({ status: 'pending_activation', generation: 1 })
})

test('an organization in which nobody’s access changed isn’t looked through again before the next day', async () => {
  await invited(world)
  await putBack()
  const { access_version } = await asOf()
  expect(await asOf()).toEqual({ access_version, invitations_as_of: access_version, invitations_day: '2026-11-22' })
  sent = []
  await putBack()
  expect(sent).toHaveLength(1)
  world.clock.pass(days(1))
  await putBack()
  expect((await asOf()).invitations_day).toBe('2026-11-23')
})

describe('1,300 open ones of somebody who is gone', () => {
  const many = async (count: number) => {
    const gone = await world.add({ first: 'Gone', role: 'admin', suspended: true })
    const ivo = await invited(world, { by: gone })
    const row = await world.db.selectFrom('invitation').selectAll().where('id', '=', ivo.id).executeTakeFirstOrThrow()
    const rows = Array.from({ length: count - 1 }, (_, n) => ({
      ...row,
      id: newId(),
      email: `n${n}@many.example`,
      email_key: `n${n}@many.example`,
    }))
    for (let at = 0; at < rows.length; at += 500)
      await world.db
        .insertInto('invitation')
        .values(rows.slice(at, at + 500) as never)
        .execute()
  }
  const open = async () =>
    (
      await world.db
        .selectFrom('invitation')
        .select('id')
        .where('organization_id', '=', world.here.id)
        .where('status', '=', 'pending_activation')
        .execute()
    ).length

  test('all go back in one run, though people act meanwhile, who lose nothing', async () => {
    await many(1300)
    let acts = 0
    let running = true
    const acting = (async () => {
      for (let n = 0; running || n === 0; n++) {
        const answer = await actOnPerson(world.ana, world.mia.person, n % 2 ? 'reactivate' : 'suspend')
        expect(answer.status).toBe(303)
        acts++
      }
    })()
    try {
      await putBack()
    } finally {
      running = false
    }
    await acting
    expect(acts).toBeGreaterThan(0)
    expect(await open()).toBe(0)
    const letters = (await lettersOf(world)).filter(({ template }) => template === 'approval_asked')
    // One for each batch, and not for each invitation.
    expect(letters.length).toBe(3)
  })

  test('two processes at once put each back once', async () => {
    await many(700)
    await Promise.all([putBack(), putBack()])
    expect(await open()).toBe(0)
    const rows = await world.db
      .selectFrom('event')
      .select('subject_id')
      .where('organization_id', '=', world.here.id)
      .where('act', '=', 'invitation.returned')
      .execute()
    expect(new Set(rows.map(({ subject_id }) => subject_id)).size).toBe(700)
    expect(rows).toHaveLength(700)
  })
})

test('who could give it all sends it again from approval no sooner than somebody approves', async () => {
  const gone = await world.add({ first: 'Gone', role: 'admin', suspended: true })
  const ivo = await invited(world, { by: gone })
  await putBack()
  const ana = await signedIn(world, world.ana.person, world.here)
  expect((await act(ana, ivo, 'resend')).status).toBe(403)
})

test('accepting while it goes back to approval: one of the two, never both', async () => {
  for (let round = 0; round < 5; round++) {
    const gone = await world.add({ first: 'Gone', role: 'admin' })
    const ivo = await invited(world, { by: gone })
    const link = `/join/${signLink({ kind: 'invitation', id: ivo.id, generation: 1, channel: 'mail' }, world.services.key)}`
    const guest = new Browser(world.app)
    await opening(world, link, guest)
    await world.db
      .updateTable('membership')
      .set({ suspended_at: world.clock.now, status: 'suspended' })
      .where('id', '=', gone.id)
      .execute()
    await world.db
      .updateTable('organization')
      .set((eb) => ({ access_version: eb('access_version', '+', 1) }))
      .where('id', '=', world.here.id)
      .execute()
    await Promise.all([guest.post('/join', chosen), putBack()])
    expect(await invitationOf(world, ivo)).toMatchObject({ status: 'pending_approval', generation: 2, version: 2 })
    expect((await membershipOf(world, ivo)).status).toBe('invited')
  }
})
