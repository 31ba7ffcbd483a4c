import { currentStatus, dayOf } from '../platform/access/status.ts'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'
import { lockOrganizations } from '../platform/database/locks.ts'
import { type Cause, record } from '../platform/events/record.ts'
import { post } from '../platform/mail/outbox.ts'

/** So many wrong passwords in a row block an account. */
export const mostFailures = 100

/**
 * Locks the organizations of an account, in the order of their ids, for an act on the account that they keep copies of. Gives the
 * access_version of each, as it is now.
 */
export async function lockOrganizationsOf(trx: Db, accountId: string): Promise<Map<string, number>> {
  const rows = await crossing(trx, 'an act on an account concerns all its organizations')
    .selectFrom('membership')
    .select('organization_id')
    .where('account_id', '=', accountId)
    .where('removed_at', 'is', null)
    .execute()
  return lockOrganizations(
    trx,
    rows.map((row) => row.organization_id),
  )
}

/** Brings the copies of an account's block in all its memberships up to date; in the transaction that changed it. */
async function rewriteStatuses(trx: Db, now: Date, accountId: string, blocked: boolean): Promise<void> {
  await crossing(trx, 'an act on an account concerns all its organizations')
    .updateTable('membership')
    .set({ status: currentStatus(dayOf(now), blocked) })
    .where('account_id', '=', accountId)
    .where('removed_at', 'is', null)
    .execute()
}

/**
 * Blocks an account after too many wrong passwords in a row: its sessions and its reset link end, and its owner is written to.
 * Does nothing to somebody without whom an organization would have no Admin left who can sign in: they are only delayed
 * . Gives whether it blocked.
 */
export async function blockAfterFailures(trx: Db, cause: Cause, accountId: string): Promise<boolean> {
  await lockOrganizationsOf(trx, accountId)
  const today = dayOf(cause.now)
  const wide = crossing(trx, 'an act on an account concerns all its organizations')
  const account = await wide
    .updateTable('account')
    .set((eb) => ({
      blocked_at: cause.now,
      reset_expires_at: null,
      reset_generation: eb('reset_generation', '+', 1),
    }))
    .where('id', '=', accountId)
    .where('blocked_at', 'is', null)
    .where('failed_sign_ins', '>=', mostFailures)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('membership as m')
            .whereRef('m.account_id', '=', 'account.id')
            .where('m.organization_role', '=', 'admin')
            .where('m.removed_at', 'is', null)
            .where('m.suspended_at', 'is', null)
            .where('m.starts_on', '<=', today)
            .where('m.ends_on', '>=', today)
            .where(({ not, exists, selectFrom }) =>
              not(
                exists(
                  selectFrom('membership as other')
                    .innerJoin('account as a', 'a.id', 'other.account_id')
                    .whereRef('other.organization_id', '=', 'm.organization_id')
                    .whereRef('other.id', '<>', 'm.id')
                    .where('other.organization_role', '=', 'admin')
                    .where('other.removed_at', 'is', null)
                    .where('other.suspended_at', 'is', null)
                    .where('other.starts_on', '<=', today)
                    .where('other.ends_on', '=', 'infinity')
                    .where('a.blocked_at', 'is', null)
                    .where('a.password_hash', 'is not', null)
                    .where((eb) =>
                      eb.or([
                        eb('a.must_change_password', '=', false),
                        eb('a.password_expires_at', 'is', null),
                        eb('a.password_expires_at', '>', cause.now),
                      ]),
                    )
                    .select('other.id'),
                ),
              ),
            )
            .select('m.id'),
        ),
      ),
    )
    .returning('email')
    .executeTakeFirst()
  if (!account) return false
  await trx.deleteFrom('session').where('account_id', '=', accountId).execute()
  await rewriteStatuses(trx, cause.now, accountId, true)
  await record(trx, cause, { act: 'account.blocked', subject: 'account', subjectId: accountId })
  await post(trx, cause.now, {
    organizationId: null,
    template: 'account_blocked',
    data: { account_id: accountId },
    to: account.email,
  })
  return true
}

/** Ends a block and the count that led to it, wherever the account has a place; the password stays. Gives whether there was one. */
export async function unblock(trx: Db, cause: Cause, accountId: string): Promise<boolean> {
  await lockOrganizationsOf(trx, accountId)
  const was = await trx
    .updateTable('account')
    .set({ blocked_at: null, failed_sign_ins: 0 })
    .where('id', '=', accountId)
    .where('blocked_at', 'is not', null)
    .returning('id')
    .executeTakeFirst()
  if (!was) {
    await trx.updateTable('account').set({ failed_sign_ins: 0 }).where('id', '=', accountId).execute()
    return false
  }
  await rewriteStatuses(trx, cause.now, accountId, false)
  await record(trx, cause, { act: 'account.unblocked', subject: 'account', subjectId: accountId })
  return true
}
