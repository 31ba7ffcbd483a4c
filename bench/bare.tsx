// The bare limit: a Hono server that does nothing but the members screen's queries and its markup in JSX. No session, no
// permissions, no compression, no headers: what Rollcall adds is measured against it.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import postgres from 'postgres'
import { readMemberList } from '../src/members/list-state.ts'
import type { MemberPage } from '../src/members/page.ts'
import type { Around } from '../src/members/queries.ts'
import type { Actor, Visitor } from '../src/platform/access/actor.ts'
import { rightsOf } from '../src/platform/access/permissions.ts'
import { types } from '../src/platform/database/values.ts'
import { Layout } from '../views/layout.tsx'
import { Members } from '../views/members/members.tsx'

const [socketDir = '', slug = '', port = '0'] = process.argv.slice(2)
const sql = postgres({
  host: 'localhost',
  path: `${socketDir}/.s.PGSQL.5432`,
  user: 'rollcall',
  database: 'rollcall',
  max: 10,
  types: types as Record<string, postgres.PostgresType>,
})
const [organization] = await sql`select id, name, slug from organization where slug = ${slug}`
if (!organization) throw new Error(`no organization ${slug}`)
const id = organization.id as string

const actor = {
  accountId: id,
  timeZone: 'UTC',
  organization: { id, slug, name: organization.name },
  membership: {
    id,
    firstName: 'Bench',
    lastName: '',
    email: 'bench@example.org',
    organizationRole: 'admin',
    groupId: id,
    groupName: '',
    managesGroup: false,
  },
  rights: rightsOf({ organizationRole: 'admin', groupName: '', managesGroup: false, grants: [] }),
} as Actor
const visitor = {
  session: { stage: 'full' },
  account: { id, email: 'bench@example.org', username: null, timeZone: 'UTC', isSupport: false },
  organizations: [{ slug, name: organization.name, open: true }],
} as unknown as Visitor

const page = () => sql`
  select m.id, m.first_name, m.last_name, m.email, m.status, m.organization_role, g.name as group_name, m.has_two_factor,
    m.last_active_at, m.invite, m.invite_expires_at, m.sort_name as k0, '' as k1
  from (select id, sort_name from membership
    where organization_id = ${id} and status <> 'removed' order by sort_name, id limit 51) p
  join membership m on m.organization_id = ${id} and m.id = p.id
  join member_group g on g.organization_id = m.organization_id and g.id = m.group_id
  order by p.sort_name, p.id`
const around = () => sql`
  select (select json_agg(g) from (select id, name from member_group where organization_id = ${id} order by sort_name) g) as groups,
    (select json_agg(r) from (select id, name from custom_role where organization_id = ${id} order by sort_name) r) as roles,
    (select json_agg(r) from (select id, name from region where organization_id = ${id} order by sort_name) r) as regions,
    (select json_agg(a) from (select id, name from area where organization_id = ${id} order by sort_name) a) as areas,
    (select json_build_object('found', count(*), 'exact', count(*) < 10001) from
      (select from membership where organization_id = ${id} and status <> 'removed' limit 10001) c) as count`

const app = new Hono().get('/o/:slug/members', async (c) => {
  const { list } = readMemberList(new URL(c.req.url))
  const [rows, [beside]] = await Promise.all([page(), around()])
  const found = rows.slice(0, 50) as unknown as MemberPage['rows']
  const last = found.at(-1)
  const shown = {
    rows: found,
    first: 1,
    before: null,
    after: { values: [last?.k0 ?? ''], id: last?.id ?? '', count: 50 },
  } as MemberPage
  const base = `/o/${slug}/members`
  const body = (
    <>
      <Members
        actor={actor}
        base={base}
        list={list}
        noticed={false}
        page={shown}
        around={{ ...beside, panel: null } as unknown as Around}
        now={new Date()}
      />
      <div id="panel" hidden />
    </>
  )
  return c.html(
    `<!doctype html>${<Layout above={null} said={null} title="Organization members" body={body} visitor={visitor} actor={actor} atDoor={false} path={base} />}`,
  )
})
serve({ fetch: app.fetch, port: Number(port), hostname: '127.0.0.1' })
