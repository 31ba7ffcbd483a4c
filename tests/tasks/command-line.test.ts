import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { openSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { expect, inject, test } from 'vitest'

/** Runs a command as the operator does, on this run's shared database. With `gone` nobody reads what it prints. */
async function rollcall(
  words: string[],
  { gone = false, env = {} as Record<string, string>, stdout = 'pipe' as 'pipe' | number } = {},
) {
  const server = inject('server')
  const database = inject('shared')
  const url =
    server.kind === 'embedded'
      ? `postgres://rollcall@localhost/${database}?host=${encodeURIComponent(server.socketDir)}`
      : Object.assign(new URL(server.url), { pathname: `/${database}` }).href
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/rollcall.js', ...words], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: url,
      APP_KEY: createHash('sha256').update('a key of these tests').digest().toString('base64'),
      ...env,
    },
    stdio: ['ignore', stdout, 'pipe'],
  })
  if (gone) child.stdout?.destroy()
  const ended = new Promise((resolve) => child.once('close', resolve))
  const [out, said] = await Promise.all([
    gone || !child.stdout ? '' : text(child.stdout),
    child.stderr ? text(child.stderr) : '',
  ])
  return { out, said, code: await ended }
}

test.each([[['routes']], [['--help']], [['seed', '--help']]])(
  '%s ends quietly where its reader goes away, as head does',
  async (words) => {
    expect((await rollcall(words)).out).toContain('\n')
    expect(await rollcall(words, { gone: true })).toEqual({ out: '', said: '', code: 0 })
  },
)

test('a dump whose reader goes away says that it isn’t whole, in a sentence', async () => {
  expect(await rollcall(['dump', '-'], { gone: true })).toEqual({
    out: '',
    said: 'The dump isn’t whole: its reader has gone.\n',
    code: 1,
  })
})

test.skipIf(process.platform !== 'linux')('a full disk under the output is a sentence', async () => {
  expect(await rollcall(['routes'], { stdout: openSync('/dev/full', 'w') })).toEqual({
    out: '',
    said: 'The output can’t be written: ENOSPC.\n',
    code: 1,
  })
})
