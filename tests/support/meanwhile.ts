import { sql } from 'kysely'
import { type Db, inTransaction } from '../../src/platform/database/connect.ts'

/** Starts `later` while `first` holds what it wrote, and ends `first` when `later` waits for it. */
export async function meanwhile<T>(db: Db, first: (trx: Db) => Promise<unknown>, later: () => Promise<T>): Promise<T> {
  let answer: Promise<T> | undefined
  await inTransaction(db, async (trx) => {
    await first(trx)
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx)
    answer = later()
    for (let waits = false; !waits; ) {
      const found =
        await sql`select from pg_locks where not granted and ${rows[0]?.pid} = any(pg_blocking_pids(pid))`.execute(trx)
      waits = found.rows.length > 0
    }
  })
  return answer as Promise<T>
}
