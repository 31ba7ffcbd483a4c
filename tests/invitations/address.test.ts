import { beforeEach, expect, test } from 'vitest'
import { quotaKey } from '../../src/platform/web/limits.ts'
import { hiddenIn } from '../support/acts.ts'
import { hours, organization } from '../support/world.ts'
import { act, at } from './acting.ts'
import { allowOnly, eventsOf, invitationOf, invited, lettersOf, membershipOf } from './invited.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeEach(async () => {
  world = await organization()
})
let count = 0
const fresh = () => `right.${process.pid}.${++count}@example.org`

test('a stranger from another organization gets 404', async () => {
  const ivo = await invited(world)
  expect((await world.stella.post(at(ivo, 'address'), { version: '1', email: fresh(), days: '7' })).status).toBe(404)
})

test('Ana corrects the address: it goes there with a new link, the old one is dead, and the table finds it', async () => {
  const ivo = await invited(world)
  const right = fresh()
  const answer = await act(world.ana, ivo, 'address', { email: `  ${right.toUpperCase()} ` })
  expect(answer.status).toBe(303)
  expect(await invitationOf(world, ivo)).toMatchObject({
    email: right.toUpperCase(),
    email_key: right,
    generation: 2,
    resends: 1,
    status: 'pending_activation',
  })
  expect(await membershipOf(world, ivo)).toMatchObject({ email: right.toUpperCase(), email_key: right, version: 2 })
  expect(await lettersOf(world)).toMatchObject([{ template: 'invitation', to_address: right.toUpperCase() }])
  expect(await eventsOf(world, ivo)).toMatchObject([
    { act: 'invitation.address_corrected', changes: { fields: ['email'] } },
  ])
  expect((await world.ana.get(`members?q=${right}`)).html).toContain('>Ivo<')
  expect((await world.ana.get(`members?q=${ivo.email}`)).html).not.toContain('>Ivo<')
})

test('a wrong, taken or unchanged address is told beside the field, and what was typed stays', async () => {
  const ivo = await invited(world)
  const other = await invited(world, { first: 'Otto' })
  const wrong: [string, string][] = [
    ['nope', 'Enter an email address'],
    ['a@b.example, c@d.example', 'Enter an email address'],
    [world.mia.person.email.toUpperCase(), 'is a member already'],
    [other.email, 'has been invited already'],
    [ivo.email.toUpperCase(), 'It goes to this address already'],
  ]
  for (const [email, why] of wrong) {
    const answer = await act(world.ana, ivo, 'address', { email })
    expect([answer.status, answer.text]).toEqual([422, expect.stringContaining(why)])
    expect(answer.html).toContain('id="email-error"')
    expect(answer.html).toContain(`value="${email}"`)
  }
  expect((await act(world.ana, ivo, 'address', { email: 'a@b.example\r\nBcc: c@d.example' })).status).toBe(422)
  expect(await invitationOf(world, ivo)).toMatchObject({ generation: 1, email: ivo.email })
})

test('a domain that looks like the usual one is sent to only after a second look', async () => {
  const ivo = await invited(world)
  const email = `typo.${process.pid}.${++count}@gmial.com`
  const first = await act(world.ana, ivo, 'address', { email })
  expect([first.status, first.text]).toEqual([422, expect.stringContaining('looks like')])
  expect(first.html).toContain('id="anyway"')
  expect((await act(world.ana, ivo, 'address', { email, anyway: 'on' })).status).toBe(303)
  expect(await invitationOf(world, ivo)).toMatchObject({ email })
})

test('a Group manager learns nothing of people elsewhere', async () => {
  const own = await invited(world, { group: world.intake })
  const answer = await act(world.gus, own, 'address', { email: world.mia.person.email })
  expect([answer.status, answer.text]).toEqual([422, expect.stringContaining('You can’t invite this address')])
})

test('a domain that isn’t allowed isn’t taken', async () => {
  await allowOnly(world, 'harbor.example')
  const ivo = await invited(world)
  expect((await act(world.ana, ivo, 'address', { email: fresh() })).text).toContain('Only addresses of harbor.example')
  expect((await act(world.ana, ivo, 'address', { email: `${fresh().split('@')[0]}@harbor.example` })).status).toBe(303)
})

test('what was approved for one address asks again for another one', async () => {
  await world.db
    .updateTable('organization')
    .set({ invitation_approval: 'always' })
    .where('id', '=', world.here.id)
    .execute()
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  const ivo = await invited(world, { approval: 'approved', decidedBy: bea.person })
  await act(world.ana, ivo, 'address', { email: fresh() })
  expect(await invitationOf(world, ivo)).toMatchObject({
    status: 'pending_approval',
    approval: 'waiting',
    decided_by: null,
    expires_at: null,
  })
  expect((await lettersOf(world)).map(({ template, to_address }) => [template, to_address])).toEqual([
    ['approval_asked', bea.person.email],
  ])
})

test('what waits for approval goes on waiting, and who corrected it doesn’t approve it', async () => {
  const bea = await world.enter({ first: 'Bea', role: 'admin' })
  const ivo = await invited(world, { status: 'pending_approval' })
  const right = fresh()
  expect((await act(bea, ivo, 'address', { email: right })).status).toBe(303)
  expect(await invitationOf(world, ivo)).toMatchObject({
    status: 'pending_approval',
    email_key: right,
    invited_by: bea.person.id,
    resends: 0,
  })
  expect(await lettersOf(world)).toEqual([])
})

test('of two who correct two invitations to one address at the same moment one gets it', async () => {
  for (let round = 0; round < 5; round++) {
    const [one, two] = [await invited(world), await invited(world)]
    const email = fresh()
    const answers = await Promise.all(
      [one, two].map((ivo) => world.ana.post(at(ivo, 'address'), { version: '1', days: '7', email })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 422])
  }
})

test('a form that was filled in before somebody else sent it keeps what was typed', async () => {
  const ivo = await invited(world)
  const { html } = await world.ana.get(at(ivo, 'address'))
  await act(world.ana, ivo, 'resend')
  const email = fresh()
  const late = await world.ana.post(at(ivo, 'address'), { ...hiddenIn(html), days: '9', email })
  expect(late.status).toBe(409)
  expect(late.html).toContain(`value="${email}"`)
  expect(await invitationOf(world, ivo)).toMatchObject({ email: ivo.email })
})

test('another address is another person, who counts among those that a member invites an hour', async () => {
  const { ana, db, services, clock } = world
  const ivo = await invited(world)
  const quota = quotaKey(services.key, { kind: 'inviter', free: 300, minutes: 60 }, ana.person.id)
  const count = () => db.selectFrom('try_count').select('count').where('key', '=', quota).executeTakeFirst()
  expect((await act(ana, ivo, 'address', { email: fresh() })).status).toBe(303)
  expect(await count()).toEqual({ count: 1 })
  expect((await act(ana, ivo, 'resend', {})).status).toBe(303)
  expect(await count()).toEqual({ count: 1 })
  await db.updateTable('try_count').set({ count: 300 }).where('key', '=', quota).execute()
  const email = fresh()
  const refused = await act(ana, ivo, 'address', { email })
  expect([refused.status, Number(refused.headers.get('retry-after'))]).toEqual([429, 3600])
  expect(refused.text).toContain('300 people an hour, and none is left now')
  expect(refused.html).toContain(`value="${email}"`)
  expect(await invitationOf(world, ivo)).toMatchObject({ generation: 3 })
  clock.pass(hours(1))
  expect((await act(ana, ivo, 'address', { email })).status).toBe(303)
})
