import { sql } from 'kysely'
import { type Db, inTransaction } from '../platform/database/connect.ts'
import { type Cause, record } from '../platform/events/record.ts'
import { searchText } from '../platform/fold.ts'
import { type Link, readLink } from '../platform/links.ts'
import { post } from '../platform/mail/outbox.ts'
import { endSessionsOf } from '../sessions/lucia.ts'
import { lockOrganizationsOf } from './commands.ts'

/** The change that a link confirms, while it may: asked for by the account's only organization, and of nobody else's address. */
const waiting = (db: Db, link: Link, now: Date) =>
  db
    .selectFrom('account as a')
    .select(['a.id', 'a.email', 'a.new_email', 'a.new_email_key', 'a.new_email_by', 'a.username'])
    .where('a.id', '=', link.id)
    .where('a.email_generation', '=', link.generation)
    .where('a.new_email_expires_at', '>', now)
    .whereRef('a.new_email_version', '=', 'a.version')
    .where('a.blocked_at', 'is', null)
    .where(sql<boolean>`places_of_account_now(a.id) = 1`)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(selectFrom('account as other').whereRef('other.email_key', '=', 'a.new_email_key').select('other.id')),
      ),
    )

/** The address that a token would confirm; null for every one that doesn't work, whatever the reason. No actor: the link asks. */
export async function addressToConfirm(db: Db, key: Buffer, token: string, now: Date): Promise<string | null> {
  const link = readLink('email', token, key)
  const account = link && (await waiting(db, link, now).executeTakeFirst())
  return account?.new_email ?? null
}

/** Another account, or another member of the organization, came to have the address just now. */
const isTaken = (error: unknown) => (error as { code?: unknown } | null)?.code === '23505'

/**
 * Makes the new address the account's, once: with its copies, and in one transaction with the end of every session and reset link
 * . A mailed link proves the address, a copied one doesn't. `andThen` starts what goes on in this browser. Null: the
 * link doesn't work, or stopped working meanwhile.
 */
export async function confirmEmail<T>(
  db: Db,
  cause: Cause,
  { key, secure }: { key: Buffer; secure: boolean },
  token: string,
  andThen: (trx: Db, accountId: string) => Promise<T>,
): Promise<{ done: T } | null> {
  const { now } = cause
  const link = readLink('email', token, key)
  if (!link) return null
  const work = inTransaction(db, async (trx) => {
    const organizations = await lockOrganizationsOf(trx, link.id)
    // From here on nobody changes the account or gives it a place; what is asked after that still holds at the end.
    await trx.selectFrom('account').select('id').where('id', '=', link.id).forUpdate().execute()
    const account = await waiting(trx, link, now).executeTakeFirst()
    const organizationId = account?.new_email_by
    const { new_email: email, new_email_key: email_key } = account ?? {}
    if (!account || !organizationId || !email || !email_key || !organizations.has(organizationId)) return null
    await trx
      .updateTable('account')
      .set((eb) => ({
        email,
        email_key,
        email_verified_at: link.channel === 'mail' ? now : null,
        ...noNewEmail,
        email_generation: eb('email_generation', '+', 1),
        reset_expires_at: null,
        reset_generation: eb('reset_generation', '+', 1),
        version: eb('version', '+', 1),
      }))
      .where('id', '=', link.id)
      .execute()
    const mine = trx
      .selectFrom('membership')
      .select(['id', 'first_name', 'last_name'])
      .where('organization_id', '=', organizationId)
      .where('account_id', '=', link.id)
      .where('removed_at', 'is', null)
    const { id, first_name, last_name } = await mine.executeTakeFirstOrThrow()
    await trx
      .updateTable('membership')
      .set((eb) => ({
        email,
        email_key,
        search: searchText(first_name, last_name, email, account.username ?? ''),
        version: eb('version', '+', 1),
      }))
      .where('organization_id', '=', organizationId)
      .where('id', '=', id)
      .execute()
    await endSessionsOf(trx, now, secure, link.id)
    const by = { ...cause, actorId: link.id }
    await record(trx, by, { act: 'email.changed', organizationId, subject: 'account', subjectId: link.id })
    for (const to of [account.email, email])
      await post(trx, now, { organizationId, template: 'email_changed', data: { account_id: link.id }, to })
    return { done: await andThen(trx, link.id) }
  })
  return work.catch((error) => {
    if (isTaken(error)) return null
    throw error
  })
}

/** An account that waits for no new address. */
export const noNewEmail = { new_email: null, new_email_key: null, new_email_by: null, new_email_expires_at: null }
