/*
 * A dump is one gzip stream of text, so that `zcat` shows what is in it: a line of JSON (Header); for each of its tables the rows as
 * COPY writes them, closed by a line of `\.`, which no row can be; and a line of JSON (Trailer), whose sum is over all before it.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { derive } from '../../platform/database/key.ts'
import { OperatorError } from '../command.ts'

/** Raised with each change that older programs can't read. */
export const format = 1

const name = z.string().min(1).max(63)

const header = z.object({
  rollcall: z.literal('dump'),
  format: z.int(),
  made_at: z.iso.datetime(),
  /** PostgreSQL's version, for the reader only: rows are text and fit every version. */
  postgres: z.string(),
  /** Names of the migrations that the database had, in order. */
  migrations: z.array(z.string()),
  /** Which APP_KEY its secrets are encrypted with; nothing of the key can be learned from it. */
  key: z.string(),
  tables: z.array(z.object({ name, columns: z.array(name), rows: z.int().min(0) })),
  sequences: z.array(z.object({ name, value: z.string().regex(/^-?\d{1,19}$/) })),
})
export type Header = z.output<typeof header>

const trailer = z.object({ sha256: z.string().regex(/^[\da-f]{64}$/) })
export type Trailer = z.output<typeof trailer>

export const endOfTable = Buffer.from('\\.\n')
export const jsonLine = (value: Header | Trailer): Buffer => Buffer.from(`${JSON.stringify(value)}\n`)

/** 64 bits that tell keys apart. */
export const fingerprint = (key: Buffer): string => derive(key, 'fingerprint').export().toString('hex').slice(0, 16)

/** The file is no dump, or not whole. Its message ends a sentence that begins with the file's name. */
export class Damaged extends Error {}

const newline = 10
const notADump = 'is no dump of Rollcall.'
const changed = 'was changed since it was made, or can’t be read rightly.'
const cutOff = 'ends too early: it was cut off, for example by a full disk.'

/** Reads a dump from front to back in the memory of a few pieces. Throws Damaged. */
export class DumpReader {
  readonly #source: AsyncIterator<Buffer>
  readonly #sum = createHash('sha256')
  #rest: Buffer = Buffer.alloc(0)
  #begun = false

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** The first line. */
  async header(): Promise<Header> {
    const found = json(await this.#line(1_000_000, notADump), notADump)
    const version = (found as { format?: unknown } | null)?.format
    if (typeof version === 'number' && version > format)
      throw new OperatorError('The dump was made by a newer Rollcall: restore it with that one.')
    const { data } = header.safeParse(found)
    if (!data) throw new Damaged(notADump)
    return data
  }

  /** The rows of the next table, in pieces of whole lines. */
  async *rows(): AsyncGenerator<Buffer> {
    for (;;) {
      while (this.#rest.length < endOfTable.length) await this.#more(cutOff)
      if (this.#rest.subarray(0, endOfTable.length).equals(endOfTable)) {
        this.#take(endOfTable.length)
        return
      }
      const end = this.#rest.indexOf('\n\\.\n')
      const whole = (end < 0 ? this.#rest.lastIndexOf(newline) : end) + 1
      if (whole > 0) yield this.#take(whole)
      else await this.#more(cutOff)
    }
  }

  /** The last line must be the sum of all before it, and nothing may follow. */
  async end(): Promise<void> {
    const sum = this.#sum.copy().digest('hex')
    const { data } = trailer.safeParse(json(await this.#line(1000, cutOff), 'is damaged.'))
    if (data?.sha256 !== sum) throw new Damaged(changed)
    // Reading to the end also lets gzip compare its own sum.
    if (this.#rest.length > 0 || (await this.#next(cutOff))) throw new Damaged('goes on behind its end.')
  }

  async #line(most: number, otherwise: string): Promise<string> {
    let end = this.#rest.indexOf(newline)
    while (end < 0) {
      if (this.#rest.length > most) throw new Damaged(otherwise)
      await this.#more(otherwise)
      end = this.#rest.indexOf(newline)
    }
    return this.#take(end + 1).toString('utf8')
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    this.#sum.update(taken)
    return taken
  }

  async #more(otherwise: string): Promise<void> {
    const next = await this.#next(otherwise)
    if (!next) throw new Damaged(otherwise)
    this.#begun = true
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, next]) : next
  }

  async #next(otherwise: string): Promise<Buffer | null> {
    try {
      const { value, done } = await this.#source.next()
      return done ? null : value
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'Z_BUF_ERROR') throw new Damaged(otherwise)
      if (code?.startsWith('Z_')) throw new Damaged(this.#begun ? changed : notADump)
      throw error
    }
  }
}

function json(line: string, otherwise: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new Damaged(otherwise)
  }
}
