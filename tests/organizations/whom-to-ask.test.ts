import { expect, test } from 'vitest'
import { clockAt, minutes, organization, type PersonDetails } from '../support/world.ts'

test('who is refused is told whom to ask: the Admins of this day, though nobody has opened a page since midnight', async () => {
  const { add, enter, clock } = await organization({ clock: clockAt('2026-11-22T23:55:00.000Z') })
  const sue = await enter({ first: 'Sue', suspended: true })
  const admins: [last: string, details: PersonDetails, today: boolean, tomorrow: boolean][] = [
    ['Always', {}, true, true],
    ['Until-Today', { endsOn: '2026-11-22' }, true, false],
    ['Until-Tomorrow', { endsOn: '2026-11-23' }, true, true],
    ['Until-Yesterday', { endsOn: '2026-11-21' }, false, false],
    ['From-Today', { startsOn: '2026-11-22' }, true, true],
    ['From-Tomorrow', { startsOn: '2026-11-23' }, false, true],
    ['Suspended', { suspended: true }, false, false],
    ['Blocked', { blocked: true }, false, false],
    ['Removed', { removed: true }, false, false],
    ['Invited', { invited: true }, false, false],
  ]
  for (const [last, details] of admins) await add({ first: 'Al', last, role: 'admin', ...details })
  const named = async () => {
    const { status, text } = await sue.get('members')
    expect([status, text]).toEqual([403, expect.stringContaining('Ana Admin')])
    return admins.flatMap(([last]) => (text.includes(`Al ${last}`) ? [last] : []))
  }
  expect(await named()).toEqual(admins.flatMap(([last, , today]) => (today ? [last] : [])))
  clock.pass(minutes(10))
  expect(await named()).toEqual(admins.flatMap(([last, , , tomorrow]) => (tomorrow ? [last] : [])))
})
