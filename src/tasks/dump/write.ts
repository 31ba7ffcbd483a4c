import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Db, Slot } from '../../platform/database/connect.ts'
import { gathered } from '../../platform/database/copy.ts'
import { crossing } from '../../platform/database/guard.ts'
import { endOfTable, fingerprint, format, type Header, jsonLine } from './format.ts'
import { sequences, slotOf, type Table, tables } from './tables.ts'

type Options = {
  key: Buffer
  now: Date
  /** Called once all is read from the database, with the number of rows. */
  done?: (rows: number) => void
}

const aDay = 86_400_000

/**
 * Every row of the database, but for what is of the moment (tables.ts), as it is at one moment, whoever writes meanwhile, in pieces that are yet to be compressed. One
 * read-only transaction, in the memory of a few pieces. What nobody reads on is given up and closes its connection.
 */
export async function* written(db: Db, { key, now, done }: Options): AsyncGenerator<Buffer> {
  const trx = await crossing(db, 'a dump holds every table')
    .startTransaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute()
  let whole = false
  const slot = await slotOf(trx)
  try {
    await sql`set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0; set local lock_timeout = '60s'`.execute(
      trx,
    )
    const all = await tables(trx)
    const header = await describe(trx, slot, all, { key, now })
    const sum = createHash('sha256')
    const piece = (bytes: Buffer) => {
      sum.update(bytes)
      return bytes
    }
    yield piece(jsonLine(header))
    for (const { out } of all) {
      for await (const rows of await copied(slot, out)) yield piece(rows)
      yield piece(endOfTable)
    }
    yield jsonLine({ sha256: sum.digest('hex') })
    whole = true
    done?.(header.tables.reduce((rows, table) => rows + table.rows, 0))
  } finally {
    // A COPY that nobody reads to its end would keep a rollback waiting.
    if (!whole) await slot.end(0)
    await trx.rollback().execute()
  }
}

async function describe(trx: Db, slot: Slot, all: Table[], { key, now }: Options): Promise<Header> {
  const counted: Header['tables'] = []
  for (const { name, columns, count } of all) {
    const [found] = await slot.send(count)
    counted.push({ name, columns, rows: Number(found?.rows) })
  }
  const { rows: migrations } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(trx)
  const { rows: version } = await sql<{ name: string }>`select current_setting('server_version') as name`.execute(trx)
  return {
    rollcall: 'dump',
    format,
    made_at: now.toISOString(),
    postgres: version[0]?.name ?? '',
    migrations: migrations.map(({ name }) => name),
    key: fingerprint(key),
    tables: counted,
    sequences: await sequences(trx),
  }
}

async function copied(slot: Slot, statement: string) {
  const { stream, cancel } = await slot.copy(statement)
  return gathered(stream, '\n', aDay, cancel, async () => {})
}
