import { Readable } from 'node:stream'
import { createQueryId, PostgresQueryCompiler, type SelectQueryBuilder } from 'kysely'
import { DatabaseBusy, type Pool, type Slot, told } from './connect.ts'

/** COPY takes no parameters, so every value of the query is written into its text. */
class LiteralCompiler extends PostgresQueryCompiler {
  protected override appendValue(value: unknown): void {
    this.append(literal(value))
  }
  protected override appendImmediateValue(value: unknown): void {
    this.append(literal(value))
  }
}

/**
 * A value as SQL text that means what the same value would as a parameter: strings and numbers stay without a type until
 * their place gives them one. (In a json place it is the json's text, where a parameter is its value.) Throws for what has
 * no such text; NUL, which would end the statement there, first of all.
 */
export function literal(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'bigint') return `'${value}'::bigint`
  if (typeof value === 'number' && Number.isFinite(value)) return `'${value}'`
  if (value instanceof Date) return `'${value.toISOString()}'::timestamptz`
  if (Array.isArray(value)) return literal(arrayText(value))
  if (typeof value !== 'string') throw new TypeError('This value has no literal')
  if (value.includes('\0')) throw new TypeError('A text with a NUL character has no literal')
  // As PostgreSQL's quote_literal does it: right whether or not standard_conforming_strings is on.
  const quoted = value.replaceAll("'", "''")
  return quoted.includes('\\') ? ` E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`
}

/** Its text inside quotes, as PostgreSQL reads an array; a list of texts only, which is what filters are. */
const arrayText = (values: readonly unknown[]): string =>
  `{${values
    .map((one) => {
      if (typeof one !== 'string') throw new TypeError('Only a list of texts has a literal')
      return `"${one.replace(/[\\"]/g, '\\$&')}"`
    })
    .join(',')}}`

/** The query as one text without parameters, after the plugins of its database (the statement guard) have seen it. */
// biome-ignore lint/suspicious/noExplicitAny: any table, any columns
export const literalText = (query: SelectQueryBuilder<any, any, any>): string =>
  new LiteralCompiler().compileQuery(query.toOperationNode(), createQueryId()).sql

export type CopyOptions = {
  /** PostgreSQL's own `text` (default): TAB between columns, \N for null, backslash escapes, LF. `csv`: RFC 4180, CRLF. */
  format?: 'text' | 'csv'
  /** Milliseconds for the whole export, a slow reader's time counted too; 600,000. */
  timeout?: number
  /** Who exports: one at a time, of all processes on this database. Anybody, as often as there is a place, when it isn't given. */
  whose?: string
}

/** This one has an export under way already. */
export class ExportUnderWay extends Error {
  override name = 'ExportUnderWay'
}

const most = 4
const running = new Set<string | symbol>()
const piece = 32_768

/**
 * The rows of `query` as a byte stream, in memory no more than a few pieces of 32 KB however many there are. A reader that
 * goes away (`destroy`) stops the query and frees its connection, one that pauses pauses the server. The second at a time of
 * one `whose` is refused with ExportUnderWay, the fifth in one process with DatabaseBusy.
 */
export async function copyOut(
  pool: Pool,
  // biome-ignore lint/suspicious/noExplicitAny: any table, any columns
  query: SelectQueryBuilder<any, any, any>,
  { format = 'text', timeout = 600_000, whose }: CopyOptions = {},
): Promise<Readable> {
  const text = `copy (${literalText(query)}) to stdout (format ${format}, encoding 'UTF8')`
  const me = whose ?? Symbol()
  if (running.has(me)) throw new ExportUnderWay()
  if (running.size >= most) throw new DatabaseBusy('Four exports are running already')
  running.add(me)
  const slot = await pool.acquire().catch((error) => {
    running.delete(me)
    throw error
  })
  const free = () => {
    running.delete(me)
    pool.release(slot)
  }
  try {
    await slot.begin({ accessMode: 'read only' })
    // Compiling the expressions costs seconds and saves none; a table of people is sorted in memory or in few pieces.
    await slot.send(
      `set local statement_timeout = ${Math.ceil(timeout)}; set local jit = off; set local work_mem = '32MB'`,
    )
    if (whose !== undefined && !(await isAlone(slot, whose))) throw new ExportUnderWay()
    const { stream: source, cancel } = await slot.copy(text)
    return gathered(source, format === 'csv' ? '\r\n' : '\n', timeout, cancel, async (whole) => {
      if (whole) await slot.rollback()
      // A cancel on its way could hit the next query of this connection.
      else await slot.end(0)
      free()
    })
  } catch (error) {
    await slot.rollback()
    free()
    throw error
  }
}

/** Asks for the one export of `whose` on this database; it ends with the transaction, however that ends. */
async function isAlone(slot: Slot, whose: string): Promise<boolean> {
  const [row] = await slot.send('select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as alone', [
    `export of ${whose}`,
  ])
  return row?.alone === true
}

/**
 * The rows of a COPY in pieces of whole lines. They come one by one (one CopyData a row, in PostgreSQL's protocol); passed on
 * like that they would cost the reader more than the database. PostgreSQL's own line feed becomes `newline`, those inside of
 * values stay. `done` hears once whether all was read. A reader that goes away, or takes longer than `timeout` ms, cancels.
 */
export function gathered(
  source: Readable,
  newline: '\n' | '\r\n',
  timeout: number,
  cancel: () => void,
  done: (whole: boolean) => Promise<void>,
): Readable {
  const short = newline === '\n'
  let filling = Buffer.allocUnsafe(piece)
  let size = 0
  let over = false
  const finish = async (whole: boolean) => {
    if (over) return
    over = true
    clearTimeout(timer)
    await done(whole)
  }
  const flush = () => {
    if (size === 0) return true
    const chunk = filling.subarray(0, size)
    filling = Buffer.allocUnsafe(piece)
    size = 0
    return reader.push(chunk)
  }
  const reader = new Readable({
    read: () => void source.resume(),
    destroy(error, callback) {
      if (!over) {
        // What is under way must be read, else the server waits for us and never sees the cancel.
        cancel()
        source.resume()
        setTimeout(() => void finish(false), 2000).unref()
      }
      callback(error)
    },
  })
  // Whoever reads is told; before anybody does, or after, an error without a listener would end the process.
  reader.on('error', () => {})
  const timer = setTimeout(() => reader.destroy(new Error('The export took too long')), timeout).unref()
  source.on('data', (row: Buffer) => {
    if (reader.destroyed) return
    if (size + row.length + 1 > piece) {
      if (!flush()) source.pause()
      if (row.length + 1 > piece) filling = Buffer.allocUnsafe(row.length + 1)
    }
    size += row.copy(filling, size)
    if (short) return
    filling[size - 1] = 13
    filling[size++] = 10
  })
  source.once('end', async () => {
    const cut = reader.destroyed
    if (!cut) flush()
    await finish(!cut)
    reader.push(null)
  })
  const fail = async (error: Error) => {
    await finish(false)
    reader.destroy(told(error))
  }
  // The beginning and an error can come in one packet: then the error was told before anybody could listen.
  if (source.errored) void fail(source.errored)
  else source.once('error', fail)
  return reader
}
