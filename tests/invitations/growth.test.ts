import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readAcrossList } from '../../src/invitations/across/list-state.ts'
import { bounds as acrossBounds, idsAcross } from '../../src/invitations/across/queries.ts'
import { bounds } from '../../src/invitations/in-order.ts'
import { readInvitationList } from '../../src/invitations/list-state.ts'
import { idsOfPage, pageSize } from '../../src/invitations/page.ts'
import type { Actor } from '../../src/platform/access/actor.ts'
import { rightsOf } from '../../src/platform/access/permissions.ts'
import { literalText } from '../../src/platform/database/copy.ts'
import { freshDatabase } from '../support/database.ts'
import { clockAt, organization } from '../support/world.ts'

/* How many rows a page reads, by what PostgreSQL itself says: it may grow with what is rare, and never with the history. */

const many = 20_000
let database: Awaited<ReturnType<typeof freshDatabase>>
let world: Awaited<ReturnType<typeof organization>>
const usual = { ...bounds }
const usualAcross = { ...acrossBounds }
beforeAll(async () => {
  database = await freshDatabase()
  world = await organization({ database, clock: clockAt() })
  const { db, here, clock, intake } = world
  // As many people as there are in a history of this size: by one of them all, an index by person would be as good as one by time.
  await sql`insert into membership (id, organization_id, email, email_key, group_id, status, invite)
    select gen_random_uuid(), ${here.id}, n || '@p.example', n || '@p.example', ${intake}, 'invited', 'expired'
    from generate_series(1, 4000) as n`.execute(db)
  // Four fifths accepted; the rare ones stand at the old end of every order.
  for (let from = 0; from < many; from += 4000)
    await sql`insert into invitation (id, organization_id, membership_id, email, email_key, organization_role, status, approval, expires_at,
      created_at, group_id, sort_first, sort_sender, search)
    select gen_random_uuid(), ${here.id}, m.id, n || '@x.example', lpad(n::text, 6, '0') || '@x.example',
      case when n > 19900 then 'viewer' else 'member' end,
      case when n > 19800 then 'revoked' when n % 5 = 0 then 'expired' else 'active' end,
      case when n % 3 = 0 then 'approved' else 'not_needed' end, ${clock.now}::timestamptz - n * interval '1 hour' + interval '7 days',
      ${clock.now}::timestamptz - n * interval '1 hour', ${intake}, lpad(n::text, 6, '0'), lpad((n % 7)::text, 6, '0'),
      case when n > 19850 then ' rarename' when n % 2 = 0 then ' oftenname' else ' other' end
    from generate_series(${from + 1}::int, ${from + 4000}::int) as n
      join membership m on m.organization_id = ${here.id} and m.email_key = (1 + n % 4000) || '@p.example'`.execute(db)
  // Another organization with few.
  const { elsewhere, stella } = world
  await sql`insert into invitation (id, organization_id, membership_id, email, email_key, organization_role, status, approval, expires_at,
      created_at, group_id)
    select gen_random_uuid(), ${elsewhere.id}, ${stella.person.id}, n || '@y.example', n || '@y.example', 'member', 'active', 'not_needed',
      ${clock.now}::timestamptz, ${clock.now}::timestamptz - n * interval '10 days', ${elsewhere.defaultGroup}
    from generate_series(1, 200) as n`.execute(db)
  await sql`vacuum analyze invitation`.execute(db)
  Object.assign(bounds, {
    walk: 400,
    rows: 400,
    tried: 100,
    promising: 10,
    sampled: 200,
    common: 10,
    commonInParts: 10,
    search: 400,
    few: 200,
  })
  acrossBounds.farthest = 400
})
afterAll(async () => {
  Object.assign(bounds, usual)
  Object.assign(acrossBounds, usualAcross)
  await database.close()
})

type Node = {
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Relation Name'?: string
  Plans?: Node[]
}
/** Entries that scans of tables and their indexes looked at. */
const read = (node: Node): number =>
  (node['Relation Name'] ? (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'] : 0) +
  (node.Plans ?? []).reduce((sum, plan) => sum + read(plan), 0)

async function rowsRead(query: string): Promise<number> {
  const actor = {
    timeZone: 'UTC',
    organization: { id: world.here.id },
    membership: { groupId: '' },
    rights: rightsOf({ organizationRole: 'admin', groupName: '', managesGroup: false, grants: [] }),
  } as unknown as Actor
  const { list } = readInvitationList(new URL(`http://x/?${query}`))
  const page = idsOfPage({ db: world.db, actor, now: world.clock.now }, list, pageSize + 1)
  return readBy(page)
}

async function readBy(page: unknown): Promise<number> {
  const text = literalText(world.db.selectFrom(sql`(${page})`.as('page') as never).selectAll() as never)
  const [row] = await world.db
    .executeQuery<{ 'QUERY PLAN': [{ Plan: Node }] }>({
      sql: `explain (analyze, format json) ${text}`,
      parameters: [],
      query: { kind: 'RawNode', sqlFragments: [], parameters: [] },
      queryId: { queryId: 'explain' },
    } as never)
    .then(({ rows }) => rows)
  return read((row as { 'QUERY PLAN': [{ Plan: Node }] })['QUERY PLAN'][0].Plan)
}

const deep = 'after=10000*AAAAAAAAAAAAAAAA*'
test.each([
  '',
  'sort=name',
  'sort=-expires',
  'sort=status',
  'sort=-approval',
  'status=revoked',
  'status=revoked&sort=invited',
  'status=revoked&sort=email',
  'status=revoked&role=viewer&sort=role',
  'status=revoked&approval=approved',
  'role=viewer',
  'role=viewer&sort=-status',
  'status=expired&sort=-invited',
  'from=2025-01-01&to=2025-01-31',
  'from=2025-01-01&to=2025-01-31&status=active&sort=approval',
  'attention=yes',
  'attention=yes&sort=sender',
  'q=rarename',
  'q=rarename&sort=status',
  'q=oftenname&sort=-name',
  `${deep}2025-11-01T00:00:00.000Z`,
  `${deep}010000&sort=name`,
  `${deep}active*2025-11-01T00:00:00.000Z&sort=status`,
  `from=2024-01-01&to=2026-01-01&${deep}2025-11-01T00:00:00.000Z`,
])('a page of "%s" reads a small part of the history', async (query) => {
  expect(await rowsRead(query)).toBeLessThan(many / 10)
})

const deeper = 'after=10000*AAAAAAAAAAAAAAAA*'
test.each([
  '',
  'sort=invited',
  'sort=email',
  'sort=-email',
  'timeframe=90d',
  'timeframe=24h&sort=email',
  'status=revoked',
  'status=revoked&sort=email',
  'q=rarename',
  'q=rarename&sort=email',
  'q=oftenname',
  `${deeper}2025-11-01T00:00:00.000Z`,
  `${deeper}2025-11-01T00:00:00.000Z&sort=invited`,
  `${deeper}010000*2025-11-01T00:00:00.000Z&sort=email`,
])('to support staff a page of "%s" reads a small part of all organizations', async (query) => {
  const { list } = readAcrossList(new URL(`http://x/?${query}`))
  expect([list.after !== null, await readBy(idsAcross(world.db, list, world.clock.now))]).toEqual([
    query.startsWith('after'),
    expect.toSatisfy((count: number) => count < many / 10),
  ])
})

test.each(['', 'sort=invited', 'sort=email', 'sort=-email', 'timeframe=30d&sort=email'])(
  'a page of "%s" reads a small part of the organizations that don’t allow support access, however many stand before',
  async (query) => {
    const { db, here } = world
    const allow = (support_access: boolean) =>
      db.updateTable('organization').set({ support_access }).where('id', '=', here.id).execute()
    await allow(false)
    try {
      const { list } = readAcrossList(new URL(`http://x/?${query}`))
      expect(await readBy(idsAcross(db, list, world.clock.now))).toBeLessThan(many / 10)
    } finally {
      await allow(true)
    }
  },
)
