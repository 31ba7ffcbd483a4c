import type { Visitor } from '../platform/access/actor.ts'
import { type Db, inTransaction } from '../platform/database/connect.ts'
import { type Cause, record } from '../platform/events/record.ts'
import type { Current } from './current.ts'
import { endSession } from './lucia.ts'

const usedEvery = 60_000
const activeEvery = 10 * 60_000

const due = (last: Date | null, now: Date, every: number): boolean =>
  last === null || now.getTime() - last.getTime() >= every

/**
 * Notes that somebody is here: on the session at most once a minute, on the membership of the address's organization at most every
 * ten minutes (data-model.md). One statement, and none when nothing is due. The session is written first, as a block does.
 */
export async function touch(db: Db, current: Current, now: Date): Promise<void> {
  const { visitor, actor, lastActiveAt } = current
  const used = due(visitor.session.lastUsedAt, now, usedEvery)
  const active = actor !== null && due(lastActiveAt, now, activeEvery)
  const activity = (to: Db) =>
    to
      .updateTable('membership')
      .set({ last_active_at: now })
      .where('organization_id', '=', actor?.organization.id ?? '')
      .where('id', '=', actor?.membership.id ?? '')
      .where('last_active_at', '<', now)
  if (active && !used) await activity(db).execute()
  if (!used) return
  await (active ? db.with('active', () => activity(db).returning('id')) : db)
    .updateTable('session')
    .set({ last_used_at: now })
    .where('id_hash', '=', visitor.session.idHash)
    .where('last_used_at', '<', now)
    .execute()
}

/** Ends the visitor's own session. */
export const signOut = (db: Db, cause: Cause, { session, account }: Visitor): Promise<void> =>
  inTransaction(db, async (trx) => {
    await endSession(trx, session.idHash)
    await record(trx, cause, { act: 'signed_out', subject: 'account', subjectId: account.id })
  })
