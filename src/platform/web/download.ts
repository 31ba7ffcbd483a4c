import { pipeline, Readable } from 'node:stream'
import { constants, createGzip } from 'node:zlib'
import type { Context } from 'hono'
import type { SelectQueryBuilder } from 'kysely'
import { actorOf } from '../access/allow.ts'
import { DatabaseBusy } from '../database/connect.ts'
import { copyOut, ExportUnderWay } from '../database/copy.ts'
import type { EventName } from '../events/catalogue.ts'
import { record } from '../events/record.ts'
import { errorFacts } from '../log.ts'
import type { App } from './app-context.ts'
import { causeOf } from './cause.ts'
import { takes } from './compression.ts'
import { DownloadUnderWay, Unavailable } from './failures.ts'
import { type Cell, csvHeading } from './sheet-cells.ts'
import { xlsx } from './xlsx.ts'

const types = {
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
}
export type Format = keyof typeof types

// biome-ignore lint/suspicious/noExplicitAny: any table, any columns
type Lines = SelectQueryBuilder<any, any, any>

/** A table to be downloaded: its cells, and the queries that give its lines and its rows. `name` is for the file, `sheet` for Excel. */
export type Table = {
  name: string
  sheet: string
  cells: readonly Cell[]
  csv: () => Lines
  xlsx: () => Lines
  act: EventName
  /** What the log keeps of the filters. */
  filters: Record<string, unknown>
}

/** A million people over a slow line take a quarter of an hour. */
const timeout = 3_600_000

/**
 * Who takes a file more slowly has gone, or keeps the place of somebody else: bytes a millisecond, once so many ms have
 * passed. By pieces, since what the system buffers leaves it in jumps: a piece may take `patience` and its length at `least`.
 * A test shortens them.
 */
export const pace = { least: 1, patience: 10_000 }

/** A table, all its pages, as a file that is written while it is read (performance.md, "Exports and imports"); it is in the log. */
export async function sendTable(c: Context<App>, format: Format, table: Table): Promise<Response> {
  const { db, pool, now } = c.var
  const actor = actorOf(c)
  const zipped = format === 'csv' && takes(c.req.header('accept-encoding'), 'gzip')
  const day = now.toISOString().slice(0, 10)
  const headers: Record<string, string> = {
    'Content-Type': types[format],
    'Content-Disposition': `attachment; filename="${actor.organization.slug}-${table.name}-${day}.${format}"`,
    'Cache-Control': 'no-store',
    Vary: 'Cookie, Accept-Encoding',
    ...(zipped ? { 'Content-Encoding': 'gzip' } : {}),
  }
  if (c.req.method === 'HEAD') return c.body(null, 200, headers)

  const whose = actor.accountId
  const copying =
    format === 'csv'
      ? copyOut(pool, table.csv(), { format: 'csv', timeout, whose })
      : copyOut(pool, table.xlsx(), { format: 'text', timeout, whose })
  const rows = await copying.catch((error) => {
    if (error instanceof ExportUnderWay) throw new DownloadUnderWay()
    // Somebody's download must end first, which takes longer than a busy moment.
    throw error instanceof DatabaseBusy ? new Unavailable(15) : error
  })
  try {
    await record(db, causeOf(c), {
      act: table.act,
      organizationId: actor.organization.id,
      subject: 'organization',
      subjectId: actor.organization.id,
      changes: { format, ...table.filters },
    })
  } catch (error) {
    rows.destroy()
    throw error
  }
  if (format === 'csv') rows.unshift(Buffer.from(csvHeading(table.cells)))
  const columns = table.cells.map(({ label, width }) => ({ label, width }))
  const file = format === 'csv' ? rows : Readable.from(xlsx({ name: table.sheet, columns }, rows, now), bytes)
  const packed = zipped ? createGzip({ level: constants.Z_BEST_SPEED, chunkSize: piece }) : null
  // Its errors are those of the stream that is read.
  if (packed) pipeline(file, packed, () => {})
  return c.body(atReadersPace(c, packed ?? file, rows), 200, headers)
}

const piece = 65_536
const bytes = { objectMode: false, highWaterMark: piece }

/** The body of the answer. The query ends with its reader, and a reader who stands still doesn't keep it. */
function atReadersPace(c: Context<App>, file: Readable, rows: Readable): ReadableStream<Uint8Array> {
  // `pieces` tells of errors while somebody reads; no other may end the process.
  file.on('error', () => {})
  const pieces: AsyncIterator<Buffer> = file[Symbol.asyncIterator]()
  let waiting: NodeJS.Timeout | undefined
  let stopped = false
  const stop = () => {
    stopped = true
    clearTimeout(waiting)
    file.destroy()
    rows.destroy()
  }
  const fail = (controller: ReadableStreamDefaultController, error: unknown) => {
    // A reader who went away is no failure.
    if (stopped) return
    c.var.log('warn', 'a download ended early', { request: c.var.requestId, ...errorFacts(error) })
    stop()
    // The server would close the answer in good order with the error's text, and the file would look whole.
    if (c.env?.outgoing) c.env.outgoing.destroy()
    else controller.error(error)
  }
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      clearTimeout(waiting)
      try {
        const { value, done } = await pieces.next()
        if (done) return controller.close()
        controller.enqueue(new Uint8Array(value.buffer, value.byteOffset, value.length))
      } catch (error) {
        return fail(controller, error)
      }
      const late = () => fail(controller, new Error('Nobody reads the download'))
      waiting = setTimeout(late, pace.patience + piece / pace.least).unref()
    },
    cancel: stop,
  })
}
