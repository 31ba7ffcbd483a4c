// The invitation history at its size: `npm run bench -- --only invitations` seeds it by SQL and asks for all that can be asked.
import { CompiledQuery, type Kysely, type RawBuilder, sql } from 'kysely'
import { columns, type Sort } from '../src/invitations/list-state.ts'
import { newId, shortId } from '../src/platform/ids.ts'
import { writePosition } from '../src/platform/web/table.ts'

/**
 * Made-up history over the people who are there: five years of it, most accepted, a quarter expired, the last week's still open,
 * and the last hour's expired ones as they were stored. Whoever joined or was invited comes by several times, each under another address.
 * One letter in a hundred came back. Of the sender a search finds the name alone, as in an invitation that was sent. False where they
 * are there already. They stand in the table as they were sent, one after the other.
 */
export async function seedInvitations(db: Kysely<unknown>, organization: string, count: number): Promise<boolean> {
  const { rows } =
    await sql`select from invitation where organization_id = ${organization} offset ${count - 1} limit 1`.execute(db)
  if (rows.length > 0) return false
  await sql`create temp table somebody as
    select row_number() over (order by id)::int as n, id, first_name, last_name, email, email_key, sort_name, sort_first,
      search, regexp_replace(search, ' \\S*@.*$', '') as searched_name, group_id, organization_role from membership where organization_id = ${organization}`.execute(
    db,
  )
  await sql`create index on somebody (n)`.execute(db)
  // Made afterwards they take a third of the time.
  const { rows: made } = await sql<{ name: string; text: string }>`select indexrelid::regclass::text as name,
    pg_get_indexdef(indexrelid) as text from pg_index where indrelid = 'invitation'::regclass and not indisunique`.execute(
    db,
  )
  for (const { name } of made) await sql`drop index ${sql.ref(name)}`.execute(db)
  for (let from = 0; from < count; from += 100_000)
    await sql`with known as (select count(*)::int as people from somebody),
      roles as (select array_agg(id order by sort_name) as ids from custom_role where organization_id = ${organization}),
      one as materialized (
        select n, now() - power(1 - n / ${count + 1}::float8, 1.5) * interval '5 years' as at, random() as r, random() as a, random() as o
        from generate_series(${from + 1}::int, ${Math.min(count, from + 100_000)}::int) as n),
      stood as (select one.*, case
          when at > now() - interval '7 days 1 hour' then case when r < 0.55 then 'pending_activation'
            when r < 0.63 then 'pending_approval' when r < 0.66 then 'revoked' when r < 0.69 then 'rejected' else 'active' end
          when r < 0.003 then 'pending_approval' when r < 0.24 then 'expired'
          when r < 0.29 then 'rejected' when r < 0.35 then 'revoked' else 'active' end as status from one)
      insert into invitation (id, organization_id, membership_id, email, email_key, first_name, last_name, organization_role, offer,
        status, approval, expires_at, invited_by, created_at, sender_name, group_id, role_ids, sort_name, sort_first, sort_sender, search)
      select gen_random_uuid(), ${organization}, m.id, replace(m.email, '@', '.' || s.n || '@'), replace(m.email_key, '@', '.' || s.n || '@'),
        m.first_name, m.last_name,
        case when s.o < 0.01 then 'admin' when s.o < 0.03 then 'developer' when s.o < 0.12 then 'viewer' else 'member' end,
        jsonb_build_object('group_id', m.group_id), s.status,
        case when s.status = 'pending_approval' then 'waiting' when s.status = 'rejected' and s.a < 0.4 then 'denied'
          when s.a < 0.3 then 'approved' else 'not_needed' end,
        case when s.status <> 'pending_approval' then s.at + interval '7 days' end,
        g.id, s.at, trim(g.first_name || ' ' || g.last_name), m.group_id,
        case when s.n % 40 = 0 and roles.ids is not null then array[roles.ids[1 + s.n / 40 % cardinality(roles.ids)]] else '{}' end,
        m.sort_name, m.sort_first, g.sort_first, m.search || g.searched_name
      from stood s cross join known cross join roles
        join somebody m on m.n = 1 + (s.n::bigint * 7919) % known.people
        join somebody g on g.n = 1 + (s.n / 50 * 31) % least(known.people, 300) order by s.n`.execute(db)
  for (const { text } of made) await db.executeQuery(CompiledQuery.raw(text))
  await sql`insert into mail (id, organization_id, template, to_address, to_key, state, attempts, created_at, invitation_id, generation)
    select gen_random_uuid(), organization_id, 'invitation', email, email_key, 'bounced', 1, created_at, id, 1 from invitation
    where organization_id = ${organization} and status <> 'pending_approval' and random() < 0.01`.execute(db)
  await sql`vacuum analyze invitation, mail`.execute(db)
  await sql`drop table somebody`.execute(db)
  return true
}

/** Common and rare, of one letter and of several words, of scripts and of nobody. */
const terms = [
  'a',
  'q',
  'zz',
  'xq',
  'an',
  'ng',
  'smith',
  'zhang',
  'garcia',
  'qqqxyz',
  "o'",
  '.example',
  'иванов',
  '陈',
  'anna smith',
  'nobody here',
]

type Row = { id: string; key: unknown; created_at: Date }
const text = (value: unknown) =>
  value instanceof Date ? value.toISOString() : value === Number.POSITIVE_INFINITY ? 'infinity' : String(value)

/** The pages behind and before 1 %, 50 % and 99 % of the rows, in every order. */
async function deepPages(db: Kysely<unknown>, organization: string): Promise<string[]> {
  const keys: Record<Sort, RawBuilder<unknown>> = {
    name: sql`sort_first`,
    email: sql`email_key`,
    status: sql`status`,
    role: sql`organization_role`,
    invited: sql`created_at`,
    expires: sql`coalesce(expires_at, 'infinity')`,
    approval: sql`approval`,
    sender: sql`sort_sender`,
  }
  const { rows: counted } = await sql<{ count: number }>`select count(*)::int as count from invitation
    where organization_id = ${organization}`.execute(db)
  const found: string[] = []
  for (const [sort, key] of Object.entries(keys))
    for (const share of [0.01, 0.5, 0.99]) {
      const few = columns[sort as Sort].keys.length > 1
      const order = few ? sql`${key}, created_at desc, id desc` : sql`${key}, id`
      const count = Math.floor((counted[0]?.count ?? 0) * share)
      const { rows } = await sql<Row>`select id, ${key} as key, created_at from invitation
        where organization_id = ${organization} order by ${order} offset ${count} limit 1`.execute(db)
      for (const { id, key: value, created_at } of rows) {
        const position = writePosition({ values: few ? [text(value), text(created_at)] : [text(value)], id, count })
        found.push(
          `${new URLSearchParams({ sort, after: position })}`,
          `${new URLSearchParams({ sort, before: position })}`,
        )
      }
    }
  return found
}

/** Everything that the history is asked for, by what it is. */
export async function invitationQueries(db: Kysely<unknown>, organization: string): Promise<Record<string, string[]>> {
  const { rows: roles } = await sql<{ id: string }>`select id from custom_role where organization_id = ${organization}
    order by id limit 1`.execute(db)
  const { rows: senders } = await sql<{ name: string }>`select lower(sender_name) as name from invitation
    where organization_id = ${organization} and created_at < now() - interval '1 year' order by id limit 1`.execute(db)
  const single = [
    'status=pending_approval',
    'status=pending_activation',
    'status=active',
    'status=rejected',
    'status=expired',
    'status=revoked',
    'role=admin',
    'role=viewer',
    'role=developer',
    'role=member',
    ...roles.map(({ id }) => `role=${shortId(id)}`),
    'timeframe=24h',
    'timeframe=7d',
    'timeframe=90d',
    'from=2024-03-01&to=2024-03-31',
    'to=2022-12-31',
    'approval=not_needed',
    'approval=waiting',
    'approval=approved',
    'approval=denied',
    'attention=yes',
  ]
  const nameOf = (query: string) => query.split('=')[0]?.replace(/from|to$/, 'timeframe')
  const pairs = single.flatMap((a, n) =>
    single.slice(n + 1).flatMap((b) => (nameOf(a) === nameOf(b) ? [] : [`${a}&${b}`])),
  )
  const orders = Object.keys(columns).flatMap((name) => [`sort=${name}`, `sort=-${name}`])
  const inEvery = (queries: string[]) => queries.flatMap((query) => orders.map((order) => `${query}&${order}`))
  const searches = [...terms, ...senders.map(({ name }) => name)].map((q) => `${new URLSearchParams({ q })}`)
  return {
    'every sort, both ways': orders,
    'pages at 1 %, 50 % and 99 %, in every order, both ways': await deepPages(db, organization),
    'one filter': single,
    'one filter in every order': inEvery(single),
    'two filters': pairs,
    'two filters in every order': inEvery(pairs),
    'a search': searches,
    'a search in every order': inEvery(searches),
    'a search and a filter': searches.flatMap((q) => single.map((query) => `${q}&${query}`)),
    'a search by who sent 60,000 of them, in every order': inEvery(['q=bea+bench']),
  }
}

export type Measured = { first: number; found: [query: string, ms: number][] }

/**
 * The shortest time of each, and of the first page between them: each is asked once, and whichever twenty are the slowest again and
 * again, until these have been asked eight times. What else runs on the machine makes an answer later, never earlier.
 */
export async function shortest(ask: (query: string) => Promise<number>, queries: string[]): Promise<Measured> {
  const found = new Map<string, { ms: number; tries: number }>()
  let first = Number.POSITIVE_INFINITY
  const round = async (some: string[]) => {
    for (const [n, query] of some.entries()) {
      if (n % 5 === 0) first = Math.min(first, await ask(''))
      const { ms, tries } = found.get(query) ?? { ms: Number.POSITIVE_INFINITY, tries: 0 }
      found.set(query, { ms: Math.min(ms, await ask(query)), tries: tries + 1 })
    }
  }
  const slowestFirst = () => [...found].sort(([, a], [, b]) => b.ms - a.ms)
  await round(queries)
  for (let n = 0; n < 60; n++) {
    const again = slowestFirst()
      .slice(0, 20)
      .filter(([, { tries }]) => tries < 8)
    await round(again.map(([query]) => query))
  }
  return { first, found: slowestFirst().map(([query, { ms }]) => [query, ms]) }
}

/** A hundred addresses, pasted, checked and sent through the front door: how long sending them took, in ms. */
export async function sendHundred(base: string, group: string, headers: Record<string, string>): Promise<number> {
  const post = (url: string, fields: Record<string, string>) =>
    fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: { ...headers, 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/x-www-form-urlencoded' },
      body: `${new URLSearchParams(fields)}`,
    })
  const key = newId()
  const addresses = Array.from({ length: 100 }, (_, n) => `Person ${n} <p${n}@${key.slice(-12)}.example>`).join('\n')
  const fields = { key, addresses, role: 'member', group: shortId(group), days: '7', message: '' }
  const pasted = await post(`${base}/new/several`, fields)
  const at = new URL(pasted.headers.get('location') ?? '', base)
  const page = await fetch(at, { headers }).then((answer) => answer.text())
  const version = /name="version" value="(\d+)"/.exec(page)?.[1] ?? ''
  const began = performance.now()
  const sent = await post(`${at}`, { version })
  const took = performance.now() - began
  if (sent.status !== 303) throw new Error(`${sent.status} for sending a hundred`)
  return took
}
