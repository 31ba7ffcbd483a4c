import { sql } from 'kysely'
import { currentStatus, dayOf } from '../platform/access/status.ts'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'
import { lockOrganizations } from '../platform/database/locks.ts'
import { type Cause, type Happening, record } from '../platform/events/record.ts'
import { post } from '../platform/mail/outbox.ts'

/** So many wrong passwords in a row block an account, or wrong codes of the second step. */
export const mostFailures = 100
export const mostWrongCodes = 10

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
 * Blocks an account after too many wrong passwords, or codes, in a row: its sessions and its reset link end, and its owner is written to.
 * Does nothing to somebody without whom an organization would have no Admin left who can sign in: they are only delayed
 * . Gives whether it blocked.
 */
export async function blockAfterFailures(
  trx: Db,
  cause: Cause,
  accountId: string,
  { codes = false } = {},
): Promise<boolean> {
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
    .where(codes ? 'failed_second_steps' : 'failed_sign_ins', '>=', codes ? mostWrongCodes : mostFailures)
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
            .where(sql<boolean>`not other_admin_signs_in(m.organization_id, m.id, ${cause.now}::timestamptz)`)
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
    data: { account_id: accountId, ...(codes ? { second_step: true } : {}) },
    to: account.email,
  })
  if (codes) await writeToAdmins(trx, cause.now, accountId)
  return true
}

/** Somebody who tried codes had the password: those who could help are told too. */
async function writeToAdmins(trx: Db, now: Date, accountId: string): Promise<void> {
  const admins = await crossing(trx, 'an act on an account concerns all its organizations')
    .selectFrom('membership as m')
    .innerJoin('membership as admin', 'admin.organization_id', 'm.organization_id')
    .where('m.account_id', '=', accountId)
    .where('m.removed_at', 'is', null)
    .where('admin.organization_role', '=', 'admin')
    .where('admin.status', '=', 'active')
    .whereRef('admin.id', '<>', 'm.id')
    .select(['admin.organization_id', 'admin.email', 'm.id'])
    .orderBy('admin.id')
    .limit(100)
    .execute()
  for (const { organization_id, email, id } of admins)
    await post(trx, now, {
      organizationId: organization_id,
      template: 'member_blocked',
      data: { membership_id: id },
      to: email,
    })
}

/** What support staff does to an account stands in the log of each of its organizations; what its owner does belongs to none. */
export const toldTo = (cause: Cause, organizations: Map<string, number>, happening: Happening): Happening[] =>
  cause.how === 'support' && organizations.size > 0
    ? [...organizations.keys()].map((organizationId) => ({ ...happening, organizationId }))
    : [happening]

/** Ends a block and the count that led to it, wherever the account has a place; the password stays. Gives whether there was one. */
export async function unblock(trx: Db, cause: Cause, accountId: string): Promise<boolean> {
  const organizations = await lockOrganizationsOf(trx, accountId)
  const was = await trx
    .updateTable('account')
    .set({ blocked_at: null, failed_sign_ins: 0, failed_second_steps: 0 })
    .where('id', '=', accountId)
    .where('blocked_at', 'is not', null)
    .returning('id')
    .executeTakeFirst()
  if (!was) {
    await trx
      .updateTable('account')
      .set({ failed_sign_ins: 0, failed_second_steps: 0 })
      .where('id', '=', accountId)
      .execute()
    return false
  }
  await rewriteStatuses(trx, cause.now, accountId, false)
  await record(
    trx,
    cause,
    ...toldTo(cause, organizations, { act: 'account.unblocked', subject: 'account', subjectId: accountId }),
  )
  return true
}
