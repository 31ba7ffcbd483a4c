import { sql } from 'kysely'
import { firstLink, firstPassword } from '../../passwords/commands.ts'
import type { Actor } from '../../platform/access/actor.ts'
import { dayOf, statusOf } from '../../platform/access/status.ts'
import { eventsAfter, ifTurn, inTurn, TurnLost } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import { crossing } from '../../platform/database/guard.ts'
import type { Cause } from '../../platform/events/record.ts'
import { searchText, sortKey } from '../../platform/fold.ts'
import { idFromKey, newId } from '../../platform/ids.ts'
import { letterAfter } from '../../platform/mail/outbox.ts'
import type { Access } from '../access/rules.ts'
import { draftFor, type Place } from './draft.ts'
import type { Draft } from './queries.ts'
import { takingRoom } from './room.ts'

/**
 * Begins a draft; the same form sent again finds the same one, with what was typed last. Gives its id, or null: what
 * this form began was confirmed.
 */
export async function startDraft(
  db: Db,
  now: Date,
  actor: Actor,
  kind: 'add' | 'several',
  key: string,
  typed: object,
): Promise<string | null> {
  const organization_id = actor.organization.id
  const id = idFromKey(key, organization_id, actor.accountId)
  const row = await db
    .insertInto('draft')
    .values({ organization_id, id, account_id: actor.accountId, kind, data: typed as never, created_at: now })
    .onConflict((on) =>
      on
        .columns(['organization_id', 'id'])
        .doUpdateSet((eb) => ({
          data: sql`${eb.ref('draft.data')} || ${eb.ref('excluded.data')}`,
          version: eb('draft.version', '+', 1),
        }))
        .where('draft.result', 'is', null)
        .where('draft.kind', '=', kind),
    )
    .returning('id')
    .executeTakeFirst()
  return row?.id ?? null
}

/** Writes what was typed at one step, and leaves the others as they are. */
export async function saveStep(db: Db, actor: Actor, draft: { id: string }, part: object): Promise<void> {
  await db
    .updateTable('draft')
    .set((eb) => ({ data: sql`${eb.ref('data')} || ${part}::jsonb`, version: eb('version', '+', 1) }))
    .where('organization_id', '=', actor.organization.id)
    .where('id', '=', draft.id)
    .where('result', 'is', null)
    .execute()
}

const ifChanged = sql<boolean>`exists (select from changed)`

/** What somebody who comes is given, for the event that tells of it. */
export function givenFirst(access: Access & Place): Record<string, [null, unknown]> {
  const given = {
    role: access.role,
    group: access.group,
    ...(access.manages && { group_manager: true }),
    ...(access.customRoles.length > 0 && { custom_role: access.customRoles }),
    ...(access.permissions.length > 0 && { permission: access.permissions }),
    ...(access.region_id && { region: access.region_id }),
    ...(access.area_id && { area: access.area_id }),
  }
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, [null, value]]))
}

/** The address got an account or a member meanwhile, or something of the choice was deleted: it is read again. */
const isGoneOrTaken = (error: unknown) =>
  ['23503', '23505'].includes(String((error as { code?: unknown } | null)?.code))

/**
 * Makes the account and the membership that a draft describes, in one statement, once: the draft keeps what it made, and nothing
 * else of what was typed. Without a password hash the account gets a link to choose its first password. Gives the membership's id.
 */
export async function addPerson(
  db: Db,
  cause: Cause,
  actor: Actor,
  { id, version, typed, room }: Draft,
  access: Access & Place,
  password_hash: string | null,
): Promise<string> {
  const { now } = cause
  const organization_id = actor.organization.id
  const { contact, email, email_key } = typed
  if (!contact) throw new Error('a draft is confirmed before its name is there')
  const [account, membership] = [newId(), newId()]
  const accountRow = {
    id: account,
    email,
    email_key,
    created_at: now,
    ...(password_hash === null ? firstLink(now) : firstPassword(password_hash, actor.membership.id, now)),
    added_by: actor.membership.id,
  }
  const membershipRow = {
    id: membership,
    organization_id,
    account_id: account,
    email,
    email_key,
    ...contact,
    organization_role: access.role,
    group_id: access.group,
    manages_group: access.manages,
    region_id: access.region_id,
    area_id: access.area_id,
    role_ids: access.customRoles,
    created_at: now,
    sort_name: sortKey(contact.last_name, contact.first_name),
    sort_first: sortKey(contact.first_name, contact.last_name),
    search: searchText(contact.first_name, contact.last_name, email, ''),
    status: statusOf(
      {
        removed_at: null,
        account_id: account,
        blocked_at: null,
        suspended_at: null,
        starts_on: '-infinity',
        ends_on: 'infinity',
      },
      dayOf(now),
    ),
  }
  const about = { organizationId: organization_id, subject: 'account', subjectId: account } as const
  const write = inTurn(db, actor)
    .with('confirmed', (of) =>
      of
        .updateTable('draft')
        .set({ result: membership, done_at: now, data: {} })
        .where('organization_id', '=', organization_id)
        .where('id', '=', id)
        .where('account_id', '=', actor.accountId)
        .where('version', '=', version)
        .where('result', 'is', null)
        .where('created_at', '>', new Date(now.getTime() - draftFor))
        .where(ifTurn)
        .returning('id'),
    )
    .with('made', (of) =>
      of
        .insertInto('account')
        .columns(Object.keys(accountRow) as (keyof typeof accountRow)[])
        .expression((eb) =>
          eb
            .selectFrom('confirmed')
            .where(sql<boolean>`not is_kept_for_other(${email_key}, null)`)
            .select(Object.entries(accountRow).map(([name, value]) => eb.val(value).as(name))),
        )
        .onConflict((on) => on.column('email_key').doNothing())
        .returning('id'),
    )
    .with('changed', (of) =>
      of
        .insertInto('membership')
        .columns(Object.keys(membershipRow) as (keyof typeof membershipRow)[])
        .expression((eb) =>
          eb.selectFrom('made').select(Object.entries(membershipRow).map(([name, value]) => eb.val(value).as(name))),
        )
        .returning('id'),
    )
    .with('roles', (of) =>
      of
        .insertInto('membership_role')
        .columns(['organization_id', 'membership_id', 'role_id'])
        .expression(
          sql<never>`select ${organization_id}::uuid, ${membership}::uuid, one from unnest(${access.customRoles}::uuid[]) as one where ${ifChanged}`,
        ),
    )
    .with('permissions', (of) =>
      of
        .insertInto('membership_permission')
        .columns(['organization_id', 'membership_id', 'permission'])
        .expression(
          sql<never>`select ${organization_id}::uuid, ${membership}::uuid, one from unnest(${access.permissions}::text[]) as one where ${ifChanged}`,
        ),
    )
    .with('counted', () => takingRoom(room, 1, now))
    .with('told', (of) =>
      eventsAfter(
        of,
        cause,
        { ...about, act: 'account.created' },
        {
          act: 'membership.added',
          organizationId: organization_id,
          subject: 'membership',
          subjectId: membership,
          changes: givenFirst(access),
        },
        { ...about, act: password_hash === null ? 'password.reset_link_made' : 'password.given' },
      ),
    )
    .with('written', (of) =>
      letterAfter(of, now, {
        organizationId: organization_id,
        template: 'welcome',
        data: { account_id: account },
        to: email,
        ...(password_hash === null && { generation: firstLink(now).reset_generation }),
      }),
    )
    .selectFrom('changed')
    .select('id')
    .execute()
  const [row] = await write.catch((error) => {
    throw isGoneOrTaken(error) ? new TurnLost() : error
  })
  if (!row) throw new TurnLost()
  return membership
}

/** Clears away drafts that are older than a day, confirmed or not; for an hourly run. */
export async function forgetOldDrafts(db: Db, now: Date): Promise<void> {
  await crossing(db, 'drafts of every organization end after a day')
    .deleteFrom('draft')
    .where('created_at', '<=', new Date(now.getTime() - draftFor))
    .execute()
}
