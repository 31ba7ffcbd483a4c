import { sql } from 'kysely'
import { countPassword, ofSignedIn, wrongPassword } from '../accounts/tries.ts'
import type { Visitor } from '../platform/access/actor.ts'
import type { Proof } from '../platform/access/confirmed.ts'
import { eventsAfter } from '../platform/access/turn.ts'
import type { Db } from '../platform/database/connect.ts'
import type { Cause } from '../platform/events/record.ts'
import { isPassword } from '../platform/hash.ts'
import type { UpTo } from '../sessions/admission.ts'
import { hashesOf } from '../sessions/devices.ts'
import { newSessionId } from '../sessions/lucia.ts'
import type { Keys } from './commands.ts'
import { guess, wrongCode } from './guess.ts'
import { passwordToProve } from './queries.ts'

type Renewed = { cookie: string; session: Visitor['session'] }

/**
 * Somebody signed in shows again that it is they, with the password or a code of their app: their session goes on under a new id
 * . `over`: it has ended, for a wrong code or password was one too many.
 */
export async function prove(
  db: Db,
  cause: Cause,
  keys: Keys,
  { account, session }: Visitor,
  { password, code }: Proof,
  devices: readonly string[],
): Promise<{ wait: number } | { errors: Record<string, string> } | { over: true } | { done: Renewed }> {
  const { now } = cause
  if (code.trim()) {
    const asked = { accountId: account.id, challenge: null, kind: 'code', typed: code } as const
    const result = await guess(db, cause, keys.key, asked)
    const wrong = { errors: { confirm_code: 'This code isn’t right, or it was used before. Enter the next one' } }
    if ('wait' in result) return result
    if ('wrong' in result) return result.over ? { over: true } : wrong
    const done = await renew(db, result.right.spend(db), cause, keys, session, account.id)
    if (done) return { done }
    await wrongCode(db, cause, keys.key, asked, { failures: 0, guesses: null })
    return wrong
  }
  if (!password) return { errors: { confirm_password: 'Enter your password' } }
  const stored = await passwordToProve(db, account.id, hashesOf(devices), now)
  const tries = await countPassword(db, now, account.id, ofSignedIn(keys.key, account.id, stored?.device ?? null))
  if ('wait' in tries) return tries
  const right = await isPassword(stored?.password_hash ?? null, password).catch(async (error) => {
    await tries.undo()
    throw error
  })
  if (!right) {
    if (await wrongPassword(db, cause, account.id, tries)) return { over: true }
    return { errors: { confirm_password: 'This isn’t your password' } }
  }
  // Counters before the account, as everybody takes them.
  const statement = db
    .with('forgotten', (of) => of.deleteFrom('try_count').where('key', '=', tries.own).returning('key'))
    .with('changed', (of) =>
      of
        .updateTable('account')
        .set({ failed_sign_ins: 0 })
        .where('id', '=', account.id)
        .where('blocked_at', 'is', null)
        .where('password_hash', '=', stored?.password_hash ?? '')
        .where(sql<boolean>`(select count(*) from forgotten) >= 0`)
        .returning('id'),
    ) as unknown as UpTo<{ id: string }>
  const done = await renew(db, statement, cause, keys, session, account.id)
  return done ? { done } : { over: true }
}

async function renew(
  db: Db,
  statement: UpTo<{ id: string }>,
  cause: Cause,
  { secure }: Keys,
  session: Visitor['session'],
  accountId: string,
): Promise<Renewed | null> {
  const next = newSessionId(db, cause.now, secure)
  const [row] = await statement
    .with('renewed', (of) =>
      of
        .updateTable('session')
        .set({ id_hash: next.hash, confirmed_at: cause.now })
        .where('id_hash', '=', session.idHash)
        .where(sql<boolean>`exists (select from changed)`)
        .returning('account_id'),
    )
    .with('told', (of) =>
      eventsAfter(of, cause, { act: 'session.confirmed', subject: 'account', subjectId: accountId }),
    )
    .selectFrom('renewed')
    .selectAll()
    .execute()
  return row ? { cookie: next.cookie, session: { ...session, idHash: next.hash, confirmedAt: cause.now } } : null
}
