import { sql } from 'kysely'
import type { Db } from './connect.ts'

/**
 * One at a time for acts that could leave an organization without an Admin or with stale copies of an account's facts, until the
 * caller's transaction ends (data-model.md). Always in the order of ids, so that two acts can't wait for each other.
 */
export async function lockOrganizations(trx: Db, ids: readonly string[]): Promise<void> {
  for (const id of [...new Set(ids)].sort())
    await sql`select pg_advisory_xact_lock(hashtextextended(${id}, 0))`.execute(trx)
}

/** One at a time for the very first organization. */
export const lockFirstStart = async (trx: Db): Promise<void> => {
  await sql`select pg_advisory_xact_lock(hashtextextended('first start', 0))`.execute(trx)
}
