import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { sql } from 'kysely'
import { generateSync } from 'otplib'
import { expect, onTestFinished, test } from 'vitest'
import { readConfig } from '../../src/platform/config.ts'
import type { Db } from '../../src/platform/database/connect.ts'
import { crossing } from '../../src/platform/database/guard.ts'
import { alsoOpenedBy, sealedBy } from '../../src/platform/database/sealed.ts'
import type { CommandContext } from '../../src/tasks/command.ts'
import { written } from '../../src/tasks/dump/write.ts'
import { rotateKey } from '../../src/tasks/rotate-key/command.ts'
import { folder, remove } from '../platform/machine.ts'
import { atTheDoor } from '../sign-in/door.ts'
import { freshDatabase } from '../support/database.ts'
import { minutes } from '../support/world.ts'
import {
  app,
  beforeSecondStep,
  begun,
  codes,
  codesIn,
  enroll,
  give,
  giveBackup,
  hiddenOf,
  phone,
  secretOf,
} from '../two-factor/phone.ts'

/** Everything in every table, as text. */
async function everything(db: Db): Promise<string> {
  const wide = crossing(db, 'the test looks at everything')
  const { rows } = await sql<{ name: string }>`select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r'`.execute(wide)
  const found: string[] = []
  for (const { name } of rows) {
    const all = await sql<{ row: string }>`select to_jsonb(t)::text as row from ${sql.table(name)} as t`.execute(wide)
    found.push(...all.rows.map(({ row }) => row))
  }
  return found.join('\n')
}

/** Ana has two-factor, Bo is saving his codes, Cy holds his phone over the QR code. Their key is about to be changed. */
async function threeWithSecrets() {
  const database = await freshDatabase()
  onTestFinished(() => database.close())
  const door = await atTheDoor({ database })
  const [old, next] = [randomBytes(32), randomBytes(32)]
  door.services.key = old
  const ana = await enroll(await door.enter(door.ana), door.clock)
  const bo = await door.enter(await door.add({ first: 'Bo' }))
  const first = await begun(bo)
  await bo.post(app, { code: phone(first.secret, door.clock).code(), enrollment: first.enrollment })
  const save = await bo.get(codes)
  const cy = await door.enter(await door.add({ first: 'Cy' }))
  const begunByCy = await begun(cy)
  const env = { DATABASE_URL: 'postgres://localhost/nowhere', APP_KEY: next.toString('base64') }
  const change = (more: Record<string, string> = { APP_KEY_OLD: old.toString('base64') }) => {
    const said: string[] = []
    const context = { ...door.services, config: readConfig({ ...env, ...more }), key: next, now: door.clock.now }
    const print = (line: string) => void said.push(line)
    return rotateKey({ ...context, print } as unknown as CommandContext, 0).then(() => said)
  }
  return { ...door, old, next, change, phone: ana.phone, codes: ana.codes, hers: bo, bo, save, cy, begunByCy }
}

test('a new key from the environment: killed in the middle both open what they must, and at the end only the new one does (R-50)', async () => {
  const three = await threeWithSecrets()
  const { db, services, clock, old, next, change, bo, cy, save, begunByCy } = three
  onTestFinished(() => alsoOpenedBy(() => []))
  expect(await everything(db)).toContain(sealedBy(old))
  const refused = expect.objectContaining({ message: expect.stringContaining('APP_KEY_OLD') })
  await expect(change({})).rejects.toEqual(refused)
  await expect(change({ APP_KEY_OLD: next.toString('base64') })).rejects.toEqual(refused)

  // Accounts are written anew, and then it dies.
  await sql`create function dies() returns trigger language plpgsql as $$ begin raise exception 'killed'; end $$`.execute(
    db,
  )
  await sql`create trigger dies before update on enrollment execute function dies()`.execute(db)
  await expect(change()).rejects.toThrow('killed')
  const half = await everything(db)
  expect([half.includes(sealedBy(old)), half.includes(sealedBy(next))]).toEqual([true, true])
  await sql`drop trigger dies on enrollment`.execute(db)
  services.key = next
  alsoOpenedBy(() => [old])
  clock.pass(minutes(1))
  expect((await give(await beforeSecondStep(three), three.phone.code())).location).toBe('/')
  expect(codesIn((await bo.get(codes)).html)).toEqual(codesIn(save.html))

  expect((await change()).join(' ')).toContain('Nothing is encrypted with the key of before: 3 secrets were.')
  expect(await everything(db)).not.toContain(sealedBy(old))
  alsoOpenedBy(() => [])
  clock.pass(minutes(1))
  expect((await give(await beforeSecondStep(three), three.phone.code())).location).toBe('/')
  expect((await giveBackup(await beforeSecondStep(three), three.codes[0] ?? '')).location).toBe('/')
  // Bo saves the codes that he was shown before, and they count; Cy's phone made a code before.
  await bo.post(codes, { saved: 'on', enrollment: hiddenOf(save.html, 'enrollment') })
  const code = phone(begunByCy.secret, clock).code()
  expect((await cy.post(app, { code, enrollment: begunByCy.enrollment })).location).toBe(codes)
  const boAgain = { ...three, ana: { ...three.ana, email: bo.person.email } }
  expect((await giveBackup(await beforeSecondStep(boAgain), codesIn(save.html)[0] ?? '')).location).toBe('/')
  // A backup of now has nothing that the key of before opens.
  const pieces: Buffer[] = []
  for await (const piece of written(db, { key: next, now: clock.now })) pieces.push(piece)
  expect(Buffer.concat(pieces).toString()).not.toContain(sealedBy(old))
})

/** A program of its own, as an operator starts it, on an empty folder. */
async function running() {
  const dataDir = join(folder(), 'data')
  onTestFinished(() => remove(dataDir, join(dataDir, '..')))
  const port = await new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
  const env = { PATH: process.env.PATH, PORT: String(port), DATA_DIR: dataDir }
  const rollcall = (words: string[], input = '') => {
    const child = spawn(process.execPath, ['dist/rollcall.js', ...words], { env, stdio: 'pipe' })
    child.stdin.end(input)
    const ended = new Promise((resolve) => child.once('close', resolve))
    return { child, done: Promise.all([text(child.stdout), text(child.stderr), ended]) }
  }
  const child = spawn(process.execPath, ['dist/main.js'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await gone
  })
  let log = ''
  child.stderr.resume()
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(log)))
    child.stdout.on('data', (piece) => {
      log += piece
      if (log.includes('"serving"')) resolve()
    })
  })
  const cookies = new Map<string, string>()
  const ask = async (path: string, fields?: Record<string, string>) => {
    const answer = await fetch(`http://localhost:${port}${path}`, {
      redirect: 'manual',
      headers: {
        Cookie: [...cookies].map((one) => one.join('=')).join('; '),
        ...(fields ? { 'Sec-Fetch-Site': 'same-origin' } : {}),
      },
      ...(fields ? { method: 'POST', body: new URLSearchParams(fields) } : {}),
    })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    return { status: answer.status, location: answer.headers.get('location'), html: await answer.text() }
  }
  return { dataDir, rollcall, ask, log: () => log }
}

test('a key in DATA_DIR is changed while the program runs on; killed in the middle, it is ended by the next run', async () => {
  const { dataDir, rollcall, ask, log } = await running()
  const who = ['--organization', 'Harbor', '--first-name', 'Ada', '--last-name', 'O', '--email', 'ada@harbor.example']
  const password = 'a long walk by the canal'
  const [, told, code] = await rollcall(['setup', ...who, '--password-stdin'], password).done
  expect([told, code]).toEqual([expect.any(String), 0])
  const door = { login: 'ada@harbor.example', password }
  await ask('/sign-in', door)
  await ask(app, { start: 'on' })
  const page = (await ask(app)).html
  const secret = secretOf(page)
  const codeAt = (steps: number) => generateSync({ secret, epoch: Math.floor(Date.now() / 1000) + steps * 30 })
  expect((await ask(app, { code: codeAt(-1), enrollment: hiddenOf(page, 'enrollment') })).location).toBe(codes)
  const save = (await ask(codes)).html
  expect((await ask(codes, { saved: 'on', enrollment: hiddenOf(save, 'enrollment') })).status).toBe(303)

  const [file, old] = [join(dataDir, 'app-key'), join(dataDir, 'app-key-old')]
  const before = readFileSync(file, 'utf8')
  const killed = rollcall(['rotate-key'])
  await new Promise<void>((resolve) => {
    let heard = ''
    killed.child.stderr.on('data', (piece) => {
      heard += piece
      if (heard.includes('1 secret encrypted')) resolve()
    })
  })
  // Before it is over, nobody else begins another change.
  expect(await rollcall(['rotate-key']).done).toEqual(['', expect.stringContaining('runs already'), 1])
  killed.child.kill('SIGKILL')
  await killed.done
  const present = readFileSync(file, 'utf8')
  expect(present).not.toBe(before)
  expect(readFileSync(old, 'utf8')).toBe(before)
  for (const one of [file, old]) expect(statSync(one).mode & 0o777).toBe(0o600)

  const signIn = async (typed: string) => {
    expect((await ask('/sign-in', door)).location).toBe('/sign-in/two-factor')
    return (await ask('/sign-in/two-factor', { code: typed })).location
  }
  expect(await signIn(codeAt(0))).toBe('/')
  const [out, said, ended] = await rollcall(['rotate-key']).done
  expect([ended, said]).toEqual([0, expect.stringContaining('that was stopped goes on')])
  expect(out).toContain('Nothing is encrypted with the key of before')
  expect(existsSync(old)).toBe(false)
  expect(readFileSync(file, 'utf8')).toBe(present)
  expect(await signIn(codeAt(1))).toBe('/')
  expect(log()).not.toContain('"error"')
}, 60_000)
