import { pipeline, Readable } from 'node:stream'
import { constants, createGzip } from 'node:zlib'
import { type Context, Hono } from 'hono'
import { inviteOf } from '../../views/members/words.ts'
import { can } from '../platform/access/actor.ts'
import { actorOf, allow } from '../platform/access/allow.ts'
import { DatabaseBusy } from '../platform/database/connect.ts'
import { copyOut, ExportUnderWay } from '../platform/database/copy.ts'
import { record } from '../platform/events/record.ts'
import { errorFacts } from '../platform/log.ts'
import type { App } from '../platform/web/app-context.ts'
import { causeOf } from '../platform/web/cause.ts'
import { takes } from '../platform/web/compression.ts'
import { DownloadUnderWay, NotAllowed, Unavailable } from '../platform/web/failures.ts'
import { xlsx } from '../platform/web/xlsx.ts'
import { memberExport } from './export.ts'
import { type MemberList, readMemberList } from './list-state.ts'
import { dayOf } from './status.ts'

const types = {
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
}
type Format = keyof typeof types

/** A million people over a slow line take a quarter of an hour. */
const timeout = 3_600_000

/**
 * Who takes a file more slowly has gone, or keeps the place of somebody else: bytes a millisecond, once so many ms have
 * passed. By pieces, since what the system buffers leaves it in jumps: a piece may take `patience` and its length at `least`.
 * A test shortens them.
 */
export const pace = { least: 1, patience: 10_000 }

/** The list of the address, all its pages, as a file that is written while it is read (performance.md, "Exports and imports"). */
async function download(c: Context<App>, format: Format): Promise<Response> {
  const { db, pool, now } = c.var
  const actor = actorOf(c)
  // The rows are those of the list, so that nobody gets more from the file than from the screen.
  if (!can(actor, 'members.view')) throw new NotAllowed('members.view')
  const { list } = readMemberList(new URL(c.req.url))
  const zipped = format === 'csv' && takes(c.req.header('accept-encoding'), 'gzip')
  const headers: Record<string, string> = {
    'Content-Type': types[format],
    'Content-Disposition': `attachment; filename="${actor.organization.slug}-members-${dayOf(now)}.${format}"`,
    'Cache-Control': 'no-store',
    Vary: 'Cookie, Accept-Encoding',
    ...(zipped ? { 'Content-Encoding': 'gzip' } : {}),
  }
  if (c.req.method === 'HEAD') return c.body(null, 200, headers)

  const found = memberExport(db, actor, list, now, (stored) => inviteOf(stored, null, now).label)
  const whose = actor.accountId
  const copying =
    format === 'csv'
      ? copyOut(pool, found.csv(), { format: 'csv', timeout, whose })
      : copyOut(pool, found.xlsx(), { format: 'text', timeout, whose })
  const rows = await copying.catch((error) => {
    if (error instanceof ExportUnderWay) throw new DownloadUnderWay()
    // Somebody's download must end first, which takes longer than a busy moment.
    throw error instanceof DatabaseBusy ? new Unavailable(15) : error
  })
  try {
    await record(db, causeOf(c), {
      act: 'members.downloaded',
      organizationId: actor.organization.id,
      subject: 'organization',
      subjectId: actor.organization.id,
      changes: { format, ...filtersOf(list) },
    })
  } catch (error) {
    rows.destroy()
    throw error
  }
  if (format === 'csv') rows.unshift(Buffer.from(found.heading))
  const columns = found.cells.map(({ label, width }) => ({ label, width }))
  const file = format === 'csv' ? rows : Readable.from(xlsx({ name: 'Members', columns }, rows, now), bytes)
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

/** What the log keeps of the filters: the values of status, role, group and region, of the others that they were used. */
function filtersOf(list: MemberList): Record<string, unknown> {
  const values = {
    status: list.status,
    role: [...list.role, ...list.customRole],
    group: list.group,
    region: list.region,
  }
  const used = Object.entries(values).filter(([, value]) => value.length > 0)
  const names = [
    ...(list.q ? ['q'] : []),
    ...used.map(([name]) => name),
    ...(list.area.length > 0 ? ['area'] : []),
    ...(list.twoFactor === null ? [] : ['two_factor']),
    ...(list.inactive === null ? [] : ['inactive']),
  ]
  return { filters: names, ...Object.fromEntries(used) }
}

export const memberDownloads = new Hono<App>()
  .get('/members.csv', allow('members.download'), (c) => download(c, 'csv'))
  .get('/members.xlsx', allow('members.download'), (c) => download(c, 'xlsx'))
