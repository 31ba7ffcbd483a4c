import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto'
import {
  closeSync,
  fchownSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { type Config, ConfigError } from '../config.ts'

const size = 32

type Where = Pick<Config, 'appKey' | 'appKeyOld' | 'dataDir' | 'databaseUrl'>

const fileOf = (dataDir: string) => join(dataDir, 'app-key')
/** The key of before, while what it encrypted is written anew (`rotate-key`). */
const oldFileOf = (dataDir: string) => join(dataDir, 'app-key-old')

/**
 * The 32 bytes that encrypt secrets at rest: APP_KEY, or with the embedded database a file in DATA_DIR (0600) that
 * is made once. ConfigError with a sentence, which never repeats the key, when it isn't 32 bytes or nobody's secret.
 */
export function appKey(config: Omit<Where, 'appKeyOld'>): Buffer {
  if (config.appKey !== undefined) return given('APP_KEY', config.appKey)
  if (config.databaseUrl) throw new ConfigError('APP_KEY is needed with DATABASE_URL.')
  const file = fileOf(config.dataDir)
  return keyIn(file, read(file) ?? make(file))
}

/** The key of before, which secrets may still be encrypted with: APP_KEY_OLD, or beside a key in a file, a file. */
export function oldKey(config: Where): Buffer | null {
  if (config.appKey !== undefined) return config.appKeyOld ? given('APP_KEY_OLD', config.appKeyOld) : null
  const file = oldFileOf(config.dataDir)
  const text = read(file)
  return text === undefined ? null : keyIn(file, text)
}

/**
 * The key as a program that runs on sees it: where it is in a file, and is changed there, from the next request on. `others` are those
 * that secrets may be encrypted with too, until all are written anew.
 */
export function followedKey(config: Where): { present: () => Buffer; others: () => Buffer[] } {
  let key = appKey(config)
  const isInFile = config.appKey === undefined
  const file = fileOf(config.dataDir)
  const mark = () => {
    const { ino, mtimeMs } = statSync(file)
    return `${ino} ${mtimeMs}`
  }
  let seen = isInFile ? mark() : ''
  const had: Buffer[] = []
  const present = () => {
    if (!isInFile) return key
    try {
      const now = mark()
      if (now !== seen) {
        const next = keyIn(file, read(file) ?? '')
        if (!next.equals(key)) had.push(key)
        key = next
        seen = now
      }
    } catch {
      // A file that can't be read now is no reason to stop: it matters at the next start, which says so.
    }
    return key
  }
  return { present, others: () => [...had, present(), oldKey(config)].filter((one) => one !== null) }
}

/**
 * Puts a new key in the place of the one in DATA_DIR, which stays beside it until `endKeyChange`; or goes on with a change that was
 * stopped. One at a time is the caller's to see to. At each moment both keys that a secret may be encrypted with are on the disk.
 */
export function beginKeyChange(dataDir: string): { from: Buffer; to: Buffer; begunBefore: boolean } {
  const [file, old] = [fileOf(dataDir), oldFileOf(dataDir)]
  const config = { appKey: undefined, appKeyOld: undefined, databaseUrl: undefined, dataDir }
  const present = appKey(config)
  const kept = oldKey(config)
  if (kept && !kept.equals(present)) return { from: kept, to: present, begunBefore: true }
  if (!kept) replace(old, present, file)
  replace(file, randomBytes(size), file)
  return { from: present, to: appKey(config), begunBefore: false }
}

/** Nothing is encrypted with the key of before anymore. */
export const endKeyChange = (dataDir: string): void => rmSync(oldFileOf(dataDir), { force: true })

function given(name: string, text: string): Buffer {
  const key = decode(text)
  if (!key) throw new ConfigError(`${name} must be 32 bytes in base64, for example from \`openssl rand -base64 32\`.`)
  if (isGuessable(key))
    throw new ConfigError(
      `${name} is no secret: make one of random bytes, for example with \`openssl rand -base64 32\`.`,
    )
  return key
}

function keyIn(file: string, text: string): Buffer {
  const key = decode(text)
  if (!key)
    throw new ConfigError(`${file} must hold 32 bytes in base64: put the right one back, what it encrypted needs it.`)
  return key
}

const derived = new WeakMap<Buffer, Map<string, KeyObject>>()

/**
 * A key for one purpose only, so that no two uses share one: 32 bytes by HKDF-SHA256 (RFC 5869), made once of each key in memory. As an
 * object: of bytes Node makes one at each use, which takes longer than what the key is for.
 */
export function derive(key: Buffer, purpose: string): KeyObject {
  const known = derived.get(key) ?? new Map<string, KeyObject>()
  derived.set(key, known)
  const made = known.get(purpose) ?? createSecretKey(Buffer.from(hkdfSync('sha256', key, '', purpose, size)))
  known.set(purpose, made)
  return made
}

function decode(text: string): Buffer | undefined {
  const trimmed = text.trim()
  if (!/^[\w+/-]+={0,2}$/.test(trimmed)) return undefined
  const key = Buffer.from(trimmed, 'base64')
  return key.length === size ? key : undefined
}

/** Repetitions, sequences and text that somebody typed; of random keys less than one in 10^13 looks like that. */
function isGuessable(key: Buffer): boolean {
  const steps = new Set(key.map((byte, i) => byte - (key[i - 1] ?? 0)).subarray(1))
  return new Set(key).size < 16 || steps.size < 3 || key.every((byte) => byte >= 32 && byte < 127)
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new ConfigError(`${file} can't be read: ${code}.`)
  }
}

const draftOf = (file: string) => `${file}.${process.pid}-${randomBytes(4).toString('hex')}`

/** A whole file, on the disk, with a name that is nobody's yet; `like`: whose owner it gets, when root writes it for somebody else. */
function write(draft: string, key: Buffer, like?: string): void {
  const handle = openSync(draft, 'wx', 0o600)
  writeSync(handle, `${key.toString('base64')}\n`)
  if (like && process.getuid?.() === 0) {
    const { uid, gid } = statSync(like)
    fchownSync(handle, uid, gid)
  }
  fsyncSync(handle)
  closeSync(handle)
}

/** Complete before it gets its name, and the name is given once: two processes at a first start end with the same key. */
function make(file: string): string {
  const draft = draftOf(file)
  try {
    // As root the database's user must pass through (embedded.ts).
    mkdirSync(join(file, '..'), { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
    write(draft, randomBytes(size))
    linkSync(draft, file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST') throw new ConfigError(`${file} can't be made: ${code}.`)
  } finally {
    rmSync(draft, { force: true })
  }
  return read(file) ?? ''
}

/** The file with another key, at once and for good: whoever reads it finds the one or the other, after a power cut too. */
function replace(file: string, key: Buffer, like: string): void {
  const draft = draftOf(file)
  try {
    write(draft, key, like)
    renameSync(draft, file)
    const folder = openSync(join(file, '..'), 'r')
    fsyncSync(folder)
    closeSync(folder)
  } catch (error) {
    throw new ConfigError(`${file} can't be written: ${(error as NodeJS.ErrnoException).code}.`)
  } finally {
    rmSync(draft, { force: true })
  }
}
