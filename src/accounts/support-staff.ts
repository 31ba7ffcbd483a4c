import { sql } from 'kysely'
import { type Db, inTransaction } from '../platform/database/connect.ts'
import { type Cause, record } from '../platform/events/record.ts'
import { emailKey } from '../platform/fold.ts'
import { newId } from '../platform/ids.ts'
import { type Letter, post } from '../platform/mail/outbox.ts'
import { noNewEmail } from './no-new-email.ts'

/** To whoever had an account before: a new one's owner is given their link by the operator. */
const letter = ({ id, email }: { id: string; email: string }, begun: boolean): Letter => ({
  organizationId: null,
  template: 'support_changed',
  data: { account_id: id, begun },
  to: email,
})

/**
 * Makes the account with this address support staff, or a new one without a password. What organizations gave for it ends: links,
 * first passwords, changes of email, with the sessions of a first password. `needsPassword`: nobody can sign in with it yet.
 */
export async function makeSupport(
  db: Db,
  cause: Cause,
  email: string,
): Promise<{ id: string; needsPassword: boolean }> {
  return inTransaction(db, async (trx) => {
    const row = await trx
      .insertInto('account')
      .values({ id: newId(), email, email_key: emailKey(email), is_support: true, created_at: cause.now })
      .onConflict((on) =>
        on.column('email_key').doUpdateSet((eb) => ({
          ...noNewEmail,
          is_support: true,
          email_generation: eb('account.email_generation', '+', 1),
          reset_expires_at: null,
          reset_generation: eb('account.reset_generation', '+', 1),
          password_hash: sql<
            string | null
          >`case when account.must_change_password then null else account.password_hash end`,
          must_change_password: false,
          password_expires_at: null,
        })),
      )
      .returning([
        'id',
        'email',
        'password_hash',
        sql<boolean>`xmax = 0`.as('made'),
        // As it was before this statement.
        sql<boolean>`coalesce((select was.is_support from account as was where was.id = account.id), false)`.as('was'),
      ])
      .executeTakeFirstOrThrow()
    const needsPassword = row.password_hash === null
    if (needsPassword) await trx.deleteFrom('session').where('account_id', '=', row.id).execute()
    const about = { subject: 'account', subjectId: row.id } as const
    await record(trx, cause, ...(row.made ? [{ act: 'account.created', ...about } as const] : []), {
      act: 'support.begun',
      ...about,
    })
    if (!row.made && !row.was) await post(trx, cause.now, letter(row, true))
    return { id: row.id, needsPassword }
  })
}

/** Ends it, from their next request on. Gives whether there was something to end. */
export async function endSupport(db: Db, cause: Cause, email: string): Promise<boolean> {
  return inTransaction(db, async (trx) => {
    const row = await trx
      .updateTable('account')
      .set({ is_support: false })
      .where('email_key', '=', emailKey(email))
      .where('is_support', '=', true)
      .returning(['id', 'email'])
      .executeTakeFirst()
    if (!row) return false
    await record(trx, cause, { act: 'support.ended', subject: 'account', subjectId: row.id })
    await post(trx, cause.now, letter(row, false))
    return true
  })
}
