import { sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { migrations as known } from '../../../migrations/index.ts'
import type { Db, Slot } from '../../platform/database/connect.ts'
import { crossing } from '../../platform/database/guard.ts'
import { OperatorError } from '../command.ts'
import { rebuildFor, run } from '../seed/rebuild.ts'
import { Damaged, DumpReader, fingerprint, type Header } from './format.ts'
import { ofTheMoment, removal, slotOf, type Table, tables } from './tables.ts'

export type Restored = { rows: number; tables: number; madeAt: string; otherKey: boolean }

/**
 * Puts a dump, already unpacked, into a database that holds no organization and no account. All in one transaction: the tables
 * as they were when the dump was made, its rows, then the migrations made since. So a dump outlives the version that made it.
 * OperatorError when this can't be done, Damaged when the dump isn't whole; then nothing has changed.
 */
export async function restored(
  db: Db,
  key: Buffer,
  dump: AsyncIterable<Buffer>,
  list: Record<string, Migration> = known,
): Promise<Restored> {
  const reader = new DumpReader(dump)
  const header = await reader.header()
  refuseOther(header, Object.keys(list).sort())
  return await crossing(db, 'a dump holds every table')
    .transaction()
    .execute(async (trx) => {
      const slot = await slotOf(trx)
      try {
        await sql`set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0; set local lock_timeout = '60s';
          set local maintenance_work_mem = '256MB'; set local gin_pending_list_limit = '64MB'`.execute(trx)
        await refuseUsed(trx)
        await run(slot, await removal(trx))
        await migrateTo(trx, list, header.migrations.at(-1))
        const rows = await fill(trx, slot, header, reader)
        await migrateTo(trx, list, undefined)
        return {
          rows,
          tables: header.tables.length,
          madeAt: header.made_at,
          otherKey: header.key !== fingerprint(key),
        }
      } catch (error) {
        // A COPY under way would keep a rollback waiting.
        await slot.end(0)
        throw error
      }
    })
}

function refuseOther({ migrations }: Header, ours: string[]) {
  const unknown = migrations.find((name, n) => ours[n] !== name)
  if (unknown)
    throw new OperatorError(
      `The dump was made by a newer Rollcall (it has ${unknown}, which this one doesn't know): restore it with that one.`,
    )
  if (migrations.length === 0) throw new OperatorError('The dump was made from a database that was never set up.')
}

async function refuseUsed(trx: Db) {
  await sql`lock table organization, account in access exclusive mode`.execute(trx)
  const { rows } = await sql`select from organization union all select from account limit 1`.execute(trx)
  if (rows.length > 0)
    throw new OperatorError(
      'This database holds organizations or accounts already: a dump can be restored only into one that is new.',
    )
}

async function migrateTo(trx: Db, list: Record<string, Migration>, name: string | undefined) {
  const migrator = new Migrator({ db: trx, provider: { getMigrations: async () => list } })
  const { error } = await (name ? migrator.migrateTo(name) : migrator.migrateToLatest())
  if (error) throw error
}

/** Without indexes, links and triggers, which come back when the rows are in; the links are checked then. */
async function fill(trx: Db, slot: Slot, header: Header, reader: DumpReader): Promise<number> {
  const ours = new Map((await tables(trx)).map((table) => [table.name, table]))
  const pairs = header.tables.map((given): [Header['tables'][number], Table] => {
    const table = ours.get(given.name)
    if (!table || table.columns.join() !== given.columns.join())
      throw new Damaged(`doesn’t fit: its table ${given.name} isn’t the one that its version has.`)
    ours.delete(given.name)
    return [given, table]
  })
  for (const name of ours.keys()) throw new Damaged(`doesn’t fit: it lacks the table ${name}.`)

  const watched = pairs.filter(([, { triggers }]) => triggers).map(([{ name }]) => name)
  const rebuild = await rebuildFor(trx, [...header.tables.map(({ name }) => name)], Number.POSITIVE_INFINITY)
  await switchTriggers(trx, watched, 'disable')
  await run(slot, rebuild?.remove ?? [])
  let all = 0
  for (const [{ name, rows }, table] of pairs) {
    const leftOut = ofTheMoment.includes(name)
    // Dumps of versions that didn't leave them out have rows here.
    const found = await (leftOut ? counted(reader.rows()) : copyIn(slot, table, reader.rows())).catch((error) => {
      throw refusedBy(error, `PostgreSQL refuses rows of its table ${name}`)
    })
    if (found !== rows) throw new Damaged(`is damaged: its table ${name} should have ${rows} rows and has ${found}.`)
    if (!leftOut) all += rows
  }
  await reader.end()
  for (const { name, value } of header.sequences)
    await sql`select setval(quote_ident(${name})::regclass, ${value}::bigint)`.execute(trx)
  await run(slot, rebuild?.restore ?? []).catch((error) => {
    throw refusedBy(error, 'its tables don’t belong together')
  })
  await switchTriggers(trx, watched, 'enable')
  return all
}

/** Wrong values (class 22) and broken rules (23) are the file's fault; all else is ours or the machine's. */
function refusedBy(error: unknown, reason: string): unknown {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' && /^2[23]/.test(code) ? new Damaged(`doesn’t fit: ${reason} (${code}).`) : error
}

async function switchTriggers(trx: Db, names: string[], act: 'enable' | 'disable') {
  for (const name of names)
    await sql`alter table ${sql.id(name)} ${act === 'enable' ? sql`enable` : sql`disable`} trigger user`.execute(trx)
}

const newline = 10

const linesOf = (piece: Buffer): number => {
  let lines = 0
  for (let at = piece.indexOf(newline); at >= 0; at = piece.indexOf(newline, at + 1)) lines++
  return lines
}

async function counted(pieces: AsyncIterable<Buffer>): Promise<number> {
  let rows = 0
  for await (const piece of pieces) rows += linesOf(piece)
  return rows
}

/** Gives the number of rows. */
async function copyIn(slot: Slot, table: Table, pieces: AsyncIterable<Buffer>): Promise<number> {
  const query = slot.sql.unsafe(table.in)
  const stream = await query.writable()
  // The driver takes the query for done when its stream is open, and would lose an error that comes after the last piece.
  const over = new Promise<void>((resolve, reject) => Object.assign(query, { resolve, reject }))
  stream.on('error', () => {})
  let rows = 0
  const send = async () => {
    for await (const piece of pieces) {
      rows += linesOf(piece)
      await new Promise<void>((resolve) => stream.write(piece, () => resolve()))
    }
    stream.end()
  }
  await Promise.all([over, send()])
  return rows
}
