import { sql } from 'kysely'
import { noGivenEmail } from '../accounts/no-new-email.ts'
import { givenFirst } from '../members/new/commands.ts'
import { dayOf, statusOf } from '../platform/access/status.ts'
import { eventsAfter, TurnLost } from '../platform/access/turn.ts'
import type { Db } from '../platform/database/connect.ts'
import { partOf } from '../platform/database/part.ts'
import type { Cause } from '../platform/events/record.ts'
import { searchText, sortKey } from '../platform/fold.ts'
import { newId } from '../platform/ids.ts'
import { letterAfter } from '../platform/mail/outbox.ts'
import { ifChanged, ifFound, inForce, toSender } from './commands.ts'
import type { Invitation, LinkAndInvitation } from './invitation.ts'
import type { Granted } from './rules.ts'

/** The account that was there, as it was read, until the end: nobody else changes it or gives it a place meanwhile. */
const held = (of: unknown, { email_key }: Invitation, { id, version }: { id: string; version: number }) =>
  partOf(of)
    .selectFrom('account')
    .select('id')
    .where('id', '=', id)
    .where('email_key', '=', email_key)
    .where('version', '=', version)
    .where('blocked_at', 'is', null)
    .where('must_change_password', '=', false)
    .where(ifFound)
    .forUpdate()

const columnsOfNew = ['id', 'email', 'email_key', 'email_verified_at', 'password_hash', 'created_at'] as const
type NewAccount = { [name in (typeof columnsOfNew)[number]]: unknown }

/** A new one; none when another one came to have the address just now, or can still take it back and the link doesn't prove it. */
const made = (of: unknown, row: NewAccount & { email_key: string }): ReturnType<typeof held> =>
  partOf(of)
    .insertInto('account')
    .columns([...columnsOfNew])
    .expression(sql<never>`select ${sql.join(columnsOfNew.map((name) => row[name]))} where ${ifFound}
      and (${row.email_verified_at !== null}::boolean or not is_kept_for_other(${row.email_key}, null))`)
    .onConflict((on) => on.column('email_key').doNothing())
    .returning('id') as never

/** What they are called there, and for somebody new the hash of the password. */
export type Joining = { first_name: string; last_name: string; password_hash: string | null }

/** The account got its address, or a place there, just now; or something of the offer was deleted: it is read again. */
const isGoneOrTaken = (error: unknown) =>
  ['23503', '23505'].includes(String((error as { code?: unknown } | null)?.code))

/**
 * Makes the invited row the membership of whoever accepts, with exactly what is granted, once: one statement. Somebody new gets
 * their account by it, whose address a mailed link proves. To an account that was there it ends every link, first password and change
 * of email that the organizations it was in gave: none of them keeps a way into an account that is in another one now too. Gives the
 * account. Throws TurnLost when the link was used, anything of access changed, or the account is another one than was read.
 */
export async function accept(
  db: Db,
  cause: Cause,
  { link, invitation }: LinkAndInvitation,
  access: Granted,
  { first_name, last_name, password_hash }: Joining,
): Promise<string> {
  const { now } = cause
  const { organization, account, membership_id } = invitation
  const organizationId = organization.id
  const accountId = account?.id ?? newId()
  const email = account?.email ?? invitation.email
  const proven = link.channel === 'mail' ? now : null
  const roleIds = access.customRoles
  const accountRow = {
    id: accountId,
    email,
    email_key: invitation.email_key,
    email_verified_at: proven,
    password_hash,
    created_at: now,
  }
  const by = { ...cause, actorId: accountId }
  const write = inForce(db, cause, { link, invitation })
    .with('holder', (of) => (account ? held(of, invitation, account) : made(of, accountRow)))
    .with('changed', (of) =>
      of
        .updateTable('membership')
        .set((eb) => ({
          account_id: accountId,
          email,
          email_key: invitation.email_key,
          username_key: account?.username_key ?? '',
          has_two_factor: account?.has_two_factor ?? false,
          first_name,
          last_name,
          sort_name: sortKey(last_name, first_name),
          sort_first: sortKey(first_name, last_name),
          search: searchText(first_name, last_name, email, account?.username ?? ''),
          organization_role: access.role,
          group_id: access.group,
          manages_group: access.manages,
          region_id: access.region_id,
          area_id: access.area_id,
          role_ids: roleIds,
          status: statusOf({ ...invitation, removed_at: null, account_id: accountId, blocked_at: null }, dayOf(now)),
          invite: 'active',
          // What the account did before it came here is another organization's to know (audit/queries.ts).
          created_at: now,
          invite_expires_at: null,
          version: eb('version', '+', 1),
        }))
        .where('organization_id', '=', organizationId)
        .where('id', '=', membership_id)
        .where('status', '=', 'invited')
        .where(sql<boolean>`exists (select from holder)`)
        .returning('id'),
    )
    .with('accepted', (of) =>
      of
        .updateTable('invitation')
        .set((eb) => ({ status: 'active', accepted_at: now, version: eb('version', '+', 1) }))
        .where('organization_id', '=', organizationId)
        .where('id', '=', invitation.id)
        .where('status', '=', 'pending_activation')
        .where('generation', '=', link.generation)
        .where('expires_at', '>', now)
        .where(ifChanged),
    )
    .with('roles_gone', (of) =>
      of
        .deleteFrom('membership_role')
        .where('organization_id', '=', organizationId)
        .where('membership_id', '=', membership_id)
        .where(sql<boolean>`role_id <> all(${roleIds}::uuid[])`)
        .where(ifChanged),
    )
    .with('roles', (of) =>
      of
        .insertInto('membership_role')
        .columns(['organization_id', 'membership_id', 'role_id'])
        .expression(
          sql<never>`select ${organizationId}::uuid, ${membership_id}::uuid, one from unnest(${roleIds}::uuid[]) as one where ${ifChanged}`,
        )
        .onConflict((on) => on.columns(['organization_id', 'membership_id', 'role_id']).doNothing()),
    )
    .with('permissions_gone', (of) =>
      of
        .deleteFrom('membership_permission')
        .where('organization_id', '=', organizationId)
        .where('membership_id', '=', membership_id)
        .where(sql<boolean>`permission <> all(${access.permissions}::text[])`)
        .where(ifChanged),
    )
    .with('permissions', (of) =>
      of
        .insertInto('membership_permission')
        .columns(['organization_id', 'membership_id', 'permission'])
        .expression(
          sql<never>`select ${organizationId}::uuid, ${membership_id}::uuid, one from unnest(${access.permissions}::text[]) as one where ${ifChanged}`,
        )
        .onConflict((on) => on.columns(['organization_id', 'membership_id', 'permission']).doNothing()),
    )
    .with('ended', (of) =>
      of
        .updateTable('account')
        .set((eb) => ({
          ...noGivenEmail,
          reset_expires_at: null,
          reset_generation: eb('reset_generation', '+', 1),
          email_verified_at: eb.fn.coalesce('email_verified_at', eb.val(proven)),
        }))
        .where('id', '=', account ? accountId : null)
        .where(ifChanged),
    )
    .with('told', (of) =>
      eventsAfter(
        of,
        by,
        ...(account
          ? []
          : [{ act: 'account.created', organizationId, subject: 'account', subjectId: accountId } as const]),
        { act: 'invitation.accepted', organizationId, subject: 'invitation', subjectId: invitation.id },
        {
          act: 'membership.added',
          organizationId,
          subject: 'membership',
          subjectId: membership_id,
          changes: givenFirst(access),
        },
      ),
    )
    .with('written', (of) => letterAfter(of, now, ...toSender('invitation_accepted', invitation)))
    .selectFrom('changed')
    .select('id')
    .execute()
  const [row] = await write.catch((error) => {
    throw isGoneOrTaken(error) ? new TurnLost() : error
  })
  if (!row) throw new TurnLost()
  return accountId
}
