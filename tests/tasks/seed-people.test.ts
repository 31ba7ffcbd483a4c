import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Permission } from '../../src/platform/access/permissions.ts'
import { dayOf, statusOf } from '../../src/platform/access/status.ts'
import type { Connected } from '../../src/platform/database/connect.ts'
import { crossing } from '../../src/platform/database/guard.ts'
import { emailKey, fold, searchText, sortKey } from '../../src/platform/fold.ts'
import { ascii } from '../../src/tasks/seed/names/ascii.ts'
import { languages } from '../../src/tasks/seed/names/index.ts'
import { type Person, people, type SeedInvitation, type Surroundings } from '../../src/tasks/seed/people.ts'
import { seed } from '../../src/tasks/seed/seed.ts'
import { Taken } from '../../src/tasks/seed/taken.ts'
import { freshDatabase } from '../support/database.ts'
import { addPerson, makeOrganization } from '../support/world.ts'

const now = new Date('2026-12-01T12:00:00Z')
const permissions: Permission[] = ['claims.all', 'members.view', 'audit.view']
const around: Surroundings = { now, groups: 12, customRoles: 8, areas: [5, 4, 6, 0, 5], permissions }
const day = 86_400_000

let crowd: Person[] = []
beforeAll(() => {
  crowd = [...people(40_000, 7, around)]
})

const share = (of: (person: Person) => boolean, among: (person: Person) => boolean = () => true) => {
  const those = crowd.filter(among)
  return those.filter(of).length / those.length
}
/** Within a fifth of what it should be: far beyond chance at this number of people. */
const expectShare = (found: number, wanted: number) => {
  expect(found).toBeGreaterThan(wanted * 0.8)
  expect(found).toBeLessThan(wanted * 1.2)
}
const nameOf = (person: Person) => `${person.firstName} ${person.lastName}`.trim()

test('the same seed gives the same people, another one others', () => {
  const some = [...people(500, 7, around)]
  expect(some).toEqual(crowd.slice(0, 500))
  expect([...people(500, 8, around)].map(nameOf)).not.toEqual(some.map(nameOf))
})

test('everybody has an address and perhaps a username of their own, in plain ASCII at a domain that cannot exist', () => {
  const usernames = crowd.flatMap(({ username }) => username ?? [])
  expect(new Set(crowd.map(({ email }) => email)).size).toBe(crowd.length)
  expect(new Set(usernames).size).toBe(usernames.length)
  expect(crowd.filter(({ email }) => !/^[a-z][a-z0-9._-]{0,60}@[a-z-]+\.example$/.test(email))).toEqual([])
  expect(usernames.filter((username) => !/^[a-z][a-z0-9._-]{2,60}$/.test(username))).toEqual([])
})

test('what is taken is left alone, and changes nothing else', () => {
  const taken = new Taken()
  const before = [...people(2000, 7, { ...around, taken })]
  const after = [...people(2000, 7, { ...around, taken })]
  const used = new Set(before.flatMap(({ email, username }) => [email, `@${username}`]))
  expect(after.filter(({ email, username }) => used.has(email) || (username && used.has(`@${username}`)))).toEqual([])
  const bare = (list: Person[]) => list.map(({ email, username, ...rest }) => rest)
  expect(bare(after)).toEqual(bare(before))
})

test('names are of many languages and scripts, and each word keeps to one script', () => {
  expect(languages.length).toBeGreaterThanOrEqual(30)
  const scripts =
    'Latin Cyrillic Greek Arabic Hebrew Devanagari Bengali Tamil Telugu Gujarati Gurmukhi Malayalam Sinhala Thai Khmer Lao Myanmar Georgian Armenian Ethiopic Han Hiragana Katakana Hangul'
  const all = crowd.map(nameOf).join(' ')
  for (const script of scripts.split(' ')) expect(new RegExp(`\\p{Script=${script}}`, 'u').test(all), script).toBe(true)
  for (const letters of [
    'ʻ',
    'ā',
    'ı',
    'İ',
    'ł',
    'þ',
    'Þ',
    'ß',
    'ễ',
    'ọ́',
    'ə',
    'ħ',
    'ŵ|ŷ',
    'ñ',
    'ő',
    'ș',
    'đ',
    '\u200c',
    '’',
    "'",
  ])
    expect(new RegExp(letters).test(all), letters).toBe(true)
  const names = new RegExp(
    scripts.replace(/\S+/g, '^[\\p{Script=$&}\\p{Script=Common}\\p{Script=Inherited}]+$').replaceAll(' ', '|'),
    'u',
  )
  const japanese = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]+$/u
  expect(all.split(' ').filter((word) => !names.test(word) && !japanese.test(word))).toEqual([])
  expect(all === all.normalize('NFC')).toBe(true)
})

test('every name in the lists has a form for addresses', () => {
  for (const { women, men, last, fathers = '', middle = '', menMiddle = '', digraphs } of languages)
    for (const entry of [women, men, last, fathers, middle, menMiddle].join().split(',')) {
      const [, text = '', form] = /^([^=*]*)(?:=([a-z.]+))?/.exec(entry.trim()) ?? []
      if (text) expect(form?.replaceAll('.', '') ?? ascii(text, digraphs), entry).toMatch(/^[a-z]+$/)
    }
})

test('names have one to five words, some of them no last name', () => {
  const counts = new Set(crowd.map((person) => nameOf(person).split(' ').length))
  expect([...counts].sort()).toEqual([1, 2, 3, 4, 5])
  expect(crowd.filter(({ firstName }) => firstName === '')).toEqual([])
  expect(crowd.filter((person) => / {2}|^ | $/.test(nameOf(person)))).toEqual([])
  expect(share(({ lastName }) => lastName === '')).toBeGreaterThan(0.01)
  expect(crowd.some(({ lastName }) => lastName.startsWith('de '))).toBe(true)
})

test('frequencies fall as in life, but nobody of one surname is over a hundredth', () => {
  for (const half of ['lastName', 'firstName'] as const) {
    const counts = new Map<string, number>()
    for (const person of crowd) {
      const name = fold(person[half])
      if (name) counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    const falling = [...counts.values()].sort((a, b) => b - a)
    expect(falling[0]! / crowd.length).toBeLessThan(0.01)
    expect(falling[0]! / crowd.length).toBeGreaterThan(0.002)
    expect(falling.filter((count) => count <= 2).length).toBeGreaterThan(falling.length / 3)
  }
})

test('statuses and roles have their shares', () => {
  const statuses = {
    active: 0.88,
    invited: 0.04,
    suspended: 0.02,
    blocked: 0.01,
    ended: 0.02,
    not_started: 0.01,
    removed: 0.02,
  }
  for (const [status, wanted] of Object.entries(statuses))
    expectShare(
      share((person) => person.status === status),
      wanted,
    )
  for (const [role, wanted] of Object.entries({ admin: 0.01, viewer: 0.05, developer: 0.015 }))
    expectShare(
      share((person) => person.role === role),
      wanted,
    )
  expectShare(
    share(({ region }) => region !== null),
    0.7,
  )
  expectShare(
    share(
      ({ twoFactorAt }) => twoFactorAt !== null,
      ({ joinedAt }) => joinedAt !== null,
    ),
    0.55,
  )
})

test('what belongs together agrees', () => {
  const today = now.toISOString().slice(0, 10)
  const rules: Record<string, (person: Person) => boolean> = {
    'an Admin is in the Default group and has nothing beside': ({
      role,
      group,
      managesGroup,
      customRoles,
      permissions,
    }) => role !== 'admin' || (group === 0 && !managesGroup && customRoles.length + permissions.length === 0),
    'a Group manager is in a custom group': ({ managesGroup, group }) => !managesGroup || group > 0,
    'the group exists': ({ group }) => group >= 0 && group <= 12,
    'custom roles are different and ascending': ({ customRoles }) =>
      customRoles.length <= 3 && customRoles.every((role, at) => role < 8 && (at === 0 || role > customRoles[at - 1]!)),
    'the area is one of the region': ({ region, area }) =>
      area === null || (region !== null && area < around.areas[region]!),
    'only the invited have not joined, and those whose invitation came to nothing': ({
      joinedAt,
      status,
      invitation,
    }) =>
      (joinedAt === null) ===
      (status === 'invited' || (status === 'removed' && ['rejected', 'revoked'].includes(invitation?.status ?? ''))),
    'nobody whose invitation came to nothing is still invited': ({ status, invitation }) =>
      status !== 'invited' || !['rejected', 'revoked'].includes(invitation?.status ?? ''),
    'removed at': ({ removedAt, status }) => (removedAt !== null) === (status === 'removed'),
    'suspended at': ({ suspendedAt, status }) => (suspendedAt !== null) === (status === 'suspended'),
    'blocked at': ({ blockedAt, status }) => (blockedAt !== null) === (status === 'blocked'),
    ended: ({ endsOn, status }) => (endsOn !== null && endsOn < today) === (status === 'ended'),
    'not started': ({ startsOn, status }) => (startsOn !== null && startsOn > today) === (status === 'not_started'),
    'start is not after end': ({ startsOn, endsOn }) => !startsOn || !endsOn || startsOn <= endsOn,
    'the invited have no account': ({ joinedAt, username, lastActiveAt, twoFactorAt }) =>
      joinedAt !== null || (username === null && lastActiveAt === null && twoFactorAt === null),
    'who came by invitation accepted it': ({ joinedAt, invitation }) =>
      joinedAt === null ? invitation !== null : invitation === null || invitation.status === 'active',
    'moments follow each other': ({ createdAt, joinedAt, lastActiveAt }) =>
      createdAt <= (joinedAt ?? createdAt) && (joinedAt ?? createdAt) <= (lastActiveAt ?? now),
    'nothing has happened in the future': (person) =>
      Object.values(person).every((value) => !(value instanceof Date) || value <= now),
  }
  for (const [rule, holds] of Object.entries(rules))
    expect(
      crowd.filter((person) => !holds(person)),
      rule,
    ).toEqual([])
})

test('people were last active over 400 days, more of them lately, some never', () => {
  const days = crowd.flatMap(({ lastActiveAt, status }) =>
    lastActiveAt && status === 'active' ? (now.getTime() - lastActiveAt.getTime()) / day : [],
  )
  expect(Math.max(...days)).toBeGreaterThan(380)
  expect(Math.max(...days)).toBeLessThanOrEqual(400)
  const within = (limit: number) => days.filter((one) => one <= limit).length / days.length
  expect(within(7)).toBeGreaterThan(0.25)
  expect(within(90)).toBeLessThan(0.9)
  expect(
    share(
      ({ lastActiveAt }) => lastActiveAt === null,
      ({ status }) => status === 'active',
    ),
  ).toBeGreaterThan(0.01)
})

test('invitations are in every state, and only those that wait for approval have no mail', () => {
  const invited = crowd.flatMap(({ joinedAt, invitation }) => (joinedAt === null ? invitation! : []))
  const expired = invited.filter((one) => one.status === 'pending_activation' && one.expiresAt! <= now)
  expect(expired.length).toBeGreaterThan(0)
  expect(new Set(invited.map((one) => one.status))).toEqual(
    new Set(['pending_activation', 'pending_approval', 'expired', 'rejected', 'revoked']),
  )
  const rules: Record<string, (one: SeedInvitation) => boolean> = {
    waiting: ({ approval, status }) => (approval === 'waiting') === (status === 'pending_approval'),
    'no mail': ({ approval, sentAt, expiresAt }) =>
      (approval === 'waiting' || approval === 'denied') === (sentAt === null) &&
      (sentAt === null) === (expiresAt === null),
    validity: ({ sentAt, expiresAt }) => sentAt === null || sentAt < expiresAt!,
    expired: ({ status, expiresAt }) => status !== 'expired' || expiresAt! < now,
  }
  for (const [rule, holds] of Object.entries(rules))
    expect(
      invited.filter((one) => !holds(one)),
      rule,
    ).toEqual([])
  expectShare(
    share(
      ({ invitation }) => invitation !== null,
      ({ joinedAt }) => joinedAt !== null,
    ),
    0.6,
  )
})

test('telephone numbers are of ranges that reach nobody', () => {
  const fictional =
    /^(\+1 \d{3}-555-01\d\d|\+44 (7700 900\d{3}|20 7946 0\d{3}|1[1-6][13] 496 0\d{3}|1632 960\d{3})|\+353 20 91\d \d{4}|\+61 491 570 (006|15[6-9]|110|313|737)|\+61 [2378] (5550|7010) \d{4}|\+33 (6 39 98|1 99 00|2 61 91|3 53 01|4 65 71|5 36 49) \d\d \d\d|\+49 (171 39200\d\d|176 040690\d\d|30 23125\d{3}|69 90009\d{3}|40 66969\d{3}|221 4710\d{3}|89 99998\d{3})|\+46 (70 174 06 [5-9]\d|31 390 06 \d\d|40 628 04 \d\d|8 465 004 \d\d))$/
  const wrong = crowd.filter(
    ({ cellPhone, officePhone, extension }) =>
      (cellPhone !== '' && !fictional.test(cellPhone)) ||
      (officePhone !== '' && !fictional.test(officePhone)) ||
      !(officePhone ? /^(\d{3,5})?$/ : /^$/).test(extension),
  )
  expect(wrong).toEqual([])
  expect(share(({ extension }) => extension !== '')).toBeGreaterThan(0.1)
})

/** Everything that makes the tables what they are: indexes, constraints, and whether they are valid. */
const shape = async ({ db }: Connected) => {
  const { rows } = await sql<{ part: string }>`
    select pg_get_indexdef(indexrelid) || indisvalid as part from pg_index
    where indrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
    union all
    select conrelid::regclass || conname || pg_get_constraintdef(oid) || convalidated from pg_constraint
    where connamespace = 'public'::regnamespace
    order by 1`.execute(db)
  return rows.map(({ part }) => part)
}

describe('rollcall seed', () => {
  const quiet = () => {}
  let database: Connected
  let slug = ''
  let organizationId = ''
  beforeAll(async () => {
    database = await freshDatabase({ statementTimeout: 0 })
    const here = await makeOrganization(database.db, 'Harbor Claims', now)
    slug = here.slug
    organizationId = here.id
    await addPerson(database.db, here, now, { first: 'Ana', role: 'admin' })
  })
  afterAll(() => database.close())
  const wide = () => crossing(database.db, 'tests look at everything')
  const count = async (table: 'account' | 'membership' | 'member_group' | 'custom_role' | 'region' | 'area') =>
    Number(
      (
        await wide()
          .selectFrom(table)
          .select(({ fn }) => fn.countAll().as('n'))
          .executeTakeFirstOrThrow()
      ).n,
    )

  test('an organization that does not exist is refused with a sentence', async () => {
    const result = await seed(database, { slug: 'nowhere', people: 10, seed: 1, now, progress: quiet })
    expect(result).toEqual({ refused: 'There is no organization with the address "nowhere".' })
    expect(await count('member_group')).toBe(1)
  })

  test('many people at once, by way of new indexes, and some more by the same seed', async () => {
    const before = await shape(database)
    const lines: string[] = []
    const progress = (line: string) => lines.push(line)
    expect(await seed(database, { slug, people: 10_050, seed: 1, now, progress })).toEqual({ people: 10_050 })
    expect(lines.join()).toContain('Making the indexes')
    expect(await count('membership')).toBe(10_051)
    const places = [await count('member_group'), await count('custom_role'), await count('region'), await count('area')]

    expect(await seed(database, { slug, people: 300, seed: 1, now, progress: quiet })).toEqual({ people: 300 })
    expect(await count('membership')).toBe(10_351)
    expect([
      await count('member_group'),
      await count('custom_role'),
      await count('region'),
      await count('area'),
    ]).toEqual(places)
    expect(await shape(database)).toEqual(before)
  })

  test('the copies in a membership are what its account, roles and dates say', async () => {
    const people = await wide()
      .selectFrom('membership as m')
      .leftJoin('account as a', 'a.id', 'm.account_id')
      .selectAll('m')
      .select((eb) => [
        'a.blocked_at',
        'a.two_factor_at',
        'a.password_hash',
        eb.ref('a.email_key').as('account_email'),
        eb.ref('a.username_key').as('account_username'),
        eb
          .selectFrom('membership_role as r')
          .whereRef('r.membership_id', '=', 'm.id')
          .select(({ fn }) => fn<string[]>('array_agg', ['r.role_id']).as('roles'))
          .as('roles'),
        eb.selectFrom('invitation as i').whereRef('i.membership_id', '=', 'm.id').select('i.status').as('invitation'),
        eb.selectFrom('invitation as i').whereRef('i.membership_id', '=', 'm.id').select('i.approval').as('approval'),
        sql<number>`(select count(*)::int from membership_permission as p where p.membership_id = m.id)`.as('direct'),
      ])
      .execute()
    expect(people.length).toBe(10_351)
    const today = dayOf(now)
    type Member = (typeof people)[number]
    const rules: Record<string, (member: Member) => boolean> = {
      status: (member) => member.status === statusOf(member, today),
      email: ({ email, email_key, account_id, account_email }) =>
        email_key === emailKey(email) && (account_id === null || account_email === email_key),
      username: ({ username_key, account_username }) => username_key === (account_username ?? ''),
      'two-factor': ({ has_two_factor, two_factor_at }) => has_two_factor === (two_factor_at !== null),
      roles: ({ role_ids, roles }) => [...role_ids].sort().join() === [...(roles ?? [])].sort().join(),
      invitation: ({ invite, invitation }) =>
        invite === (invitation === 'expired' ? 'pending_activation' : (invitation ?? '')),
      'who left by an act of an Admin': ({ removed_at, removed_by, invite, approval }) =>
        (removed_by !== null) === (removed_at !== null && !(invite === 'rejected' && approval !== 'denied')),
      'what is left by it': ({ removed_at, manages_group, invite, invite_expires_at, role_ids, direct }) =>
        (removed_at === null || !manages_group) &&
        (invite_expires_at === null || invite === 'pending_activation') &&
        (invite !== 'revoked' || (role_ids.length === 0 && direct === 0)),
      'keys of names': ({ sort_name, sort_first, first_name, last_name }) =>
        sort_name === sortKey(last_name, first_name) && sort_first === sortKey(first_name, last_name),
      search: ({ search, first_name, last_name, email, username_key }) =>
        search === searchText(first_name, last_name, email, username_key),
      'nobody can sign in': ({ password_hash }) => password_hash === null,
      'of this organization': ({ organization_id }) => organization_id === organizationId,
    }
    const brief = ({ id, email, status }: Member) => ({ id, email, status })
    for (const [rule, holds] of Object.entries(rules))
      expect(people.filter((member) => !holds(member)).map(brief), rule).toEqual([])
  })

  test('lists can be read from the indexes alone afterwards, also when somebody was reading until a moment ago', async () => {
    const reader = await database.pool.acquire()
    await reader.send('start transaction isolation level repeatable read')
    await reader.send('select 1')
    let left: Promise<void> | undefined
    const progress = (line: string) => {
      if (line.startsWith('Tidying')) left = pause(500).then(() => reader.commit())
    }
    expect(await seed(database, { slug, people: 2_000, seed: 1, now, progress })).toEqual({ people: 2_000 })
    await left
    database.pool.release(reader)
    const { rows } = await sql<{ part: number }>`
      select relallvisible::float / relpages as part from pg_class where relname = 'membership'`.execute(wide())
    expect(rows[0]?.part).toBeGreaterThan(0.9)
  })

  test('what the database refuses is told, and nothing is half there', async () => {
    const before = [await count('account'), await count('membership')]
    await sql`alter table invitation add constraint refused check (status <> 'active') not valid`.execute(wide())
    const shapeBefore = await shape(database)
    for (const people of [400, 12_000]) {
      const result = seed(database, { slug, people, seed: 2, now, progress: quiet })
      await expect(result).rejects.toMatchObject({ constraint_name: 'refused' })
      expect([await count('account'), await count('membership')]).toEqual(before)
      expect(await shape(database)).toEqual(shapeBefore)
    }
    await sql`alter table invitation drop constraint refused`.execute(wide())
    expect(await seed(database, { slug, people: 50, seed: 2, now, progress: quiet })).toEqual({ people: 50 })
  })
})
