import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { ConfigError } from '../../src/platform/config.ts'
import { appKey, beginKeyChange, derive, endKeyChange, followedKey, oldKey } from '../../src/platform/database/key.ts'
import { folder, remove } from './machine.ts'

const made: string[] = []
const newFolder = () => {
  made.push(folder())
  return join(made.at(-1) ?? '', 'data')
}
afterEach(() => {
  for (const one of made.splice(0)) remove(one)
})
const given = (appKeyText: string) =>
  appKey({ appKey: appKeyText, dataDir: '/nowhere', databaseUrl: 'postgres://localhost/rollcall' })
const own = (dataDir: string) => appKey({ appKey: undefined, dataDir, databaseUrl: undefined })

test('the key of the environment is taken as it is', () => {
  const key = randomBytes(32)
  expect(given(key.toString('base64'))).toEqual(key)
  expect(given(`${key.toString('base64')}\n`)).toEqual(key)
})

test('a key that is no 32 random bytes is refused with a sentence that keeps it to itself', () => {
  for (const wrong of [
    '',
    'changeme',
    'not base64!',
    randomBytes(31).toString('base64'),
    randomBytes(33).toString('base64'),
    randomBytes(32).toString('hex'),
    Buffer.alloc(32).toString('base64'),
    Buffer.alloc(32, 'a').toString('base64'),
    Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('base64'),
    Buffer.from('a very secret key of 32 letters!').toString('base64'),
  ]) {
    const refused = () => given(wrong)
    expect(refused).toThrow(ConfigError)
    if (wrong) expect(refused).toThrow(expect.objectContaining({ message: expect.not.stringContaining(wrong) }))
  }
})

test('with the embedded database the key is made once, for its owner alone', () => {
  const dataDir = newFolder()
  const key = own(dataDir)
  expect(key).toHaveLength(32)
  expect(own(dataDir)).toEqual(key)
  expect(statSync(join(dataDir, 'app-key')).mode & 0o777).toBe(0o600)
  expect(readdirSync(dataDir)).toEqual(['app-key'])
})

test('several processes at a first start end with the same key', async () => {
  const dataDir = newFolder()
  const keys = await Promise.all(
    [1, 2, 3, 4, 5].map(() =>
      promisify(execFile)(process.execPath, [join(import.meta.dirname, 'key.program.ts'), dataDir]),
    ),
  )
  expect(new Set(keys.map(({ stdout }) => stdout))).toEqual(new Set([own(dataDir).toString('base64')]))
})

test('a damaged key file is refused and left for the operator to put right', () => {
  const dataDir = newFolder()
  mkdirSync(dataDir)
  writeFileSync(join(dataDir, 'app-key'), 'half a k')
  expect(() => own(dataDir)).toThrow(ConfigError)
  expect(readFileSync(join(dataDir, 'app-key'), 'utf8')).toBe('half a k')
})

const files = (dataDir: string) => ({ appKey: undefined, appKeyOld: undefined, databaseUrl: undefined, dataDir })

test('a change of the key in DATA_DIR: a program that runs follows it, and both are there until it is ended', () => {
  const dataDir = newFolder()
  const key = own(dataDir)
  const running = followedKey(files(dataDir))
  expect([running.present(), oldKey(files(dataDir))]).toEqual([key, null])
  const { from, to, begunBefore } = beginKeyChange(dataDir)
  expect([from, begunBefore, to.equals(key)]).toEqual([key, false, false])
  expect([own(dataDir), running.present(), oldKey(files(dataDir))]).toEqual([to, to, key])
  expect(statSync(join(dataDir, 'app-key-old')).mode & 0o777).toBe(0o600)
  expect(readdirSync(dataDir).sort()).toEqual(['app-key', 'app-key-old'])
  // Begun again after a stop: no third key.
  expect(beginKeyChange(dataDir)).toEqual({ from: key, to, begunBefore: true })
  expect(followedKey(files(dataDir)).others()).toEqual([to, key])
  endKeyChange(dataDir)
  expect(readdirSync(dataDir)).toEqual(['app-key'])
  // What it wrote just before it took to the new one, it can still read.
  expect(running.others()).toContainEqual(key)
  // A file that is gone or damaged is no reason to stop.
  writeFileSync(join(dataDir, 'app-key'), 'half a k')
  expect(running.present()).toEqual(to)
})

test('stopped before the new key had its name, the change begins anew and loses none', () => {
  const dataDir = newFolder()
  const key = own(dataDir)
  copyFileSync(join(dataDir, 'app-key'), join(dataDir, 'app-key-old'))
  const { from, to, begunBefore } = beginKeyChange(dataDir)
  expect([from, begunBefore, to.equals(key)]).toEqual([key, false, false])
  expect(oldKey(files(dataDir))).toEqual(key)
})

test('every purpose has a key of its own, always the same', () => {
  const key = randomBytes(32)
  const bytes = (whose: Buffer, purpose: string) => derive(whose, purpose).export()
  expect(bytes(key, 'totp')).toEqual(bytes(Buffer.from(key), 'totp'))
  expect(bytes(key, 'totp')).toHaveLength(32)
  expect(bytes(key, 'totp')).not.toEqual(bytes(key, 'webhook'))
  expect(bytes(key, 'totp')).not.toEqual(bytes(randomBytes(32), 'totp'))
  // RFC 5869 with an empty salt; another answer would lock everybody out of what is encrypted already.
  expect(bytes(Buffer.alloc(32, 1), 'totp').toString('hex')).toBe(
    '84db3ba053ae6aa6893125d57a1681484e71aaabe260f9af06beb7aebfb369c9',
  )
})
