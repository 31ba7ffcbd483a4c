import { expect, test } from 'vitest'
import { clockAt, minutes, organization, type PersonDetails, signedIn } from '../support/world.ts'

/** Ten minutes before a new day, so that sessions last over it. */
const late = () => organization({ clock: clockAt('2026-11-22T23:55:00.000Z') })
type World = Awaited<ReturnType<typeof late>>

const statuses = {
  Active: 'active',
  Invited: 'invited',
  Blocked: 'blocked',
  Suspended: 'suspended',
  Ended: 'ended',
  'Not started': 'not_started',
  Removed: 'removed',
}
const people: [name: string, details: PersonDetails, before: string, after: string][] = [
  ['always', {}, 'Active', 'Active'],
  ['until today', { endsOn: '2026-11-22' }, 'Active', 'Ended'],
  ['until tomorrow', { endsOn: '2026-11-23' }, 'Active', 'Active'],
  ['until yesterday', { endsOn: '2026-11-21' }, 'Ended', 'Ended'],
  ['from tomorrow', { startsOn: '2026-11-23' }, 'Not started', 'Active'],
  ['from the day after', { startsOn: '2026-11-24' }, 'Not started', 'Not started'],
  ['from today until today', { startsOn: '2026-11-22', endsOn: '2026-11-22' }, 'Active', 'Ended'],
  ['tomorrow only', { startsOn: '2026-11-23', endsOn: '2026-11-23' }, 'Not started', 'Active'],
  ['suspended until today', { suspended: true, endsOn: '2026-11-22' }, 'Suspended', 'Suspended'],
  ['blocked until today', { blocked: true, endsOn: '2026-11-22' }, 'Blocked', 'Blocked'],
  ['removed until today', { removed: true, endsOn: '2026-11-22' }, 'Removed', 'Removed'],
  ['invited from tomorrow', { invited: true, startsOn: '2026-11-23' }, 'Invited', 'Invited'],
]

/** The status of everybody, as each place that shows one says it. */
async function everywhere(world: World, ids: Map<string, string>) {
  const found: Record<string, string[]> = {}
  const csv = (
    await world.ana.get(
      `members.csv?${Object.values(statuses)
        .map((one) => `status=${one}`)
        .join('&')}`,
    )
  ).html
  for (const [name, id] of ids) {
    const all = Object.values(statuses).map((one) => `status=${one}`)
    const { html } = await world.ana.get(`members?q=${encodeURIComponent(name)}&${all.join('&')}`)
    const row = [...html.matchAll(/<tr><th scope="row".*?<\/tr>/gs)].find(([text]) =>
      text.includes(`>P</a></th><td>${name}</td>`),
    )
    const inList = /<span class="st[^"]*">([^<]+)</.exec(row?.[0] ?? '')?.[1] ?? 'nobody'
    const panel = (await world.ana.swap.get(`members/${id}`)).html
    const inPanel = /<header>.*?<span class="st[^"]*">([^<]+)</s.exec(panel)?.[1] ?? 'none'
    const filters: string[] = []
    for (const [label, status] of Object.entries(statuses)) {
      const answer = await world.ana.get(`members?status=${status}&sort=first_name`)
      if (answer.html.includes(`>P</a></th><td>${name}</td>`)) filters.push(label)
    }
    const inFile = csv.split('\r\n').find((line) => line.includes(`P,${name},`)) ?? ''
    const label = Object.keys(statuses).find((one) => inFile.includes(`,${one},`)) ?? 'none'
    found[name] = [inList, inPanel, filters.join(), label]
  }
  return found
}

test('list, filter, panel, file and access agree before midnight UTC and after it', async () => {
  const world = await late()
  const ids = new Map<string, string>()
  const browsers = new Map<string, Awaited<ReturnType<typeof signedIn>>>()
  for (const [name, details] of people) {
    const person = await world.add({ first: 'P', last: name, ...details })
    ids.set(name, person.id)
    if (person.accountId) browsers.set(name, await signedIn(world, person, world.here))
  }
  const access: Record<string, number> = {
    Active: 200,
    Ended: 403,
    'Not started': 403,
    Suspended: 403,
    Removed: 404,
    Blocked: 303,
  }
  const check = async (which: 2 | 3) => {
    const found = await everywhere(world, ids)
    for (const one of people) {
      const [name, status] = [one[0], one[which]]
      expect([name, found[name]]).toEqual([name, [status, status, status, status]])
      const browser = browsers.get(name)
      if (browser) expect([name, (await browser.get('members/me')).status]).toEqual([name, access[status]])
    }
  }
  const count = async (status: string) =>
    (await world.ana.get(`members?status=${status}`)).text.match(/(\d+) (?:people|person)/)?.[1]

  await check(2)
  const active = Number(await count('active'))
  world.clock.pass(minutes(4) + 59_999)
  await check(2)
  world.clock.pass(1)
  await check(3)
  // Two ended, two started.
  expect(Number(await count('active'))).toBe(active)
  expect(await count('ended')).toBe('3')
}, 60_000)

test('twenty who come at once on a new day all get in, and it is brought up to date once', async () => {
  const world = await late()
  for (let n = 0; n < 60; n++) await world.add({ first: `E${n}`, endsOn: '2026-11-22' })
  world.clock.pass(minutes(6))
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => (n % 2 ? world.ana : world.vera).get('members?status=ended')),
  )
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
  for (const { text } of answers) expect(text).toContain('60 people match')
  expect(world.log).toEqual([])
})

test('an organization that nobody opened for weeks is right at the first look', async () => {
  const world = await late()
  const ids = new Map<string, string>()
  for (const [name, details] of people.slice(0, 8))
    ids.set(name, (await world.add({ first: 'P', last: name, ...details })).id)
  world.clock.now = new Date('2027-01-15T08:00:00.000Z')
  const ana = await signedIn(world, world.ana.person, world.here)
  const { text } = await ana.get('members?status=ended&sort=first_name')
  for (const name of ['until today', 'until tomorrow', 'until yesterday', 'from today until today', 'tomorrow only'])
    expect(text).toContain(name)
  expect((await ana.get('members?status=not_started')).text).toContain('Nobody')
})

test('each organization has its own day: the other one’s people are left as they are', async () => {
  const world = await late()
  const { addPerson } = await import('../support/world.ts')
  const theirs = await addPerson(world.db, world.elsewhere, world.clock.now, { first: 'Th', endsOn: '2026-11-22' })
  world.clock.pass(minutes(6))
  await world.ana.get('members')
  const stored = () =>
    world.db.selectFrom('membership').select('status').where('id', '=', theirs.id).executeTakeFirstOrThrow()
  expect((await stored()).status).toBe('active')
  await world.stella.get('members')
  expect((await stored()).status).toBe('ended')
})

test('a process whose clock is behind turns no day back', async () => {
  const world = await late()
  const ended = await world.add({ first: 'En', endsOn: '2026-11-22' })
  world.clock.now = new Date('2026-11-23T00:00:00.000Z')
  await world.ana.get('members')
  world.clock.pass(-1)
  for (const who of [world.vera, world.ana, world.gus]) expect((await who.get('members')).status).toBe(200)
  const stored = await world.db
    .selectFrom('membership as m')
    .innerJoin('organization as o', 'o.id', 'm.organization_id')
    .select(['m.status', 'o.statuses_as_of'])
    .where('m.id', '=', ended.id)
    .executeTakeFirst()
  expect(stored).toEqual({ status: 'ended', statuses_as_of: '2026-11-23' })
})
