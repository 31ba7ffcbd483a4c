import { hkdfSync, randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, ConfigError } from '../config.ts'

const size = 32

/**
 * The 32 bytes that encrypt secrets at rest: APP_KEY, or with the embedded database a file in DATA_DIR (0600) that
 * is made once. ConfigError with a sentence, which never repeats the key, when it isn't 32 bytes or nobody's secret.
 */
export function appKey(config: Pick<Config, 'appKey' | 'dataDir' | 'databaseUrl'>): Buffer {
  if (config.appKey !== undefined) {
    const key = decode(config.appKey)
    if (!key) throw new ConfigError('APP_KEY must be 32 bytes in base64, for example from `openssl rand -base64 32`.')
    if (isGuessable(key))
      throw new ConfigError(
        'APP_KEY is no secret: make one of random bytes, for example with `openssl rand -base64 32`.',
      )
    return key
  }
  if (config.databaseUrl) throw new ConfigError('APP_KEY is needed with DATABASE_URL.')
  const file = join(config.dataDir, 'app-key')
  const key = decode(read(file) ?? make(file))
  if (!key)
    throw new ConfigError(`${file} must hold 32 bytes in base64: put the right one back, what it encrypted needs it.`)
  return key
}

/** A key for one purpose only, so that no two uses share one: 32 bytes by HKDF-SHA256 (RFC 5869). */
export const derive = (key: Buffer, purpose: string): Buffer => Buffer.from(hkdfSync('sha256', key, '', purpose, size))

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

/** Complete before it gets its name, and the name is given once: two processes at a first start end with the same key. */
function make(file: string): string {
  const draft = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`
  try {
    // As root the database's user must pass through (embedded.ts).
    mkdirSync(join(file, '..'), { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
    const handle = openSync(draft, 'wx', 0o600)
    writeSync(handle, `${randomBytes(size).toString('base64')}\n`)
    fsyncSync(handle)
    closeSync(handle)
    linkSync(draft, file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST') throw new ConfigError(`${file} can't be made: ${code}.`)
  } finally {
    rmSync(draft, { force: true })
  }
  return read(file) ?? ''
}
