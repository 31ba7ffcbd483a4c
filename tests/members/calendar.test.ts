import { expect, test } from 'vitest'
import { clockAt, hours, minutes, organization, signedIn } from '../support/world.ts'

test('an end date passes at midnight UTC: list, filter, count, panel and access change together, by themselves', async () => {
  const clock = clockAt('2026-11-22T23:50:00.000Z')
  const world = await organization({ clock })
  const eve = await signedIn(world, await world.add({ first: 'Eve', last: 'Ending', endsOn: '2026-11-22' }), world.here)
  const statusIn = (html: string) => /<span class="st[^"]*">([^<]+)</.exec(html)?.[1]
  const asked = () => world.ana.get('members?q=ending')

  expect(statusIn((await asked()).html)).toBe('Active')
  expect((await eve.get('members/me')).status).toBe(200)

  clock.pass(minutes(15))
  expect(statusIn((await asked()).html)).toBe('Ended')
  expect((await world.ana.get('members?status=ended')).text).toContain('1 person matches')
  expect((await world.ana.get('members?status=active&q=ending')).text).toContain('Nobody')
  expect((await world.ana.get(`members/${eve.person.id}`)).text).toContain('Ended')
  const refused = await eve.get('members/me')
  expect(refused.status).toBe(403)
  expect(refused.text).toContain('Your membership has ended')
  expect(refused.text).toContain('Ana Admin')
})

test('somebody who starts tomorrow is Not started today, and gets in tomorrow', async () => {
  const clock = clockAt('2026-11-22T22:30:00.000Z')
  const world = await organization({ clock })
  const nia = await signedIn(world, await world.add({ first: 'Nia', last: 'New', startsOn: '2026-11-23' }), world.here)
  expect((await nia.get('members/me')).status).toBe(403)
  expect((await world.ana.get('members?status=not_started')).text).toContain('1 person matches')
  // Less than an hour idle, so that nobody has to sign in again meanwhile.
  clock.pass(minutes(50))
  await nia.get('members/me')
  await world.ana.get('members')
  clock.pass(minutes(45))
  expect((await nia.get('members/me')).status).toBe(200)
  expect((await world.ana.get('members?status=not_started')).text).toContain('Nobody')
})

test('an invitation expires at its instant, in the table, its sort and the panel, though nothing was written', async () => {
  const world = await organization()
  const { clock } = world
  const expires = new Date(clock.now.getTime() + hours(0.5))
  const ivy = await world.add({ first: 'Ivy', last: 'Invited', invited: true, inviteExpires: expires })
  expect((await world.ana.get('members?q=ivy')).text).toContain('Pending activation')
  clock.pass(minutes(30))
  expect((await world.ana.get('members?q=ivy')).text).toContain('Invitation expired')
  expect((await world.ana.get(`members/${ivy.id}`)).text).toContain('Invitation expired')
})
