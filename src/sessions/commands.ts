import { sql } from 'kysely'
import type { Visitor } from '../platform/access/actor.ts'
import { eventsAfter } from '../platform/access/turn.ts'
import { type Db, inTransaction } from '../platform/database/connect.ts'
import { type Cause, record } from '../platform/events/record.ts'
import { endSession } from './lucia.ts'
import { stillThere } from './queries.ts'

/** Ends the visitor's own session. */
export const signOut = (db: Db, cause: Cause, { session, account }: Visitor): Promise<void> =>
  inTransaction(db, async (trx) => {
    await endSession(trx, session.idHash)
    await record(trx, cause, { act: 'signed_out', subject: 'account', subjectId: account.id })
  })

/** Ends another session of one's own, or all of them, but never the one from which it is done. Gives how many there were. */
export async function endOthers(db: Db, cause: Cause, visitor: Visitor, which: Buffer | 'others'): Promise<number> {
  const { session, account } = visitor
  const [row] = await db
    .with('changed', (of) =>
      of
        .deleteFrom('session')
        .where('account_id', '=', account.id)
        .where('id_hash', '<>', session.idHash)
        .where((eb) => (which === 'others' ? eb.val(true) : eb('id_hash', '=', which)))
        .where(stillThere(visitor))
        .returning('account_id'),
    )
    .with('told', (of) =>
      eventsAfter(of, cause, {
        act: which === 'others' ? 'sessions.others_ended' : 'session.ended',
        subject: 'account',
        subjectId: account.id,
      }),
    )
    .selectFrom('changed')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .execute()
  return Number(row?.count ?? 0)
}

/**
 * Clears away devices that are known no longer, but for an account's last: who comes back after a long time is told of the browser that
 * they come with, and an account without any device is one that nobody has signed in to yet.
 */
export async function forgetOldDevices(db: Db, now: Date): Promise<void> {
  await db
    .deleteFrom('known_device as d')
    .where('d.expires_at', '<=', now)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('known_device as later')
          .whereRef('later.account_id', '=', 'd.account_id')
          .where(sql<boolean>`(later.expires_at, later.id_hash) > (d.expires_at, d.id_hash)`),
      ),
    )
    .execute()
}
