import { type Kysely, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { crossing, organizationTables, statementGuard, UnguardedStatement } from '../../src/platform/database/guard.ts'
import { newId } from '../../src/platform/ids.ts'
import { sharedDatabase } from '../support/database.ts'
import { makeCustomRole, makeGroup, makeRegion, organization } from '../support/world.ts'

const { db } = sharedDatabase()
const wide = crossing(db, 'the test looks into the catalog')
// biome-ignore lint/suspicious/noExplicitAny: attacks aren't well typed
const loose = db as unknown as Kysely<any>
const mine = newId()
const other = newId()

// biome-ignore lint/suspicious/noExplicitAny: any query
type Attempts = Record<string, () => { compile(executor?: any): unknown }>

const refused: Attempts = {
  'select of a whole table': () => db.selectFrom('membership').selectAll(),
  'select by id alone': () => db.selectFrom('membership').selectAll().where('id', '=', other),
  'an alias': () => db.selectFrom('membership as m').select('m.id').where('m.id', '=', other),
  'another schema’s name for it': () => loose.withSchema('public').selectFrom('membership').selectAll(),
  'a dynamic table': () => loose.selectFrom(loose.dynamic.table('membership').as('m')).selectAll(),
  'organization_id of another table': () =>
    db
      .selectFrom('membership as m')
      .innerJoin('member_group as g', 'g.id', 'm.group_id')
      .select('m.id')
      .where('g.organization_id', '=', mine),
  'two tables joined by organization_id, and neither by a value': () =>
    db
      .selectFrom('membership as m')
      .innerJoin('member_group as g', 'g.organization_id', 'm.organization_id')
      .select('m.id'),
  'a ring of three': () =>
    db
      .selectFrom('membership as m')
      .innerJoin('member_group as g', 'g.organization_id', 'm.organization_id')
      .innerJoin('region as r', (on) =>
        on.onRef('r.organization_id', '=', 'g.organization_id').onRef('m.organization_id', '=', 'r.organization_id'),
      )
      .select('m.id'),
  'a column compared with itself': () =>
    db.selectFrom('membership').selectAll().whereRef('organization_id', '=', 'organization_id'),
  'a column compared with itself by its alias': () =>
    db.selectFrom('membership as m').selectAll().whereRef('m.organization_id', '=', 'm.organization_id'),
  'a comparison under or': () =>
    db
      .selectFrom('membership')
      .selectAll()
      .where((eb) => eb.or([eb('organization_id', '=', mine), eb('status', '=', 'active')])),
  'a comparison under and under or': () =>
    db
      .selectFrom('membership')
      .selectAll()
      .where((eb) => eb.or([eb.and([eb('organization_id', '=', mine)]), eb.lit(true)])),
  'where and then orWhere': () =>
    db
      .selectFrom('membership')
      .selectAll()
      .where((eb) => eb('organization_id', '=', mine).or('status', '=', 'active')),
  'a comparison under not': () =>
    db
      .selectFrom('membership')
      .selectAll()
      .where((eb) => eb.not(eb('organization_id', '=', mine))),
  'anything but equality': () => db.selectFrom('membership').selectAll().where('organization_id', '!=', mine),
  'a range': () => db.selectFrom('membership').selectAll().where('organization_id', '>=', mine),
  'is not null': () => db.selectFrom('membership').selectAll().where('organization_id', 'is not', null),
  'a list of everybody’s': () =>
    db
      .selectFrom('membership')
      .selectAll()
      .where('organization_id', 'in', (eb) => eb.selectFrom('organization').select('id')),
  'somebody else’s by a subquery': () =>
    db
      .selectFrom('membership')
      .selectAll()
      .where('organization_id', '=', (eb) => eb.selectFrom('organization').select('id').limit(1)),
  'equality with a piece of sql': () =>
    db.selectFrom('membership').selectAll().where('organization_id', '=', sql<string>`"membership"."organization_id"`),
  having: () =>
    db
      .selectFrom('membership')
      .select('organization_id')
      .groupBy('organization_id')
      .having('organization_id', '=', mine),
  'the organizations joined, but none chosen': () =>
    db.selectFrom('organization as o').innerJoin('membership as m', 'm.organization_id', 'o.id').select('m.id'),
  'an id that isn’t the organization’s': () =>
    db
      .selectFrom('account as o')
      .innerJoin('membership as m', 'm.organization_id', 'o.id')
      .select('m.id')
      .where('o.id', '=', mine),
  'a joined table without its own': () =>
    db
      .selectFrom('membership as m')
      .innerJoin('member_group as g', 'g.id', 'm.group_id')
      .select('g.name')
      .where('m.organization_id', '=', mine),
  'a left join whose condition leaves the first table free': () =>
    db
      .selectFrom('membership as m')
      .leftJoin('member_group as g', (on) => on.on('g.organization_id', '=', mine).on('m.organization_id', '=', mine))
      .select('m.id'),
  'a left join that would bind the first table through the second': () =>
    db
      .selectFrom('membership as m')
      .leftJoin('member_group as g', (on) =>
        on.on('g.organization_id', '=', mine).onRef('g.organization_id', '=', 'm.organization_id'),
      )
      .select('m.id'),
  'a right join whose condition leaves the second table free': () =>
    db
      .selectFrom('membership as m')
      .rightJoin('member_group as g', (on) => on.on('g.organization_id', '=', mine))
      .select('g.id')
      .where('m.organization_id', '=', mine),
  'a full join': () =>
    db
      .selectFrom('membership as m')
      .fullJoin('member_group as g', (on) => on.on('g.organization_id', '=', mine).on('m.organization_id', '=', mine))
      .select('g.id'),
  'a cross join': () =>
    db.selectFrom('membership as m').crossJoin('region as r').select('r.id').where('m.organization_id', '=', mine),
  'two tables in from, one bare comparison': () =>
    loose.selectFrom(['membership as m', 'account as a']).select('m.id').where('organization_id', '=', mine),
  'a subquery in from': () =>
    db.selectFrom((eb) => eb.selectFrom('membership').select('email').as('x')).select('x.email'),
  'a subquery in select': () =>
    db.selectFrom('account').select((eb) => eb.selectFrom('membership').select('email').limit(1).as('email')),
  'a subquery in where': () =>
    db
      .selectFrom('account')
      .select('id')
      .where(({ exists, selectFrom }) => exists(selectFrom('membership').select('id'))),
  'a subquery in order by': () =>
    db
      .selectFrom('account')
      .select('id')
      .orderBy((eb) => eb.selectFrom('membership').select('email').limit(1)),
  'a subquery bound to a table around it that isn’t': () =>
    db
      .selectFrom('organization as o')
      .select((eb) =>
        eb
          .selectFrom('membership as m')
          .whereRef('m.organization_id', '=', 'o.id')
          .select(eb.fn.countAll().as('n'))
          .as('n'),
      ),
  'a subquery bound to a column of a made-up table': () =>
    loose
      .selectFrom(loose.selectFrom('organization').select('id as organization_id').as('x'))
      .innerJoin('membership as m', 'm.organization_id', 'x.organization_id')
      .select('m.id'),
  'an alias that hides the one around': () =>
    db
      .selectFrom('membership as m')
      .where('m.organization_id', '=', mine)
      .select((eb) =>
        eb
          .selectFrom('member_group as m')
          .whereRef('m.organization_id', '=', 'm.organization_id')
          .select('m.name')
          .limit(1)
          .as('name'),
      ),
  'a made-up table that hides the one around': () =>
    loose
      .selectFrom('membership as m')
      .where('m.organization_id', '=', mine)
      .select((eb) =>
        eb
          .selectFrom([sql`(select id from organization)`.as(sql`m(organization_id)`), 'member_group as g'])
          .whereRef('g.organization_id', '=', 'm.organization_id')
          .select('g.name')
          .limit(1)
          .as('name'),
      ),
  'a lateral join': () =>
    db
      .selectFrom('account as a')
      .innerJoinLateral(
        (eb) => eb.selectFrom('membership as m').whereRef('m.account_id', '=', 'a.id').select('m.email').as('x'),
        (on) => on.onTrue(),
      )
      .select('x.email'),
  'a with': () =>
    db
      .with('x', (q) => q.selectFrom('membership').select('email'))
      .selectFrom('x')
      .select('email'),
  'a with that changes something': () =>
    db
      .with('x', (q) => q.deleteFrom('membership').returning('id'))
      .selectFrom('x')
      .select('id'),
  'the second half of a union': () =>
    db
      .selectFrom('membership')
      .where('organization_id', '=', mine)
      .select('email')
      .unionAll(db.selectFrom('membership').select('email')),
  'the second half of a union that leans on the first': () =>
    loose
      .selectFrom('membership as m')
      .where('m.organization_id', '=', mine)
      .select('m.email')
      .unionAll((eb) => eb.selectFrom('invitation as i').select('i.email')),
  'update by id': () => db.updateTable('membership').set({ title: 'x' }).where('id', '=', other),
  'update from another table': () =>
    db
      .updateTable('membership as m')
      .from('member_group as g')
      .set({ title: 'x' })
      .whereRef('g.organization_id', '=', 'm.organization_id'),
  'update with a subquery': () =>
    db
      .updateTable('membership')
      .set((eb) => ({ title: eb.selectFrom('member_group').select('name').limit(1) }))
      .where('organization_id', '=', mine),
  'update of the organization itself': () =>
    db.updateTable('membership').set({ organization_id: other }).where('organization_id', '=', mine),
  'update of the organization by a reference': () =>
    loose
      .updateTable('membership')
      .set(sql.ref('organization_id') as never, other as never)
      .where('organization_id', '=', mine),
  'delete by id': () => db.deleteFrom('membership').where('id', '=', other),
  'delete using': () =>
    db
      .deleteFrom('membership as m')
      .using('member_group as g')
      .whereRef('g.id', '=', 'm.group_id')
      .where('m.organization_id', '=', mine),
  'insert without it': () => loose.insertInto('region').values({ id: other, name: 'x', sort_name: 'x' }),
  'insert of defaults': () => loose.insertInto('region').defaultValues(),
  'insert from a free select': () =>
    db
      .insertInto('region')
      .columns(['organization_id', 'id', 'name', 'sort_name'])
      .expression(db.selectFrom('region').select(['organization_id', 'id', 'name', 'sort_name'])),
  'insert over somebody else’s row': () =>
    db
      .insertInto('region')
      .values({ id: other, organization_id: mine, name: 'x', sort_name: 'x' })
      .onConflict((on) => on.column('id').doUpdateSet({ name: 'taken over' })),
  'insert over a row by a constraint': () =>
    db
      .insertInto('region')
      .values({ id: other, organization_id: mine, name: 'x', sort_name: 'x' })
      .onConflict((on) => on.constraint('region_pkey').doUpdateSet({ name: 'taken over' })),
  'insert that moves the row in its way': () =>
    db
      .insertInto('region')
      .values({ id: other, organization_id: mine, name: 'x', sort_name: 'x' })
      .onConflict((on) => on.columns(['organization_id', 'id']).doUpdateSet({ organization_id: other })),
  merge: () => db.mergeInto('membership as m').using('account as a', 'a.id', 'm.account_id').whenMatched().thenDelete(),
  'sql that names a table': () => compilable(sql`select * from membership`),
  'sql that names it in capitals': () => compilable(sql`select * from MEMBERSHIP`),
  'sql that names it in quotes': () => compilable(sql`select * from "membership"`),
  'sql that spells it in code points': () => compilable(sql`select * from u&"\\006dembership"`),
  'sql.table': () => compilable(sql`select * from ${sql.table('membership')}`),
  'sql.table with a schema': () => compilable(sql`select * from ${sql.table('public.membership')}`),
  'sql.id': () => compilable(sql`select * from ${sql.id('public', 'membership')}`),
  'sql.table in from': () => loose.selectFrom(sql.table('membership').as('m') as never).selectAll(),
  'sql inside a good query': () =>
    db.selectFrom('account').select(sql<number>`(select count(*) from membership)`.as('n')),
  'sql inside sql inside a good query': () =>
    db.selectFrom('account').select(sql`coalesce(${sql`(select email from invitation limit 1)`}, '')`.as('x')),
  'dropping a table': () => loose.schema.dropTable('membership'),
}
const compilable = (raw: ReturnType<typeof sql>) => ({ compile: () => raw.compile(db) })

const accepted: Attempts = {
  'its own organization': () => db.selectFrom('membership').selectAll().where('organization_id', '=', mine),
  'the value first': () =>
    db
      .selectFrom('membership as m')
      .selectAll()
      .where((eb) => eb(eb.val(mine), '=', eb.ref('m.organization_id'))),
  'a list of values': () => db.selectFrom('membership').selectAll().where('organization_id', 'in', [mine, other]),
  'in parentheses, with or beside it': () =>
    db
      .selectFrom('membership')
      .selectAll()
      .where((eb) =>
        eb.and([eb.parens(eb('organization_id', '=', mine)), eb.or([eb('status', '=', 'a'), eb('title', '=', 'b')])]),
      ),
  'a chain of joins from a value': () =>
    db
      .selectFrom('membership as m')
      .innerJoin('member_group as g', (on) =>
        on.onRef('g.organization_id', '=', 'm.organization_id').onRef('g.id', '=', 'm.group_id'),
      )
      .leftJoin('region as r', 'r.organization_id', 'g.organization_id')
      .select('r.id')
      .where('m.organization_id', '=', mine),
  'a chain that begins at its end': () =>
    db
      .selectFrom('membership as m')
      .innerJoin('member_group as g', 'g.organization_id', 'm.organization_id')
      .select('m.id')
      .where('g.organization_id', '=', mine),
  'the organization by its own id': () =>
    db
      .selectFrom('organization as o')
      .innerJoin('membership as m', 'm.organization_id', 'o.id')
      .select('m.id')
      .where('o.id', '=', mine),
  'a subquery bound to the table around': () =>
    db
      .selectFrom('membership as m')
      .where('m.organization_id', '=', mine)
      .select((eb) =>
        eb
          .selectFrom('membership_role as r')
          .whereRef('r.organization_id', '=', 'm.organization_id')
          .select((of) =>
            of
              .selectFrom('custom_role as c')
              .whereRef('c.organization_id', '=', 'm.organization_id')
              .select('c.name')
              .limit(1)
              .as('name'),
          )
          .limit(1)
          .as('x'),
      ),
  'a subquery bound to the organization around': () =>
    db
      .selectFrom('organization as o')
      .where('o.id', '=', mine)
      .select((eb) =>
        eb
          .selectFrom('membership as m')
          .whereRef('m.organization_id', '=', 'o.id')
          .select(eb.fn.countAll().as('n'))
          .as('n'),
      ),
  'an update': () => db.updateTable('membership').set({ title: 'x' }).where('organization_id', '=', mine),
  'a delete': () => db.deleteFrom('membership').where('organization_id', '=', mine),
  'an insert': () => db.insertInto('region').values({ id: other, organization_id: mine, name: 'x', sort_name: 'x' }),
  'an insert over its own row': () =>
    db
      .insertInto('region')
      .values({ id: other, organization_id: mine, name: 'x', sort_name: 'x' })
      .onConflict((on) => on.columns(['organization_id', 'sort_name']).doUpdateSet({ name: 'y' })),
  'an insert that gives way': () =>
    db
      .insertInto('region')
      .values({ id: other, organization_id: mine, name: 'x', sort_name: 'x' })
      .onConflict((on) => on.column('id').doNothing()),
  'tables that belong to nobody': () => db.selectFrom('account').selectAll(),
  'sql that names no table of an organization': () => compilable(sql`select 1`),
  'whatever goes through crossing': () => crossing(db, 'the test').selectFrom('membership').selectAll(),
}

describe('a statement that could reach another organization is refused', () => {
  test.each(Object.keys(refused))('%s', (name) => {
    expect(() => refused[name]?.().compile()).toThrow(UnguardedStatement)
  })
  test('it is refused when it runs, too, before anything is sent', async () => {
    await expect(db.selectFrom('membership').selectAll().execute()).rejects.toThrow(UnguardedStatement)
    await expect(
      db.transaction().execute((trx) => trx.deleteFrom('membership').where('id', '=', other).execute()),
    ).rejects.toThrow(UnguardedStatement)
    await expect(sql`select * from membership`.execute(db)).rejects.toThrow(UnguardedStatement)
  })
  test('built once and found good, a part is still looked at anew where it stands', () => {
    const inner = db.selectFrom('membership as m').where('m.organization_id', '=', mine).select('m.id')
    inner.compile()
    expect(() => db.selectFrom('membership as x').where('x.id', 'in', inner).select('x.id').compile()).toThrow(
      UnguardedStatement,
    )
  })
})

describe('a statement that stays inside is let through', () => {
  test.each(Object.keys(accepted))('%s', (name) => {
    expect(() => accepted[name]?.().compile()).not.toThrow()
  })
})

test('it costs little beside building the statement', () => {
  const build = () =>
    db
      .selectFrom('membership as m')
      .innerJoin('member_group as g', 'g.organization_id', 'm.organization_id')
      .where('m.organization_id', '=', mine)
      .select(['m.id', 'm.email', 'g.name'])
      .toOperationNode()
  const node = build()
  const copy = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(copy)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, copy(one)]))
        : value
  const fresh = Array.from({ length: 2000 }, () => copy(node))
  const began = process.cpuUsage()
  for (const one of fresh) statementGuard.transformQuery({ node: one as never, queryId: {} as never })
  const { user, system } = process.cpuUsage(began)
  expect((user + system) / fresh.length, 'microseconds a statement').toBeLessThan(200)
})

test('the tables it knows are those that have organization_id in the database', async () => {
  const { rows } = await sql<{ name: string }>`
    select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
      and a.attname = 'organization_id' and not a.attisdropped order by 1`.execute(wide)
  expect(rows.map(({ name }) => name)).toEqual([...organizationTables].sort())
})

test('the tables without organization_id are those that belong to no organization', async () => {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
    order by 1`.execute(wide)
  expect(rows.map(({ name }) => name).filter((name) => !organizationTables.has(name))).toEqual([
    'account',
    'backup_code',
    'enrollment',
    'former_email',
    'known_device',
    'kysely_migration',
    'kysely_migration_lock',
    'organization',
    'session',
    'try_count',
  ])
})

type Link = { name: string; from: string; to: string; columns: string[]; targets: string[] }
const links = async () => {
  const { rows } = await sql<Link>`
    select k.conname as name, f.relname as from, t.relname as to,
      array(select attname::text from unnest(k.conkey) with ordinality u(n, at)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.n order by u.at) as columns,
      array(select attname::text from unnest(k.confkey) with ordinality u(n, at)
        join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.n order by u.at) as targets
    from pg_constraint k join pg_class f on f.oid = k.conrelid join pg_class t on t.oid = k.confrelid
    where k.contype = 'f' and f.relnamespace = 'public'::regnamespace`.execute(wide)
  return rows
}

describe('the database itself', () => {
  test('each link between tables of an organization carries the organization', async () => {
    const between = (await links()).filter(({ from, to }) => organizationTables.has(from) && organizationTables.has(to))
    expect(between.length).toBeGreaterThan(12)
    for (const { name, columns, targets } of between) {
      const at = columns.indexOf('organization_id')
      expect(at, name).toBeGreaterThanOrEqual(0)
      expect(targets[at], name).toBe('organization_id')
    }
  })

  test('no column that holds an id of such a table stands outside a link', async () => {
    const linked = new Set((await links()).flatMap(({ from, columns }) => columns.map((one) => `${from}.${one}`)))
    const { rows } = await sql<{ column: string }>`
      select c.relname || '.' || a.attname as column from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
        and a.atttypid in ('uuid'::regtype, 'uuid[]'::regtype) and a.attname <> 'id' order by 1`.execute(wide)
    expect(rows.map(({ column }) => column).filter((column) => !linked.has(column))).toEqual([
      // An account is no organization's; who gave it something and isn't there anymore may give nothing (accounts/giver.ts).
      'account.added_by',
      'account.new_email_asked_by',
      'account.password_given_by',
      // The log outlives what it tells of (R-48).
      'event.actor_id',
      'event.organization_id',
      'event.subject_id',
      // What an invitation offered, as it was: it may be gone by now.
      'invitation.group_id',
      'invitation.role_ids',
      // A copy of membership_role, which is linked.
      'membership.role_ids',
    ])
  })

  test('every row of such a table has an organization, but for mails and events of none', async () => {
    const { rows } = await sql<{ name: string }>`
      select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attname = 'organization_id'
        and not a.attnotnull order by 1`.execute(wide)
    expect(rows.map(({ name }) => name)).toEqual(['event', 'mail', 'mail_answer'])
  })

  test('a link to another organization’s row can’t be stored, whatever the statement', async () => {
    const world = await organization()
    const { here, elsewhere } = world
    const theirs = {
      group: await makeGroup(world.db, elsewhere.id, 'Theirs'),
      role: await makeCustomRole(world.db, elsewhere.id, 'Theirs'),
      region: await makeRegion(world.db, elsewhere.id, 'Theirs', ['There']),
      member: world.stella.person.id,
    }
    const ours = await makeRegion(world.db, here.id, 'Ours', ['Here'])
    const organization_id = here.id
    const { id } = world.mia.person
    const me = () => world.db.updateTable('membership').where('organization_id', '=', here.id).where('id', '=', id)
    const invitation = {
      id: newId(),
      organization_id,
      membership_id: id,
      email: 'x@example.org',
      email_key: 'x@example.org',
      organization_role: 'member',
      status: 'expired',
      created_at: world.clock.now,
    }
    const attempts: Record<string, { execute(): Promise<unknown> }> = {
      group: me().set({ group_id: theirs.group }),
      region: me().set({ region_id: theirs.region.id }),
      area: me().set({ region_id: ours.id, area_id: theirs.region.areas[0] ?? '' }),
      'own area of a foreign region': world.db
        .insertInto('area')
        .values({ id: newId(), organization_id, region_id: theirs.region.id, name: 'x', sort_name: 'x' }),
      'custom role': world.db
        .insertInto('membership_role')
        .values({ organization_id, membership_id: id, role_id: theirs.role }),
      'role of a foreign member': world.db
        .insertInto('membership_role')
        .values({ organization_id: elsewhere.id, membership_id: id, role_id: theirs.role }),
      'permission of a foreign member': world.db
        .insertInto('membership_permission')
        .values({ organization_id, membership_id: theirs.member, permission: 'audit.view' }),
      'permission of a foreign role': world.db
        .insertInto('custom_role_permission')
        .values({ organization_id, role_id: theirs.role, permission: 'audit.view' }),
      'permission of a foreign group': world.db
        .insertInto('group_permission')
        .values({ organization_id, group_id: theirs.group, permission: 'audit.view' }),
      'locked field of a foreign group': world.db
        .insertInto('group_locked_field')
        .values({ organization_id, group_id: theirs.group, field: 'email' }),
      'invitation of a foreign member': world.db
        .insertInto('invitation')
        .values({ ...invitation, membership_id: theirs.member }),
      'invitation by a foreign member': world.db
        .insertInto('invitation')
        .values({ ...invitation, invited_by: theirs.member }),
      'invitation approved by a foreign member': world.db
        .insertInto('invitation')
        .values({ ...invitation, decided_by: theirs.member }),
      'a row moved away from what it points to': me().set({ organization_id: elsewhere.id }),
    }
    for (const [name, attempt] of Object.entries(attempts))
      await expect(attempt.execute(), name).rejects.toMatchObject({ code: '23503' })
  })
})
