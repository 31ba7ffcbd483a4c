import { sql } from 'kysely'
import type { Stage } from '../../src/platform/access/actor.ts'
import type { Db } from '../../src/platform/database/connect.ts'
import { newSessionId, perAccount } from '../../src/sessions/lucia.ts'

export type NewSession = { accountId: string; stage: Stage; ip: string; userAgent: string; confirmed: boolean }

/** Starts a session as signing in does, and gives its Set-Cookie; beyond ten of an account the oldest ends. */
export async function startSession(db: Db, now: Date, secure: boolean, session: NewSession): Promise<string> {
  const { hash, cookie } = newSessionId(db, now, secure)
  await db
    .insertInto('session')
    .values({
      id_hash: hash,
      account_id: session.accountId,
      stage: session.stage,
      created_at: now,
      last_used_at: now,
      ip: session.ip,
      user_agent: session.userAgent,
      confirmed_at: session.confirmed ? now : null,
    })
    .execute()
  await sql`select end_surplus_sessions(${session.accountId}::uuid, ${hash}::bytea, ${perAccount})`.execute(db)
  return cookie
}
