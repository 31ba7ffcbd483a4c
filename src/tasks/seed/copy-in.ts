import type { Slot } from '../../platform/database/connect.ts'
import type { DB } from '../../platform/database/schema.ts'

type Value = string | number | boolean | Date | null | readonly string[]
type Row<T extends keyof DB> = { [C in keyof DB[T]]?: Value }

const special = /[\\\t\n\r]/
const everySpecial = new RegExp(special, 'g')
const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/** A value in PostgreSQL's text format of COPY. What an array holds (ids) never needs quotes inside it. */
function field(value: Value): string {
  if (typeof value === 'string')
    return special.test(value) ? value.replace(everySpecial, (letter) => escapes[letter]!) : value
  if (value === null) return '\\N'
  if (value instanceof Date) return value.toISOString()
  return Array.isArray(value) ? `{${value.join()}}` : String(value)
}

const linesAtOnce = 200

/** Rows for one table, kept as the text that COPY takes. All of them have the columns of the first one. */
export class Rows<T extends keyof DB & string> {
  readonly #table: T
  #columns: (keyof DB[T])[] = []
  readonly #lines: string[] = []

  constructor(table: T) {
    this.#table = table
  }

  add(row: Row<T>): void {
    if (this.#columns.length === 0) this.#columns = Object.keys(row) as (keyof DB[T])[]
    let line = ''
    for (const column of this.#columns) line += `${field(row[column]!)}\t`
    this.#lines.push(`${line.slice(0, -1)}\n`)
  }

  /** Sends them to the server, in the transaction of `slot`. */
  async copy(slot: Slot): Promise<void> {
    if (this.#lines.length === 0) return
    const query = slot.sql.unsafe(`copy ${this.#table} (${this.#columns.join(', ')}) from stdin`)
    const stream = await query.writable()
    // The driver takes the query for done when its stream is open, and would lose an error that comes after the last piece.
    const over = new Promise<void>((resolve, reject) => Object.assign(query, { resolve, reject }))
    stream.on('error', () => {})
    const write = (piece: string) => new Promise<void>((resolve) => stream.write(piece, () => resolve()))
    const send = async () => {
      for (let at = 0; at < this.#lines.length; at += linesAtOnce)
        await write(this.#lines.slice(at, at + linesAtOnce).join(''))
      stream.end()
    }
    await Promise.all([over, send()])
  }
}
