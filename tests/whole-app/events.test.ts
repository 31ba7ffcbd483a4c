import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { hashPassword } from '../../src/passwords/hash.ts'
import { type EventName, events } from '../../src/platform/events/catalogue.ts'
import { Browser } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import { addPerson, minutes, organization } from '../support/world.ts'
import { code, sources } from './sources.ts'

let world: Awaited<ReturnType<typeof organization>>
beforeAll(async () => {
  world = await organization()
})
const eventsHere = () =>
  world.db.selectFrom('event').selectAll().where('organization_id', '=', world.here.id).orderBy('id').execute()

describe('the catalogue', () => {
  test.each(Object.keys(events) as EventName[])('%s happens somewhere', (name) => {
    const places = [...sources('src')].filter(
      ([path, text]) => path !== 'src/platform/events/catalogue.ts' && code(text).includes(`'${name}'`),
    )
    expect(places.map(([path]) => path)).not.toEqual([])
  })
  test('every event says in a sentence what happened', () => {
    for (const sentence of Object.values(events)) expect(sentence).toMatch(/^[A-Z][a-z].*[^.]$/)
    expect(new Set(Object.values(events)).size).toBe(Object.keys(events).length)
  })
})

describe('what has happened stays as it was (R-48)', () => {
  const attempts = {
    updated: () => world.db.updateTable('event').set({ act: 'x' }).where('organization_id', '=', world.here.id),
    'updated without effect': () => world.db.updateTable('event').set({ act: 'x' }).where('act', '=', 'no such event'),
    deleted: () => world.db.deleteFrom('event').where('organization_id', '=', world.here.id),
  }
  test.each(Object.entries(attempts))('events can’t be %s', async (_, attempt) => {
    await world.mia.get('members')
    const before = await eventsHere()
    expect(before.length).toBeGreaterThan(0)
    await expect(attempt().execute()).rejects.toMatchObject({ code: '23001' })
    expect(await eventsHere()).toEqual(before)
  })
  test('nor truncated, alone or with others', async () => {
    // In a database of its own: it would wait for everybody else's writes.
    const own = await freshDatabase({ plugins: [] })
    await expect(sql`truncate event`.execute(own.db)).rejects.toMatchObject({ code: '23001' })
    await expect(sql`truncate organization, event cascade`.execute(own.db)).rejects.toMatchObject({ code: '23001' })
    await own.close()
  })
  test('they outlive their organization and their people', async () => {
    const other = await organization()
    await other.mia.get('members')
    const of = () => other.db.selectFrom('event').selectAll().where('organization_id', '=', other.here.id).execute()
    const before = await of()
    await other.db.deleteFrom('organization').where('id', '=', other.here.id).execute()
    await other.db
      .deleteFrom('account')
      .where('id', '=', other.mia.person.accountId ?? '')
      .execute()
    expect(before.length).toBeGreaterThan(0)
    expect(await of()).toEqual(before)
  })
})

describe('a refusal is recorded', () => {
  const refusals = async (work: () => Promise<unknown>) => {
    const before = (await eventsHere()).length
    await work()
    return (await eventsHere()).slice(before)
  }

  test('on a page and in a swap: who, where, and what they lacked', async () => {
    for (const browser of [world.mia, world.mia.swap]) {
      world.clock.pass(minutes(10))
      const found = await refusals(() => browser.get('members'))
      expect(found).toMatchObject([
        {
          act: 'access.refused',
          actor_id: world.mia.person.accountId,
          organization_id: world.here.id,
          changes: { permission: 'members.view' },
          how: 'screen',
          ip: world.mia.ip,
          at: world.clock.now,
        },
      ])
      expect(found[0]?.request_id).toMatch(/^[\da-f]{16}$/)
    }
    expect((await refusals(() => world.gus.get('members.csv'))).map((one) => one.changes)).toEqual([
      { permission: 'members.download' },
    ])
  })
  test('at most once in ten minutes for one person, one organization and one permission', async () => {
    const nat = await world.enter({ first: 'Nat' })
    const pat = await world.enter({ first: 'Pat' })
    expect(nat.person.accountId).toBeTruthy()
    const there = await addPerson(world.db, world.elsewhere, world.clock.now, { accountId: nat.person.accountId ?? '' })
    expect(there.accountId).toBe(nat.person.accountId)
    const elsewhere = `/o/${world.elsewhere.slug}/members`
    const eventsElsewhere = () =>
      world.db.selectFrom('event').select('act').where('organization_id', '=', world.elsewhere.id).execute()

    const crowd = () => Promise.all(Array.from({ length: 24 }, (_, n) => (n % 2 ? nat : nat.swap).get('members')))
    expect(await refusals(crowd)).toHaveLength(1)
    world.clock.pass(minutes(10) - 1)
    expect(await refusals(crowd)).toHaveLength(0)
    expect((await refusals(() => nat.get('members.csv'))).map((one) => one.changes)).toEqual([
      { permission: 'members.download' },
    ])
    expect(await refusals(() => pat.get('members'))).toMatchObject([{ actor_id: pat.person.accountId }])
    const before = (await eventsElsewhere()).length
    for (let n = 0; n < 3; n++) expect((await nat.get(elsewhere)).status).toBe(403)
    expect((await eventsElsewhere()).length).toBe(before + 1)
    world.clock.pass(1)
    expect(await refusals(crowd)).toHaveLength(1)
    expect(await refusals(crowd)).toHaveLength(0)
  })
  test('also of somebody whose membership is closed', async () => {
    const sue = await world.enter({ first: 'Sue', suspended: true })
    expect((await refusals(() => sue.get('members'))).map((one) => [one.act, one.changes])).toEqual([
      ['access.refused', { status: 'suspended' }],
    ])
  })
  test('but not what isn’t there, what is allowed, or what strangers try', async () => {
    expect(await refusals(() => world.ana.get('members'))).toEqual([])
    expect(await refusals(() => world.ana.get(`members/${world.stella.person.id}`))).toEqual([])
    expect(await refusals(() => world.stranger.get('members'))).toEqual([])
    expect(await refusals(() => world.stella.get(`/o/${world.here.slug}/members`))).toEqual([])
    expect(
      await refusals(() => world.mia.post('/sign-out', {}, { headers: { 'Sec-Fetch-Site': 'cross-site' } })),
    ).toEqual([])
  })
})

test('events hold no name, address or secret of anybody', async () => {
  const password = 'a fine day for sailing north'
  const typed = `typed.${Math.random()}@example.org`
  const { db, ana } = world
  await db
    .updateTable('account')
    .set({
      password_hash: await hashPassword(password),
      must_change_password: true,
    })
    .where('id', '=', ana.person.accountId ?? '')
    .execute()
  const browser = new Browser(world.app, `/o/${world.here.slug}`)
  await browser.post('/sign-in', { login: typed, password })
  await browser.post('/sign-in', { login: ana.person.email, password: 'wrong as can be, and long' })
  await browser.post('/sign-in', { login: ana.person.email, password })
  const next = 'another fine day for sailing'
  expect((await browser.post('/sign-in/new-password', { password: next, password_again: next })).status).toBe(303)
  const cookies = [...browser.cookies.values()]
  expect(cookies.length).toBe(2)
  await browser.get(`members.csv?q=${encodeURIComponent(ana.person.email)}&status=active`)
  await browser.get(`members/${world.mia.person.id}`)
  await browser.post('/sign-out')
  await world.mia.get(`members?q=${encodeURIComponent(world.ana.person.email)}`)

  const rows = await db
    .selectFrom('event')
    .selectAll()
    .where((eb) => eb.or([eb('ip', 'in', [browser.ip, world.mia.ip]), eb('actor_id', '=', ana.person.accountId)]))
    .execute()
  expect(new Set(rows.map(({ act }) => act))).toEqual(
    new Set([
      'sign_in.failed',
      'sign_in.new_password_needed',
      'password.changed',
      'sign_in.succeeded',
      'members.downloaded',
      'signed_out',
      'access.refused',
    ]),
  )
  const text = JSON.stringify(rows).toLowerCase()
  const secrets = [
    password,
    next,
    typed,
    'wrong as can be',
    ...cookies,
    ...[world.ana, world.mia].flatMap(({ person }) => [person.email, person.first]),
    world.here.name,
    world.here.slug,
    '$argon2',
  ]
  for (const secret of secrets) expect(text).not.toContain(secret.toLowerCase())
})
