import type { Visitor } from '../platform/access/actor.ts'
import { type Db, inTransaction } from '../platform/database/connect.ts'
import { type Cause, record } from '../platform/events/record.ts'
import { endSession } from './lucia.ts'

/** Ends the visitor's own session. */
export const signOut = (db: Db, cause: Cause, { session, account }: Visitor): Promise<void> =>
  inTransaction(db, async (trx) => {
    await endSession(trx, session.idHash)
    await record(trx, cause, { act: 'signed_out', subject: 'account', subjectId: account.id })
  })
