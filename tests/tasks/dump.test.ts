import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { gunzipSync, gzipSync } from 'node:zlib'
import { type Kysely, sql } from 'kysely'
import { expect, inject, onTestFinished, test } from 'vitest'
import { migrations } from '../../migrations/index.ts'
import type { Connected, Db } from '../../src/platform/database/connect.ts'
import { crossing } from '../../src/platform/database/guard.ts'
import { newId } from '../../src/platform/ids.ts'
import { type CommandContext, OperatorError } from '../../src/tasks/command.ts'
import { dump, restore } from '../../src/tasks/dump/command.ts'
import type { Header } from '../../src/tasks/dump/format.ts'
import { restored } from '../../src/tasks/dump/restore.ts'
import { tables } from '../../src/tasks/dump/tables.ts'
import { written } from '../../src/tasks/dump/write.ts'
import { plain, upload } from '../avatars/pictures.ts'
import { folder } from '../platform/machine.ts'
import { freshDatabase } from '../support/database.ts'
import { makeCustomRole, makeRegion, organization, signedIn, startApp } from '../support/world.ts'

const key = createHash('sha256').update('a key of these tests').digest()
const now = new Date('2026-11-22T12:00:00Z')

const fresh = async () => {
  const database = await freshDatabase({ statementTimeout: 0 })
  onTestFinished(() => database.close())
  return { ...database, wide: crossing(database.db, 'tests look at everything') }
}

/** Runs a command as the command line does; what it says. */
async function command(which: typeof dump, { db, pool }: Connected, words: string[], withKey = key): Promise<string[]> {
  const said: string[] = []
  const note = (line: string) => said.push(line)
  const context = { db, pool, key: withKey, now, words, flags: {}, print: note, note } as unknown as CommandContext
  await which.run(context)
  return said
}
const refusal = async (running: Promise<unknown>) => {
  const error = await running.then(
    () => new Error('it succeeded'),
    (reason) => reason,
  )
  expect(error).toBeInstanceOf(OperatorError)
  return (error as Error).message
}

/** Every row of every table as PostgreSQL writes it. */
async function content(db: Db): Promise<Record<string, string[]>> {
  const names = (await tables(db)).map(({ name }) => name)
  const found: Record<string, string[]> = Object.fromEntries(names.map((name) => [name, []]))
  const parts = names.map((name) => sql`select ${name}::text as name, t::text as row from ${sql.table(name)} t`)
  const all = sql<{ name: string; row: string }>`${sql.join(parts, sql` union all `)} order by 1, 2`
  for (const { name, row } of (await all.execute(db)).rows) found[name]?.push(row)
  return found
}

/** The same without what a dump leaves out. */
const lasting = (found: Record<string, string[]>): Record<string, string[]> => ({
  ...found,
  ...Object.fromEntries(momentary.map((name) => [name, []])),
})
const momentary = ['draft', 'known_device', 'session', 'try_count']

/** Indexes, constraints and triggers, as they are defined. */
async function structure(db: Db): Promise<string[]> {
  const { rows } = await sql<{ line: string }>`
    select pg_get_indexdef(indexrelid) as line from pg_index where indrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
    union all select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint where connamespace = 'public'::regnamespace
    union all select pg_get_triggerdef(oid) || ' ' || tgenabled::text from pg_trigger where not tgisinternal
    order by 1`.execute(db)
  return rows.map(({ line }) => line)
}

async function lively() {
  const database = await fresh()
  const world = await organization({ database })
  const { db, here, ana, clock } = world
  await makeCustomRole(db, here.id, 'Row\n"with" \\. and \\N, \t', ['members.view'])
  await makeRegion(db, here.id, 'North', ['Coast'])
  await db
    .updateTable('membership')
    .set({ title: '\\.\n\\.\r\n\u0001\t', first_name: '\\' })
    .where('organization_id', '=', here.id)
    .execute()
  await db
    .insertInto('invitation')
    .values({
      id: newId(),
      organization_id: here.id,
      membership_id: ana.person.id,
      email: 'x@example.org',
      email_key: 'x@example.org',
      organization_role: 'member',
      offer: { text: 'a\\b\n', list: [1, null] },
      status: 'revoked',
      created_at: clock.now,
    })
    .execute()
  await ana.get('members.csv')
  await upload(ana, await plain(90, 60).png().toBuffer())
  await sql`insert into known_device (id_hash, account_id, created_at, expires_at)
      values ('a known browser', ${ana.person.accountId}::uuid, now(), now() + interval '90 days')`.execute(db)
  await ana.post('members/new', { key: newId(), email: 'half.typed@example.org' })
  await sql`insert into try_count (key, count, counted_from, last_at) values ('a try', 1, now(), now())`.execute(db)
  return { ...database, ...world, wide: database.wide }
}

test('what is restored equals what was dumped, row by row, but for what was of the moment', async () => {
  const source = await lively()
  const file = join(folder(), 'rollcall.dump')
  expect(await command(dump, source, [file])).toEqual([expect.stringMatching(/^\d+ rows are in .*rollcall\.dump\.$/)])
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(file, '..'))).toEqual(['rollcall.dump'])
  const text = gunzipSync(readFileSync(file)).toString()
  expect(text).not.toContain(key.toString('hex'))
  expect(text).not.toContain(key.toString('base64'))

  const target = await fresh()
  // What a new installation has already: events and counted tries, no people.
  await sql`insert into event (id, at, how, act) values (gen_random_uuid(), now(), 'system', 'old');
    insert into try_count (key, count, counted_from, last_at) values ('x', 1, now(), now())`.execute(target.wide)
  const before = await structure(target.wide)
  expect(await command(restore, target, [file])).toEqual([
    expect.stringContaining('as they were at 2026-11-22T12:00:00'),
  ])
  const all = await content(source.wide)
  for (const name of momentary) expect([name, all[name]?.length]).not.toEqual([name, 0])
  const wanted = lasting(all)
  expect(await content(target.wide)).toEqual(wanted)
  expect(Object.values(wanted).filter((rows) => rows.length > 0).length).toBeGreaterThanOrEqual(10)
  expect(await structure(target.wide)).toEqual(before)

  // Who was signed in then may have been put out since.
  const restoredApp = startApp(target)
  const opens = async (cookies: Map<string, string>) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const request = new Request(`http://localhost:3000/o/${source.here.slug}/members`, {
      headers: { Host: 'localhost:3000', Cookie: cookie },
    })
    return (await restoredApp.app.fetch(request)).status
  }
  expect((await source.ana.get('members')).status).toBe(200)
  expect(await opens(source.ana.cookies)).toBe(303)
  expect(await opens((await signedIn(restoredApp, source.ana.person, source.here)).cookies)).toBe(200)
  await expect(target.wide.deleteFrom('event').execute()).rejects.toThrow('never changed')
})

test('an existing file is never replaced, and nothing is left where a dump fails', async () => {
  const source = await fresh()
  const here = folder()
  const file = join(here, 'there')
  writeFileSync(file, 'precious')
  expect(await refusal(command(dump, source, [file]))).toContain('exists already')
  expect(readFileSync(file, 'utf8')).toBe('precious')
  expect(await refusal(command(dump, source, [join(here, 'no', 'folder')]))).toContain('folder doesn’t exist')
  expect(await refusal(command(dump, source, []))).toContain('Say which file')
  // A key that can't be used goes wrong after the file was begun.
  const failing = command(dump, source, [join(here, 'new')], null as never)
  await expect(failing).rejects.toThrow()
  expect(readdirSync(here)).toEqual(['there'])
  // Tables of a later migration come along without anybody's doing, views don't.
  await sql`create table broken (a int, b int); insert into broken values (1); create view v as select 1`.execute(
    source.wide,
  )
  await command(dump, source, [join(here, 'new')])
  expect(gunzipSync(readFileSync(join(here, 'new'))).toString()).toContain(
    '"name":"broken","columns":["a","b"],"rows":1',
  )
})

test('a dump is one moment, whatever is written while it is made', async () => {
  const source = await lively()
  const wanted = lasting(await content(source.wide))
  const pieces: Buffer[] = []
  for await (const piece of written(source.db, { key, now })) {
    pieces.push(piece)
    if (pieces.length > 12) continue
    await organization({ database: source })
    await source.db.deleteFrom('session').execute()
  }
  const target = await fresh()
  await restored(target.db, key, Readable.from(pieces))
  expect(await content(target.wide)).toEqual(wanted)
  expect((await content(source.wide)).account?.length).toBeGreaterThan(wanted.account?.length ?? 0)
})

test('a dump that nobody reads to its end gives its connection back', async () => {
  const source = await lively()
  for (let n = 0; n < 8; n++) for await (const piece of written(source.db, { key, now })) if (piece.length > 0) break
  await Promise.all(Array.from({ length: 6 }, () => sql`select pg_sleep(0.02)`.execute(source.db)))
})

test('a dump that was cut off or changed is refused, and nothing is restored', async () => {
  const source = await lively()
  const folderHere = folder()
  const file = join(folderHere, 'whole')
  await command(dump, source, [file])
  const packed = readFileSync(file)
  const text = gunzipSync(packed).toString()
  const target = await fresh()
  await sql`insert into event (id, at, how, act) values (gen_random_uuid(), now(), 'system', 'stays')`.execute(
    target.wide,
  )
  const before = await content(target.wide)
  const refused = async (name: string, bytes: Uint8Array) => {
    const damaged = join(folderHere, name)
    writeFileSync(damaged, bytes)
    const reason = await refusal(command(restore, target, [damaged]))
    expect(reason).toContain('Nothing was restored.')
    expect(await content(target.wide)).toEqual(before)
    return reason
  }
  for (const part of [0, 5, 0.3, 0.6, 0.9]) {
    const length = part < 1 ? Math.round(packed.length * part) : part
    expect(await refused(`cut${part}`, packed.subarray(0, length))).toMatch(/no dump|cut off/)
  }
  expect(await refused('cut-4', packed.subarray(0, -4))).toContain('cut off')
  for (let n = 0; n < 6; n++) {
    const changed = Buffer.from(packed)
    const at = Math.floor((packed.length * (n + 0.5)) / 6)
    changed[at] = changed[at]! ^ 0x10
    await refused(`changed${n}`, changed)
  }
  const again = (to: string) => gzipSync(to)
  expect(await refused('name', again(text.replace('Stella', 'Stephan')))).toContain('was changed')
  const lines = text.split('\n')
  expect(await refused('row', again(lines.filter((line) => !line.includes('Stella')).join('\n')))).toContain(
    'rows and has',
  )
  expect(await refused('last', again(lines.slice(0, -2).join('\n')))).toContain('cut off')
  expect(await refused('more', again(`${text}\n`))).toContain('behind its end')
  expect(await refused('table', again(text.replace('"name":"area"', '"name":"era"')))).toContain('doesn’t fit')
  const wrong = text.replace(/\tadmin\t/, '\tqueen\t')
  expect(await refused('rule', again(wrong))).toContain('refuses rows of its table membership (23514)')
  const nowhere = text.replace(new RegExp(`^${source.here.id}`, 'm'), newId())
  expect(await refused('link', again(nowhere))).toMatch(/was changed|belong together/)
  expect(await refused('other', Buffer.from('PGDMP not ours'))).toContain('no dump')
  expect(await refused('json', again('{"rollcall":"other"}\n'))).toContain('no dump')
  expect(await refusal(command(restore, target, [join(folderHere, 'missing')]))).toContain('no file')
  expect(await refusal(command(restore, target, [folderHere]))).toContain('read')
  await command(restore, target, [file])
  // Each of these makes the whole schema before it is refused.
}, 60_000)

test('a database in use is refused, and so is the dump of a newer version', async () => {
  const source = await lively()
  const file = join(folder(), 'dump')
  await command(dump, source, [file])
  const before = await content(source.wide)
  expect(await refusal(command(restore, source, [file]))).toContain('only into one that is new')
  expect(await content(source.wide)).toEqual(before)

  const target = await fresh()
  const text = gunzipSync(readFileSync(file)).toString()
  const names = Object.keys(migrations).sort()
  const newer = text.replace(`"${names.at(-1)}"`, `"${names.at(-1)}","2999-01-01-01-later"`)
  writeFileSync(`${file}.newer`, gzipSync(newer))
  expect(await refusal(command(restore, target, [`${file}.newer`]))).toContain('2999-01-01-01-later')
  writeFileSync(`${file}.format`, gzipSync(text.replace('"format":1', '"format":2')))
  expect(await refusal(command(restore, target, [`${file}.format`]))).toContain('newer Rollcall')
})

test('the dump of an older version gets the migrations made since', async () => {
  const source = await lively()
  const pieces = Readable.from(written(source.db, { key, now }))
  const target = await fresh()
  const later = {
    ...migrations,
    '2999-01-01-01-later': {
      up: async (db: Kysely<unknown>) => {
        await sql`alter table organization add column motto text not null default 'none'`.execute(db)
        await sql`update organization set motto = name`.execute(db)
      },
    },
  }
  const { rows } = await restored(target.db, key, pieces, later)
  expect(rows).toBeGreaterThan(10)
  const mottos = await sql<{ motto: string }>`select motto from organization`.execute(target.wide)
  expect(mottos.rows.map(({ motto }) => motto).sort()).toEqual(['Harbor Claims', 'North Sea Adjusters'])
  const has = await sql`select from kysely_migration`.execute(target.wide)
  expect(has.rows.length).toBe(Object.keys(later).length)
})

test('who was signed in when an older version made its dump isn’t signed in again either', async () => {
  const source = await lively()
  const pieces: Buffer[] = []
  for await (const piece of written(source.db, { key, now })) pieces.push(piece)
  const [first = '', ...lines] = Buffer.concat(pieces).toString('latin1').trimEnd().split('\n')
  const header: Header = JSON.parse(first)
  const row = ['\\\\x6869', source.ana.person.accountId, 'full', '2026-11-22', '2026-11-22', '', '', '\\N', '0'].join(
    '\t',
  )
  expect(header.tables.find(({ name }) => name === 'session')?.columns.length).toBe(row.split('\t').length)
  // The rows of a table end with a line of their own; before the session's there are so many such ends.
  const before = header.tables.findIndex(({ name }) => name === 'session')
  let at = 0
  for (let ends = 0; ends < before; at++) if (lines[at] === '\\.') ends++
  const tables = header.tables.map((table) => (table.name === 'session' ? { ...table, rows: 1 } : table))
  const body = Buffer.from(
    [JSON.stringify({ ...header, tables }), ...lines.slice(0, at), row, ...lines.slice(at, -1), ''].join('\n'),
    'latin1',
  )
  const sum = createHash('sha256').update(body).digest('hex')
  const target = await fresh()
  const { rows } = await restored(
    target.db,
    key,
    Readable.from([body, Buffer.from(`${JSON.stringify({ sha256: sum })}\n`)]),
  )
  expect(rows).toBe(header.tables.reduce((all, table) => all + table.rows, 0))
  expect(await content(target.wide)).toEqual(lasting(await content(source.wide)))
})

test('nothing that is dumped refers to what is left out', async () => {
  const { wide } = await fresh()
  const { rows } = await sql<{
    name: string
    to: string
  }>`select conrelid::regclass::text as name, confrelid::regclass::text as to
    from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace`.execute(wide)
  expect(rows.length).toBeGreaterThan(10)
  expect(rows.filter(({ name, to }) => momentary.includes(to) && !momentary.includes(name))).toEqual([])
  const all = (await tables(wide)).map(({ name }) => name)
  for (const name of momentary) expect(all).toContain(name)
})

test('another key is told of in a sentence', async () => {
  const source = await lively()
  const file = join(folder(), 'dump')
  await command(dump, source, [file])
  const target = await fresh()
  const said = await command(restore, target, [file], Buffer.alloc(32, 7))
  expect(said.join(' ')).toContain('another APP_KEY')
})

test('through the command line, from standard output to standard input', async () => {
  const source = await lively()
  const target = await fresh()
  const run = (name: string, words: string[], input?: Buffer) => {
    const server = inject('server')
    const url =
      server.kind === 'embedded'
        ? `postgres://rollcall@localhost/${name}?host=${encodeURIComponent(server.socketDir)}`
        : Object.assign(new URL(server.url), { pathname: `/${name}` }).href
    const child = spawn(process.execPath, ['--enable-source-maps', 'dist/rollcall.js', ...words], {
      env: { PATH: process.env.PATH, DATABASE_URL: url, APP_KEY: key.toString('base64') },
      stdio: 'pipe',
    })
    child.stdin.end(input)
    return Promise.all([buffer(child.stdout), buffer(child.stderr), new Promise((ended) => child.once('close', ended))])
  }
  const [bytes, said, code] = await run(source.name, ['dump', '-'])
  expect([code, String(said)]).toEqual([0, expect.stringContaining('rows are in the dump')])
  const [out, told, ended] = await run(target.name, ['restore', '-'], bytes)
  expect([ended, String(told), String(out)]).toEqual([0, expect.stringContaining('rows are back'), ''])
  expect(await content(target.wide)).toEqual(lasting(await content(source.wide)))
}, 60_000)
