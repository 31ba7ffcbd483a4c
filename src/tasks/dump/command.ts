import { randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs'
import { link, lstat, rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { type Command, OperatorError, onlyWord } from '../command.ts'
import { Damaged } from './format.ts'
import { restored } from './restore.ts'
import { written } from './write.ts'

const count = new Intl.NumberFormat('en-US')
const codeOf = (error: unknown) => (error as NodeJS.ErrnoException | null)?.code ?? ''

/** Rollcall's own backup: works while the server runs, and leads from one major version of PostgreSQL to the next. */
export const dump: Command = {
  usage: 'dump FILE',
  help: `Writes everything in the database into a new file, as it is at one moment, while the server runs.

Left out is who is signed in, which browsers are known and who has tried too often: a restore would let people in again who
have signed out, or have been put out, since.

FILE never replaces one that is there; with - it goes to standard output. Restore it with "restore". It holds people's data
and their password hashes, so only its owner may read it. Secrets in it stay encrypted with APP_KEY: keep the key too, and
in another place.`,
  flags: {},
  run: async ({ db, key, now, words, note }) => {
    const file = onlyWord(words, 'Say which file to write: dump FILE, or - for standard output.')
    const rows = { count: 0 }
    const content = written(db, {
      key,
      now,
      done: (number) => {
        rows.count = number
      },
    })
    if (file === '-') {
      if (process.stdout.isTTY)
        throw new OperatorError('A dump is no text for a screen: send it to a file or to another program.')
      await pipeline(Readable.from(content, { objectMode: false }), pack(), process.stdout, {
        end: false,
      } as never).catch((error) => {
        if (!/^E[A-Z]+$/.test(codeOf(error))) throw error
        const reason = codeOf(error) === 'EPIPE' ? 'its reader has gone' : codeOf(error)
        throw new OperatorError(`The dump isn’t whole: ${reason}.`)
      })
    } else
      await intoNewFile(file, (out, signal) =>
        pipeline(Readable.from(content, { objectMode: false }), pack(), out, { signal }),
      )
    note?.(`${count.format(rows.count)} rows are in ${file === '-' ? 'the dump' : file}.`)
  },
}

export const restore: Command = {
  usage: 'restore FILE',
  help: `Puts a dump back, made by this version of Rollcall or an older one, into a database that holds no organization and no account.

Everybody signs in again afterwards, from a browser that Rollcall doesn't know yet.

With - it is read from standard input. All of it comes back, or nothing when the file isn't whole. The server may run, but has
to wait. Secrets can be read only with the APP_KEY that the dump was made with.`,
  flags: {},
  run: async ({ db, key, words, print, note = print }) => {
    const file = onlyWord(words, 'Say which file to read: restore FILE, or - for standard input.')
    const source = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 65_536 })
    const unpacked = createGunzip({ chunkSize: 65_536 })
    // Its errors reach whoever reads `unpacked`.
    pipeline(source, unpacked).catch(() => {})
    const name = file === '-' ? 'The dump' : file
    try {
      const { rows, madeAt, otherKey } = await restored(db, key, unpacked)
      note(`${count.format(rows)} rows are back, as they were at ${madeAt}.`)
      if (otherKey)
        note(
          'The dump was made with another APP_KEY: two-factor secrets can’t be read, and links sent before don’t work, until that key is set again.',
        )
    } catch (error) {
      if (error instanceof Damaged) throw new OperatorError(`${name} ${error.message} Nothing was restored.`)
      if (codeOf(error) === 'ENOENT') throw new OperatorError(`There is no file ${file}.`)
      if (['EACCES', 'EISDIR', 'EPERM'].includes(codeOf(error)))
        throw new OperatorError(`${file} can't be read: ${codeOf(error)}.`)
      throw error
    } finally {
      unpacked.destroy()
    }
  },
}

const pack = () => createGzip({ level: 3, chunkSize: 65_536 })

const taken = (file: string) => new OperatorError(`${file} exists already: nothing was written. Choose another name.`)

/** The file gets its name only when it is whole and on the disk; nobody else may read it, and no other one is replaced. */
async function intoNewFile(
  file: string,
  write: (out: WriteStream, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  if (await lstat(file).catch(() => null)) throw taken(file)
  const draft = `${file}.${randomBytes(4).toString('hex')}.partial`
  const stop = new AbortController()
  const stopped = () => stop.abort()
  for (const signal of signals) process.once(signal, stopped)
  try {
    await write(createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true }), stop.signal)
    await name(draft, file)
  } catch (error) {
    const reason: Record<string, string> = { ENOENT: 'its folder doesn’t exist', ENOSPC: 'the disk is full' }
    const code = codeOf(error)
    if (stop.signal.aborted) throw new OperatorError('Stopped: nothing was written.')
    if (code === 'EEXIST') throw taken(file)
    if (/^E[A-Z]+$/.test(code)) throw new OperatorError(`${file} can't be written: ${reason[code] ?? code}.`)
    throw error
  } finally {
    for (const signal of signals) process.off(signal, stopped)
    await rm(draft, { force: true })
  }
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** A link fails where a file is; not every disk has links. */
async function name(draft: string, file: string): Promise<void> {
  try {
    await link(draft, file)
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(error))) throw error
    if (await lstat(file).catch(() => null)) throw taken(file)
    await rename(draft, file)
  }
}
