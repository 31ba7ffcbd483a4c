import { sql } from 'kysely'
import { atMost } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'

/** So many are settled in one statement. */
const atOnce = 2000

/**
 * Writes down what the clock has decided already. Nothing depends on it: lists, filters and links ask the clock. But an index
 * holds what is open and what has expired apart only by what is stored, and else each page would pass over years of the latter.
 */
export async function settleExpired(db: Db, now: Date): Promise<void> {
  for (let count = atOnce; count === atOnce; ) count = await settleSome(db, now)
}

async function settleSome(db: Db, now: Date): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with due as (
      select i.organization_id, i.id from invitation i
      where i.status = 'pending_activation' and i.expires_at <= ${now}
      limit ${atMost(atOnce)}
      for update skip locked),
    changed as (
      update invitation i set status = 'expired' from due
      where i.organization_id = due.organization_id and i.id = due.id
      returning 1)
    select count(*)::int as count from changed`.execute(
    crossing(db, 'invitations of every organization end by the clock'),
  )
  return rows[0]?.count ?? 0
}
