import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, inject, onTestFinished, test } from 'vitest'
import { folder, isRoot } from './machine.ts'

const appKey = Buffer.from('S2VlcCB0aGlzIG9uZSBmb3IgdGhlc2UgdGVzdHMh/+8=', 'base64').toString('base64')

/** Starts the program, or a command of the operator, that can't start: what it says, and that it ends by itself. */
async function refusal(env: Record<string, string>, words?: string[]) {
  const file = words ? 'dist/rollcall.js' : 'dist/main.js'
  const child = spawn(process.execPath, ['--enable-source-maps', file, ...(words ?? [])], {
    env: { PATH: process.env.PATH, PORT: '1', APP_KEY: appKey, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const late = setTimeout(() => child.kill('SIGKILL'), 25_000)
  const [said, code] = await Promise.all([text(child.stderr), new Promise((resolve) => child.once('close', resolve))])
  clearTimeout(late)
  return { said, code }
}

const aSentence = (...parts: string[]) => ({
  code: 1,
  said: expect.stringMatching(new RegExp(`^[^\\n]*${parts.join('[^\\n]*')}[^\\n]*\\.\\n$`)),
})

test.runIf(process.platform === 'linux').each(['/proc', '/proc/rollcall', '/proc/self/a/b', '/sys', '/sys/rollcall'])(
  'a folder in which nothing can be kept (%s) is refused in a sentence',
  async (dataDir) => {
    expect(await refusal({ DATA_DIR: dataDir })).toEqual(aSentence('DATA_DIR', '(ENOENT|EACCES|EPERM|EROFS)'))
  },
)

test('so is what is no folder, lies below none, or may not be written', async () => {
  const here = folder()
  onTestFinished(() => rmSync(here, { recursive: true }))
  writeFileSync(join(here, 'file'), 'mine')
  expect(await refusal({ DATA_DIR: join(here, 'file') })).toEqual(aSentence('DATA_DIR', 'EEXIST'))
  expect(await refusal({ DATA_DIR: join(here, 'file', 'below') })).toEqual(aSentence('DATA_DIR', 'ENOTDIR'))
  if (!isRoot) {
    mkdirSync(join(here, 'closed'))
    chmodSync(join(here, 'closed'), 0o500)
    expect(await refusal({ DATA_DIR: join(here, 'closed') })).toEqual(aSentence('DATA_DIR', 'EACCES'))
  }
  expect(readdirSync(here).sort()).toEqual(isRoot ? ['file'] : ['closed', 'file'])
})

const silent = () =>
  new Promise<number>((resolve) => {
    const server = createServer(() => {})
    onTestFinished(() => void server.close())
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })

test('a database that can’t be reached, or says nothing, is told of in a sentence, to the commands too', async () => {
  const urls = [
    'postgres://rollcall:geheim@127.0.0.1:1/rollcall',
    'postgres://rollcall:geheim@nowhere.invalid/rollcall',
    `postgres://rollcall:geheim@127.0.0.1:${await silent()}/rollcall`,
    'postgres://rollcall:geheim@localhost/rollcall?host=/nowhere',
  ]
  const check = async (url = '', words?: string[]) => {
    const found = await refusal({ DATABASE_URL: url }, words)
    expect([url, found]).toEqual([url, aSentence('DATABASE_URL doesn’t answer', 'address is right')])
    expect(found.said).not.toContain('geheim')
  }
  // At once, for each waits a while before it gives up.
  await Promise.all([...urls.map((url) => check(url)), check(urls[0], ['unblock', 'somebody@example.org'])])
}, 60_000)

test('a database that isn’t there, or a user whom the server doesn’t know, is told of in a sentence', async () => {
  const server = inject('server')
  const url = (user: string, database: string) =>
    server.kind === 'embedded'
      ? `postgres://${user}@localhost/${database}?host=${encodeURIComponent(server.socketDir)}`
      : Object.assign(new URL(server.url), { username: user, pathname: `/${database}` }).href
  const known = server.kind === 'embedded' ? 'rollcall' : new URL(server.url).username
  expect(await refusal({ DATABASE_URL: url(known, 'no_such_database') })).toEqual(aSentence('no database of that name'))
  expect(await refusal({ DATABASE_URL: url('nobody_at_all', 'postgres') })).toEqual(
    aSentence('doesn’t let Rollcall in'),
  )
})
