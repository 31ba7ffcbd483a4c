import { sql } from 'kysely'
import { countPassword, ofSignedIn, wrongPassword } from '../../accounts/tries.ts'
import type { Visitor } from '../../platform/access/actor.ts'
import { eventsAfter } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import type { Cause } from '../../platform/events/record.ts'
import { letterAfter } from '../../platform/mail/outbox.ts'
import { hashesOf } from '../../sessions/devices.ts'
import { newSessionId } from '../../sessions/lucia.ts'
import { stillThere } from '../../sessions/queries.ts'
import { ownPassword } from '../commands.ts'
import { hashPassword, isPassword } from '../hash.ts'
import { ownAccount, whoseIs } from '../queries.ts'
import { passwordErrors } from '../rules.ts'

type Typed = { current_password: string; password: string; password_again: string }
type Outcome = { wait: number } | { errors: Record<string, string> } | { gone: true } | { cookie: string }

/**
 * Somebody signed in replaces their own password: every other session ends, this one goes on under a new id, and no link to
 * choose a password works anymore. Wrong present ones are counted with all others (tries.ts). `gone`: the session, or the
 * password that it was, has gone meanwhile.
 */
export async function changePassword(
  db: Db,
  cause: Cause,
  { key, secure }: { key: Buffer; secure: boolean },
  visitor: Visitor,
  { current_password, ...typed }: Typed,
  devices: readonly string[],
): Promise<Outcome> {
  const { now } = cause
  const account = await ownAccount(db, visitor.account.id, hashesOf(devices), now)
  if (!account) return { gone: true }
  const errors = passwordErrors(typed, whoseIs(account))
  if (errors) return { errors }
  const tries = await countPassword(db, now, account.id, ofSignedIn(key, account.id, account.device))
  if ('wait' in tries) return tries
  const right = await isPassword(account.password_hash, current_password).catch(async (error) => {
    await tries.undo()
    throw error
  })
  if (!right) {
    if (await wrongPassword(db, cause, account.id, tries)) return { gone: true }
    return { errors: { current_password: 'This isn’t your password' } }
  }
  if (current_password === typed.password) {
    await tries.undo()
    return { errors: { password: 'This is the password that you have already' } }
  }
  const password_hash = await hashPassword(typed.password)
  const next = newSessionId(db, now, secure)
  // Counters before the account, and that before its sessions, as everybody takes them.
  const [changed] = await db
    .with('forgotten', (of) => of.deleteFrom('try_count').where('key', '=', tries.own).returning('key'))
    .with('turned', (of) =>
      of
        .updateTable('account')
        .set((eb) => ({ ...ownPassword(eb, password_hash), failed_sign_ins: 0 }))
        .where('id', '=', account.id)
        .where('password_hash', '=', account.password_hash)
        .where('blocked_at', 'is', null)
        .where(stillThere(visitor))
        .where(sql<boolean>`(select count(*) from forgotten) >= 0`)
        .returning('id'),
    )
    .with('changed', (of) =>
      of
        .selectFrom('turned')
        .select([
          'id',
          sql<number>`keep_one_session(id, ${visitor.session.idHash}::bytea, ${next.hash}::bytea)`.as('ended'),
        ]),
    )
    .with('told', (of) =>
      eventsAfter(of, cause, { act: 'password.changed', subject: 'account', subjectId: account.id }),
    )
    .with('written', (of) =>
      letterAfter(of, now, {
        organizationId: null,
        template: 'password_changed',
        data: { account_id: account.id },
        to: account.email,
      }),
    )
    .selectFrom('changed')
    .selectAll()
    .execute()
  return changed ? { cookie: next.cookie } : { gone: true }
}
