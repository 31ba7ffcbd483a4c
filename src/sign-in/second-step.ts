import type { Visitor } from '../platform/access/actor.ts'
import type { Db } from '../platform/database/connect.ts'
import type { Cause } from '../platform/events/record.ts'
import { admit, type Browser, eventOfStage, type SignedIn, stageOf } from '../sessions/admission.ts'
import { guess, toldOf, wrongCode } from '../two-factor/guess.ts'

/**
 * The second step of signing in: a code of the app, or a backup code, each of which works once. `over`: this sign-in has ended with
 * the wrong code, and begins anew with the password.
 */
export async function takeSecondStep(
  db: Db,
  cause: Cause,
  { key, secure }: { key: Buffer; secure: boolean },
  { account, session }: Visitor,
  typed: { kind: 'code' | 'backup_code'; typed: string },
  browser: Browser,
): Promise<{ wait: number } | { wrong: true; over: boolean } | { done: SignedIn }> {
  const asked = { accountId: account.id, challenge: session.idHash, ...typed }
  const result = await guess(db, cause, key, asked)
  if (!('right' in result)) return result
  const { right } = result
  const stage = stageOf(right.account)
  const { happenings, letters } = toldOf(asked, right)
  const done = await admit(db, right.spend(db, { signsIn: true }), cause, secure, {
    accountId: account.id,
    stage,
    browser: { ...browser, session: null },
    happenings: [...happenings, { act: eventOfStage[stage], subject: 'account', subjectId: account.id }],
    letters,
  })
  if (done) return { done }
  // Another browser used the same code just now, or this sign-in was ended meanwhile.
  return { wrong: true, over: await wrongCode(db, cause, key, asked, { failures: 0, guesses: null }) }
}
