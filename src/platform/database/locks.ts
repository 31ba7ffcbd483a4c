import { sql } from 'kysely'
import type { Db } from './connect.ts'

/**
 * One at a time for acts on an account that its organizations keep copies of, until the caller's transaction ends
 * (data-model.md). Always in the order of ids, so that two acts can't wait for each other. Each organization's turn is taken
 * too, so that acts on access which were decided before this one are decided anew (access/turn.ts): gives the new versions.
 */
export async function lockOrganizations(trx: Db, ids: readonly string[]): Promise<Map<string, number>> {
  const sorted = [...new Set(ids)].sort()
  for (const id of sorted) await sql`select pg_advisory_xact_lock(hashtextextended(${id}, 0))`.execute(trx)
  if (sorted.length === 0) return new Map()
  const rows = await trx
    .updateTable('organization')
    .set((eb) => ({ access_version: eb('access_version', '+', 1) }))
    .where('id', 'in', sorted)
    .returning(['id', 'access_version'])
    .execute()
  return new Map(rows.map(({ id, access_version }) => [id, access_version]))
}

/** Nobody's access in this organization changes until the caller's transaction ends: every act on it takes its row. */
export async function keepAccess(trx: Db, organizationId: string): Promise<void> {
  await trx.selectFrom('organization').select('id').where('id', '=', organizationId).forShare().execute()
}

/** One at a time for the very first organization. */
export const lockFirstStart = async (trx: Db): Promise<void> => {
  await sql`select pg_advisory_xact_lock(hashtextextended('first start', 0))`.execute(trx)
}
