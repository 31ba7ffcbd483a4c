import { sql } from 'kysely'
import type { Actor } from '../../platform/access/actor.ts'
import type { Db } from '../../platform/database/connect.ts'
import { asPerson, personRow } from '../person.ts'
import { newEmail } from '../queries.ts'

/** The person with how they sign in: what the acts on that ask and say. Null for everybody whom the actor can't see. */
export async function personAndSignIn(db: Db, actor: Actor, id: string, now: Date) {
  const row = await personRow(db, actor, id, now)
    .select([
      'ac.version as account_version',
      'ac.reset_generation',
      'ac.reset_expires_at',
      'ac.email_generation',
      sql<string | null>`case when ac.new_email_expires_at > ${now}::timestamptz then ${newEmail} end`.as('new_email'),
      'ac.new_email_expires_at',
      sql<number>`open_sessions_of_account(m.account_id, ${now}::timestamptz)`.as('sessions'),
    ])
    .executeTakeFirst()
  return row ? asPerson(actor, row) : null
}
export type PersonAndSignIn = NonNullable<Awaited<ReturnType<typeof personAndSignIn>>>
