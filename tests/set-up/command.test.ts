import { expect, test } from 'vitest'
import { numbered, slugOf } from '../../src/set-up/rules.ts'
import { OperatorError } from '../../src/tasks/command.ts'
import { command } from '../../src/tasks/setup.ts'
import { atTheDoor, password, tryDoor } from '../sign-in/door.ts'
import { startApp } from '../support/world.ts'

const unique = () => Math.random().toString(36).slice(2, 10)

async function run(
  { services, clock }: Pick<ReturnType<typeof startApp>, 'services' | 'clock'>,
  flags: Record<string, string | boolean>,
  typed = `${password}\n`,
) {
  const lines: string[] = []
  const notes: string[] = []
  await command.run({
    ...services,
    now: clock.now,
    flags,
    words: [],
    stdin: async () => typed,
    print: (line) => lines.push(line),
    note: (line) => notes.push(line),
  })
  return { lines, notes }
}

const flags = (more: Record<string, string | boolean> = {}) => ({
  organization: `Delta Adjusters ${unique()}`,
  'first-name': 'Dana',
  'last-name': 'Delta',
  email: `dana.${unique()}@example.org`,
  'password-stdin': true,
  ...more,
})

test('the operator makes another organization, and its Admin signs in', async () => {
  const door = await atTheDoor()
  const given = flags()
  const { lines, notes } = await run(door, given)
  expect(lines).toEqual([slugOf(given.organization as string)])
  expect(notes).toEqual([])
  const hers = door.browser()
  expect((await tryDoor(hers, given.email as string)).status).toBe(303)
  expect((await hers.get(`/o/${lines[0]}`)).location).toBe(`/o/${lines[0]}/members`)
  const events = await door.db
    .selectFrom('event as e')
    .innerJoin('organization as o', 'o.id', 'e.organization_id')
    .where('o.slug', '=', lines[0] ?? '')
    .select(['e.act', 'e.how', 'e.actor_id'])
    .execute()
  expect(events).toHaveLength(2)
  for (const event of events) expect(event).toMatchObject({ how: 'operator', actor_id: null })
})

test('who has an account already is the Admin of the new one too, with the password as it was', async () => {
  const door = await atTheDoor()
  const { ana, browser, account } = door
  const before = await account(ana)
  const { lines, notes } = await run(door, flags({ email: ana.email.toUpperCase() }), 'short')
  expect(lines).toHaveLength(1)
  expect(notes).toEqual([
    `${ana.email.toUpperCase()} has an account already: it is the Admin now, and its password is as it was.`,
  ])
  expect(await account(ana)).toEqual(before)
  const hers = browser()
  await tryDoor(hers, ana.email)
  expect((await hers.get(`/o/${lines[0]}`)).location).toBe(`/o/${lines[0]}/members`)
})

test('a block is seen in the new organization, too', async () => {
  const door = await atTheDoor()
  const bo = await door.add({ first: 'Bo', blocked: true })
  const { lines } = await run(door, flags({ email: bo.email }))
  const row = await door.db
    .selectFrom('membership as m')
    .innerJoin('organization as o', 'o.id', 'm.organization_id')
    .where('o.slug', '=', lines[0] ?? '')
    .select('m.status')
    .executeTakeFirst()
  expect(row?.status).toBe('blocked')
})

test('what can’t be taken is one sentence, and makes nothing', async () => {
  const started = startApp()
  for (const [more, typed, sentence] of [
    [{ organization: '' }, password, '--organization: Enter the name of your organization.'],
    [{ 'first-name': '' }, password, '--first-name: Enter your first name.'],
    [{ email: 'x' }, password, '--email: Enter an email address like name@example.org.'],
    [{}, 'short', 'Password must have at least 15 characters.'],
    [{ 'password-stdin': false }, password, 'Give the password on standard input, and say so with --password-stdin.'],
  ] as [Record<string, string | boolean>, string, string][]) {
    const given = flags(more)
    await expect(run(started, given, typed)).rejects.toThrow(new OperatorError(sentence))
    const found = await started.db.selectFrom('account').select('id').where('email', '=', String(given.email)).execute()
    expect(found).toEqual([])
  }
})

test('short names come from any name, and no two are the same', async () => {
  for (const [name, slug] of [
    ['Harbor & Vale Claims', 'harbor-vale-claims'],
    ['O’Neill’s Øst Æther', 'oneills-ost-aether'],
    ['  --Zürich--  ', 'zurich'],
    ['東京保険', 'organization'],
    ['!!!', 'organization'],
    ['New', 'new-organization'],
    ['x'.repeat(100), 'x'.repeat(50)],
    [`${'x'.repeat(49)} yz`, 'x'.repeat(49)],
  ] as const) {
    expect(slugOf(name)).toBe(slug)
    for (const number of [1, 2, 10_000])
      expect(numbered(slugOf(name), number)).toMatch(/^(?=.{1,60}$)[a-z0-9]+(-[a-z0-9]+)*$/)
  }
  const started = startApp()
  const name = `Twice ${unique()}`
  const slugs = []
  for (let n = 0; n < 3; n++) slugs.push(...(await run(started, flags({ organization: name }))).lines)
  const slug = slugOf(name)
  expect(slugs).toEqual([slug, `${slug}-2`, `${slug}-3`])
})
