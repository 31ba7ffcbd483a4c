import { dayOf, statusOf } from '../platform/access/status.ts'
import { type Db, inTransaction } from '../platform/database/connect.ts'
import { lockFirstStart } from '../platform/database/locks.ts'
import { type Cause, record } from '../platform/events/record.ts'
import { emailKey, searchText, sortKey } from '../platform/fold.ts'
import { newId } from '../platform/ids.ts'
import { post } from '../platform/mail/outbox.ts'
import { isFirstStart } from './queries.ts'
import { numbered, slugOf } from './rules.ts'

/** Names and address as people wrote them; the password is hashed already. */
export type NewOrganization = {
  organization: string
  firstName: string
  lastName: string
  email: string
  passwordHash: string | null
}

/** `linked`: the Admin is an account that was there before; its password is as it was. */
export type Created = { organizationId: string; slug: string; accountId: string; linked: boolean }

/**
 * Makes an organization with its Default group and its Admin. `first`: only while there is none, whoever asks at the same moment,
 * and only with a new account. Otherwise an address that has an account gets that account as the Admin.
 */
export async function createOrganization(
  db: Db,
  cause: Cause,
  input: NewOrganization,
  { first }: { first: boolean },
): Promise<{ created: Created } | { refused: 'not_first' | 'has_account' }> {
  return inTransaction(db, async (trx) => {
    if (first) {
      await lockFirstStart(trx)
      if (!(await isFirstStart(trx))) return { refused: 'not_first' }
    }
    const account = await accountFor(trx, cause, input)
    if (first && account.linked) return { refused: 'has_account' }
    // On the screen the Admin does it; there was nobody before.
    const by = cause.how === 'screen' ? { ...cause, actorId: account.id } : cause
    const organization = await insertOrganization(trx, cause.now, input.organization)

    const group = newId()
    await trx
      .insertInto('member_group')
      .values({
        id: group,
        organization_id: organization.id,
        name: 'Default',
        sort_name: sortKey('Default'),
        is_default: true,
      })
      .execute()
    const membership = newId()
    const { firstName, lastName } = input
    await trx
      .insertInto('membership')
      .values({
        id: membership,
        organization_id: organization.id,
        account_id: account.id,
        email: account.email,
        email_key: account.email_key,
        username_key: account.username_key ?? '',
        first_name: firstName,
        last_name: lastName,
        organization_role: 'admin',
        group_id: group,
        sort_name: sortKey(lastName, firstName),
        sort_first: sortKey(firstName, lastName),
        search: searchText(firstName, lastName, account.email, account.username ?? ''),
        has_two_factor: account.two_factor_at !== null,
        status: statusOf(
          {
            removed_at: null,
            account_id: account.id,
            blocked_at: account.blocked_at,
            suspended_at: null,
            starts_on: '-infinity',
            ends_on: 'infinity',
          },
          dayOf(cause.now),
        ),
        created_at: cause.now,
      })
      .execute()
    const organizationId = organization.id
    await record(
      trx,
      by,
      ...(account.linked
        ? []
        : [{ act: 'account.created' as const, subject: 'account' as const, subjectId: account.id }]),
      { act: 'organization.created', organizationId, subject: 'organization', subjectId: organizationId },
      {
        act: 'membership.added',
        organizationId,
        subject: 'membership',
        subjectId: membership,
        changes: { organization_role: [null, 'admin'] },
      },
    )
    // Whoever has an account hears that it opens more from now on.
    if (account.linked)
      await post(trx, cause.now, {
        organizationId,
        template: 'access_changed',
        data: { membership_id: membership },
        to: account.email,
      })
    return { created: { organizationId, slug: organization.slug, accountId: account.id, linked: account.linked } }
  })
}

/** The account with this address, locked so that a block waits for its new membership; made when there is none. */
async function accountFor(trx: Db, { now }: Cause, { email, passwordHash }: NewOrganization) {
  const columns = ['id', 'email', 'email_key', 'username', 'username_key', 'two_factor_at', 'blocked_at'] as const
  const made = await trx
    .insertInto('account')
    .values({ id: newId(), email, email_key: emailKey(email), password_hash: passwordHash, created_at: now })
    .onConflict((on) => on.column('email_key').doNothing())
    .returning(columns)
    .executeTakeFirst()
  if (made) return { ...made, linked: false }
  const found = await trx
    .selectFrom('account')
    .select(columns)
    .where('email_key', '=', emailKey(email))
    .forUpdate()
    .executeTakeFirstOrThrow()
  return { ...found, linked: true }
}

async function insertOrganization(trx: Db, now: Date, name: string) {
  for (let number = 1; ; number++) {
    const row = await trx
      .insertInto('organization')
      .values({ id: newId(), name, slug: numbered(slugOf(name), number), created_at: now })
      .onConflict((on) => on.column('slug').doNothing())
      .returning(['id', 'slug'])
      .executeTakeFirst()
    if (row) return row
  }
}
