import { sql } from 'kysely'
import { nextResetLink } from '../../accounts/reset-link.ts'
import { eventsAfter } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import type { Cause } from '../../platform/events/record.ts'
import { emailKey } from '../../platform/fold.ts'
import { letterAfter } from '../../platform/mail/outbox.ts'
import { networkOf } from '../../platform/web/address.ts'
import { counting, inSeconds, limitKey, perAsker, perForgotten, secondsLeft } from '../../platform/web/limits.ts'
import { accountOfAddress } from '../queries.ts'
import { isSentAgain } from '../rules.ts'

/**
 * Counts that somebody asks for a link: for their network, and then for the address that they typed, whether or not anybody has it
 * (R-06). `wait`: too many from this network; `quiet`: too many for this address, of which nobody is told.
 */
export async function countAsking(
  db: Db,
  { now, ip }: Pick<Cause, 'now' | 'ip'>,
  key: Buffer,
  email: string,
): Promise<{ wait: number } | { quiet: boolean }> {
  const network = limitKey(key, perAsker, networkOf(ip))
  const address = limitKey(key, perForgotten, emailKey(email))
  const { rows } = await sql<{ counted: boolean; seconds: number | null; counted_too: boolean }>`
    with asker as (${counting(network, perAsker, now)}),
      forgotten as (${counting(address, perForgotten, now, sql<boolean>`exists (select from asker)`)})
    select exists (select from asker) as counted, ${secondsLeft(network, now)} as seconds,
      exists (select from forgotten) as counted_too`.execute(db)
  const found = rows[0]
  return found?.counted ? { quiet: !found.counted_too } : { wait: inSeconds(found?.seconds) }
}

/**
 * Writes to the owner of this address, if there is one, with the account's one working link. A link that still works for a while is
 * sent again: else whoever types somebody's address would end the one that an administrator has just given them.
 */
export async function sendForgotten(db: Db, cause: Cause, email: string): Promise<void> {
  const { now } = cause
  const account = await accountOfAddress(db, email)
  if (!account) return
  const again = isSentAgain(account, now)
  const generation = account.reset_generation + (again ? 0 : 1)
  await db
    .with('changed', (of) =>
      of
        .updateTable('account')
        .set((eb) => (again ? { reset_generation: generation } : nextResetLink(eb, now)))
        .where('id', '=', account.id)
        .where('reset_generation', '=', account.reset_generation)
        .returning('id'),
    )
    .with('told', (of) =>
      eventsAfter(of, cause, { act: 'password.link_asked', subject: 'account', subjectId: account.id }),
    )
    .with('written', (of) =>
      letterAfter(of, now, {
        organizationId: null,
        template: 'reset_link',
        data: { account_id: account.id },
        generation,
        to: account.email,
      }),
    )
    .selectFrom('changed')
    .select('id')
    .execute()
}
