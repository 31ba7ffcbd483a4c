import { lockOrganizationsOf, toldTo, unblock } from '../accounts/commands.ts'
import { nextResetLink } from '../accounts/reset-link.ts'
import { triesOf } from '../passwords/commands.ts'
import { type Db, inTransaction } from '../platform/database/connect.ts'
import { type Cause, record } from '../platform/events/record.ts'
import { post } from '../platform/mail/outbox.ts'
import { forgetTries } from '../platform/web/limits.ts'
import type { AccountToHelp } from './queries.ts'

/** What support staff do for somebody, Admins included. Each act stands in the log of every organization of the account. */

/**
 * Mails a link to choose a new password to the account's present address; older ones end. Nobody else ever sees it. False: another
 * one was made after the form was opened.
 */
export async function sendResetLink(db: Db, cause: Cause, { id, reset_generation }: AccountToHelp): Promise<boolean> {
  return inTransaction(db, async (trx) => {
    const organizations = await lockOrganizationsOf(trx, id)
    const row = await trx
      .updateTable('account')
      .set((eb) => nextResetLink(eb, cause.now))
      .where('id', '=', id)
      .where('reset_generation', '=', reset_generation)
      .returning(['reset_generation', 'email'])
      .executeTakeFirst()
    if (!row) return false
    await record(
      trx,
      cause,
      ...toldTo(cause, organizations, { act: 'password.reset_link_made', subject: 'account', subjectId: id }),
    )
    await post(trx, cause.now, {
      organizationId: null,
      template: 'reset_link',
      data: { account_id: id },
      generation: row.reset_generation,
      to: row.email,
    })
    return true
  })
}

/** Ends a block, and the waiting time that wrong passwords led to; the password stays. */
export async function endBlock(db: Db, cause: Cause, key: Buffer, account: AccountToHelp): Promise<boolean> {
  return inTransaction(db, async (trx) => {
    // Organizations before counters, as everybody takes them.
    await lockOrganizationsOf(trx, account.id)
    await forgetTries(trx, triesOf(key, account))
    return unblock(trx, cause, account.id)
  })
}
