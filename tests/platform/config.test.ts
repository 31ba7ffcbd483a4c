import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { ConfigError, readConfig } from '../../src/platform/config.ts'
import { root } from '../../src/platform/root.ts'

const refusal = (env: Record<string, string>) => {
  try {
    readConfig(env)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as Error).message
  }
  throw new Error(`accepted: ${JSON.stringify(env)}`)
}

test('an empty environment is enough to start', () => {
  expect(readConfig({})).toMatchObject({
    port: 3000,
    host: '127.0.0.1',
    publicUrl: new URL('http://localhost:3000'),
    secure: false,
    databaseUrl: undefined,
    dataDir: resolve(root, 'data'),
    workers: 1,
    trustedProxies: [],
    logLevel: 'info',
  })
  const names = [
    'PORT',
    'HOST',
    'PUBLIC_URL',
    'DATABASE_URL',
    'DATA_DIR',
    'APP_KEY',
    'APP_KEY_OLD',
    'SMTP_URL',
    'WORKERS',
    'LOG_LEVEL',
  ]
  expect(readConfig(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(readConfig({}))
})

test('a right environment is read as contract.md says', () => {
  expect(
    readConfig({
      PORT: '8080',
      PUBLIC_URL: 'https://access.example.org',
      DATABASE_URL: 'postgres://rollcall:secret@db:5432/rollcall',
      APP_KEY: 'x',
      DATA_DIR: 'some/folder',
      WORKERS: '4',
      TRUSTED_PROXIES: '10.0.0.2, 192.168.0.0/16,::1',
    }),
  ).toMatchObject({
    port: 8080,
    publicUrl: new URL('https://access.example.org'),
    secure: true,
    dataDir: resolve('some/folder'),
    workers: 4,
    trustedProxies: ['10.0.0.2', '192.168.0.0/16', '::1'],
  })
})

test('a wrong one is refused with one sentence that names it', () => {
  for (const [name, ...values] of [
    ['PORT', 'http', '65536', '-1', '3000.5', '1e3'],
    ['HOST', 'my host', 'http://x'],
    [
      'PUBLIC_URL',
      'access.example.org',
      'ftp://example.org',
      'https://example.org/path',
      'https://u:p@example.org',
      'https://x/?q',
    ],
    ['DATABASE_URL', 'mysql://localhost/x', 'localhost'],
    ['SMTP_URL', 'mail.example.org', 'https://example.org'],
    ['WORKERS', '0', '65', 'two'],
    ['TRUSTED_PROXIES', 'proxy.example.org', '10.0.0.0/x'],
    ['LOG_LEVEL', 'verbose'],
  ] as const)
    for (const value of values) expect(refusal({ [name]: value })).toMatch(new RegExp(`^${name} must be .*\\.$`))
})

test('the refusal never repeats a password', () => {
  expect(refusal({ DATABASE_URL: 'mysql://u:hunter2@db/x' })).not.toContain('hunter2')
  expect(refusal({ SMTP_URL: 'imap://u:hunter2@mail' })).not.toContain('hunter2')
})

test('a PostgreSQL server needs a key that its operator keeps', () => {
  expect(refusal({ DATABASE_URL: 'postgres://localhost/rollcall' })).toMatch(/^APP_KEY is needed with DATABASE_URL/)
})
