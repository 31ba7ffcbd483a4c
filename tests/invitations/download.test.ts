import { beforeAll, expect, test } from 'vitest'
import { days, makeCustomRole, organization } from '../support/world.ts'
import { past } from './past.ts'

let world: Awaited<ReturnType<typeof organization>>

beforeAll(async () => {
  world = await organization()
  const { db, here, clock, ana } = world
  const lead = await makeCustomRole(db, here.id, 'Lead adjuster')
  const ago = (count: number) => new Date(clock.now.getTime() - days(count))
  const add = (details: Parameters<typeof past>[3]) => past(db, here, clock.now, details)
  await add({
    first: 'Oona',
    last: 'Open',
    email: 'oona@example.org',
    at: ago(1),
    sender: ana.person,
    customRoles: [lead],
  })
  await add({ first: '=1+1', last: 'Formula', email: 'formula@example.org', at: ago(2), status: 'revoked' })
  await add({ first: 'Xia', last: 'Expired', email: 'xia@example.org', at: ago(30), role: 'viewer' })
  await add({ first: 'Wanda', last: 'Waiting', email: 'wanda@example.org', status: 'pending_approval' })
})

const lines = (csv: string) =>
  csv
    .replace(/^\ufeff/, '')
    .trim()
    .split(/\r?\n/)

test('the file holds every row of the filter in the order of the screen, with the words of the screen', async () => {
  const { status, html, headers } = await world.ana.get('invitations.csv')
  expect(status).toBe(200)
  expect(headers.get('content-disposition')).toContain(`${world.here.slug}-invitations-2026-11-22.csv`)
  const [heading, ...rows] = lines(html)
  expect(heading).toBe(
    'First name,Last name,Email,Status,Organization role,Custom roles,Group,Invited on,Expires,Approval,Sent by',
  )
  expect(rows.map((row) => row.split(',')[2])).toEqual([
    'wanda@example.org',
    'oona@example.org',
    'formula@example.org',
    'xia@example.org',
  ])
  expect(rows[0]).toContain('Pending approval,Member,"",Default,')
  expect(rows[1]).toContain('Pending activation,Member,Lead adjuster,Default,2026-11-21T12:00:00')
  expect(rows[3]).toContain('Invitation expired,Viewer')
})

test('no cell becomes a formula', async () => {
  expect((await world.ana.get('invitations.csv?status=revoked')).html).toContain("'=1+1,Formula")
})

test('filter and sort are those of the address', async () => {
  const { html } = await world.ana.get('invitations.csv?sort=-name&status=expired&status=pending_activation')
  expect(
    lines(html)
      .slice(1)
      .map((row) => row.split(',')[0]),
  ).toEqual(['Xia', 'Oona'])
  expect(lines((await world.ana.get('invitations.csv?q=%25')).html)).toHaveLength(1)
  expect(
    lines((await world.ana.get('invitations.csv?sort=status')).html)
      .slice(1)
      .map((row) => row.split(',')[3]),
  ).toEqual(['Invitation expired', 'Pending activation', 'Pending approval', 'Revoked'])
})

test('Excel gets the same, and the log tells of each download what was filtered, and no names', async () => {
  const { status, bytes } = await world.ana.get('invitations.xlsx?status=revoked&q=formula')
  expect(status).toBe(200)
  expect(bytes.subarray(0, 2).toString()).toBe('PK')
  const told = await world.db
    .selectFrom('event')
    .select(['act', 'changes'])
    .where('organization_id', '=', world.here.id)
    .where('act', '=', 'invitations.downloaded')
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow()
  expect(told.changes).toEqual({ format: 'xlsx', filters: ['q', 'status'], status: ['revoked'] })
})

test('both rights are needed: to download, and to see invitations', async () => {
  expect((await world.vera.get('invitations.csv')).status).toBe(403)
  const dan = await world.enter({ first: 'Dan', permissions: ['members.download', 'members.view'] })
  expect((await dan.get('invitations.csv')).status).toBe(403)
  const both = await world.enter({ first: 'Bo', permissions: ['members.download', 'invitations.view'] })
  expect((await both.get('invitations.csv')).status).toBe(200)
})

test('a Group manager who may download gets those of the own group alone', async () => {
  const { db, here, clock, intake } = world
  await past(db, here, clock.now, { first: 'Inti', group: intake })
  const guy = await world.enter({ first: 'Guy', group: intake, manages: true, permissions: ['members.download'] })
  expect(
    lines((await guy.get('invitations.csv')).html)
      .slice(1)
      .map((row) => row.split(',')[0]),
  ).toEqual(['Inti'])
})
