import { type Expression, type QueryCreator, sql } from 'kysely'
import { givenFirst } from '../../members/new/commands.ts'
import type { Contact } from '../../members/new/draft.ts'
import { takingRoom } from '../../members/new/room.ts'
import { type Actor, fullName } from '../../platform/access/actor.ts'
import { eventsAfter, ifTurn, inTurn, TurnLost } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import type { DB } from '../../platform/database/schema.ts'
import type { Cause, Happening } from '../../platform/events/record.ts'
import { searchText, sortKey } from '../../platform/fold.ts'
import { newId } from '../../platform/ids.ts'
import { letterAfter } from '../../platform/mail/outbox.ts'
import { approvalAsked } from '../asking.ts'
import { letterAbout } from '../letters.ts'
import { offered } from '../rules.ts'
import type { Inviting } from './queries.ts'
import { type Asked, expiryOf, type Present } from './rules.ts'

/** Somebody to invite: `membership` is the row that an earlier invitation to the address left, which ended without them. */
export type Invitee = {
  invitation: string
  email: string
  email_key: string
  first_name: string
  last_name: string
  contact?: Omit<Contact, 'first_name' | 'last_name'>
  membership: Present | null
}

export type Terms = { access: Asked; days: number; message: string }

/** A draft that is confirmed by the same statement: what is kept of it instead of what was typed. */
export type Confirmed = { id: string; version: number; since: Date; keep: Record<string, unknown> }

/** The address got an invitation or a member meanwhile, or something of the choice was deleted: it is read again. */
const isGoneOrTaken = (error: unknown) =>
  ['23503', '23505'].includes(String((error as { code?: unknown } | null)?.code))

const emptyContact = { title: '', cell_phone: '', office_phone: '', extension: '' }

function rowsOf(actor: Actor, people: Invitee[]) {
  const sender = fullName({ first_name: actor.membership.firstName, last_name: actor.membership.lastName })
  return people.map(({ invitation, email, email_key, contact = emptyContact, membership, ...typed }) => {
    // Who was invited by name, and now by the address alone, keeps the name.
    const { first_name, last_name } = typed.first_name || typed.last_name ? typed : (membership ?? typed)
    return {
      id: invitation,
      membership_id: membership?.id ?? newId(),
      fresh: membership === null,
      email,
      email_key,
      first_name,
      last_name,
      ...contact,
      sort_name: sortKey(last_name, first_name),
      sort_first: sortKey(first_name, last_name),
      search: searchText(first_name, last_name, email, ''),
      found_by: searchText(first_name, last_name, email, sender || actor.membership.email),
    }
  })
}
type Row = ReturnType<typeof rowsOf>[number]
type Before = DB & { turn: { id: string }; confirmed: { id: string } }

const asked = (
  rows: Row[],
) => sql<Row>`(select * from jsonb_to_recordset(${rows}::jsonb) as r(id uuid, membership_id uuid,
  fresh boolean, email text, email_key text, first_name text, last_name text, title text, cell_phone text, office_phone text,
  extension text, sort_name text, sort_first text, search text, found_by text) where exists (select from confirmed))`

/**
 * Sends invitations to all of these people, of the same terms, in one statement and one turn; where the organization asks for
 * approval they wait for it, and nobody is written to but those who may approve. An earlier invitation that ended by the clock
 * alone is ended in its row too, and its membership is used again.
 */
export async function sendInvitations(
  db: Db,
  cause: Cause,
  actor: Actor,
  { approval, room }: Pick<Inviting, 'approval' | 'room'>,
  people: Invitee[],
  { access, days, message }: Terms,
  draft: Confirmed | null = null,
): Promise<void> {
  const { now } = cause
  const organization_id = actor.organization.id
  const rows = rowsOf(actor, people)
  const status = approval ? 'pending_approval' : 'pending_activation'
  const expires = approval ? null : expiryOf(now, days)
  const given = {
    organization_role: access.role,
    group_id: access.group,
    manages_group: access.manages,
    region_id: access.region_id,
    area_id: access.area_id,
    role_ids: access.customRoles,
    status: 'invited',
    invite: status,
    invite_expires_at: expires,
  }
  const confirmed = (outer: unknown): Expression<{ id: string }> => {
    const of = outer as QueryCreator<Before>
    if (!draft) return of.selectFrom('turn').select('id')
    return of
      .updateTable('draft')
      .set({ result: rows[0]?.membership_id ?? null, done_at: now, data: draft.keep as never })
      .where('organization_id', '=', organization_id)
      .where('id', '=', draft.id)
      .where('account_id', '=', actor.accountId)
      .where('version', '=', draft.version)
      .where('result', 'is', null)
      .where('created_at', '>', draft.since)
      .where(ifTurn)
      .returning('id') as unknown as Expression<{ id: string }>
  }
  const toInvitee = ({ id, email }: Row) => letterAbout(organization_id, 'invitation', { id, generation: 1 }, email)
  const write = inTurn(db, actor)
    .with('confirmed', confirmed)
    .with('asked', () => asked(rows))
    .with('ended', (of) =>
      of
        .updateTable('invitation')
        .set((eb) => ({ status: 'expired', version: eb('version', '+', 1) }))
        .where('organization_id', '=', organization_id)
        .where('email_key', 'in', (eb) => eb.selectFrom('asked').select('asked.email_key'))
        .where('status', '=', 'pending_activation')
        .where('expires_at', '<=', now)
        .returning('id'),
    )
    .with('made', (of) =>
      of
        .insertInto('membership')
        .columns([
          ...personal,
          'id',
          'organization_id',
          'created_at',
          ...(Object.keys(given) as (keyof typeof given)[]),
        ])
        .expression((eb) =>
          eb
            .selectFrom('asked')
            .where('asked.fresh', '=', true)
            .select([
              ...personal.map((name) => `asked.${name}` as const),
              'asked.membership_id',
              sql<string>`${organization_id}::uuid`.as('organization_id'),
              sql<Date>`${now}::timestamptz`.as('created_at'),
              ...Object.entries(given).map(([name, value]) => eb.val(value).as(name)),
            ]),
        )
        .returning('id'),
    )
    .with('renewed', (of) =>
      of
        .updateTable('membership as m')
        .from('asked as a')
        .set((eb) => ({
          ...given,
          ...Object.fromEntries(personal.map((name) => [name, eb.ref(`a.${name}`)])),
          version: eb('m.version', '+', 1),
        }))
        .where('m.organization_id', '=', organization_id)
        .whereRef('m.id', '=', 'a.membership_id')
        .where('a.fresh', '=', false)
        .where('m.status', '=', 'invited')
        .returning('m.id'),
    )
    .with('roles_left', (of) =>
      of
        .deleteFrom('membership_role')
        .where('organization_id', '=', organization_id)
        .where('membership_id', 'in', (eb) => eb.selectFrom('renewed').select('renewed.id'))
        .where(sql<boolean>`role_id <> all (${access.customRoles}::uuid[])`),
    )
    .with('permissions_left', (of) =>
      of
        .deleteFrom('membership_permission')
        .where('organization_id', '=', organization_id)
        .where('membership_id', 'in', (eb) => eb.selectFrom('renewed').select('renewed.id'))
        .where(sql<boolean>`permission <> all (${access.permissions}::text[])`),
    )
    .with('roles', (of) =>
      of
        .insertInto('membership_role')
        .columns(['organization_id', 'membership_id', 'role_id'])
        .expression(
          sql<never>`select ${organization_id}::uuid, a.membership_id, one from asked as a, unnest(${access.customRoles}::uuid[]) as one`,
        )
        .onConflict((on) => on.doNothing()),
    )
    .with('permissions', (of) =>
      of
        .insertInto('membership_permission')
        .columns(['organization_id', 'membership_id', 'permission'])
        .expression(
          sql<never>`select ${organization_id}::uuid, a.membership_id, one from asked as a, unnest(${access.permissions}::text[]) as one`,
        )
        .onConflict((on) => on.doNothing()),
    )
    .with('changed', (of) => {
      const sender = actor.membership
      const common = {
        organization_id,
        organization_role: access.role,
        offer: offered(access),
        message,
        status,
        approval: approval ? 'waiting' : 'not_needed',
        expires_at: expires,
        invited_by: sender.id,
        last_sent_at: approval ? null : now,
        created_at: now,
        sender_name: fullName({ first_name: sender.firstName, last_name: sender.lastName, email: sender.email }),
        sort_sender: sortKey(sender.firstName, sender.lastName),
        group_id: access.group,
        role_ids: access.customRoles,
        valid_days: days,
      }
      return of
        .insertInto('invitation')
        .columns([...about, 'search', ...(Object.keys(common) as (keyof typeof common)[])])
        .expression((eb) =>
          eb
            .selectFrom('asked')
            // Read for the order alone: the address is free only when its older invitation has ended.
            .where(sql<boolean>`(select count(*) from ended) >= 0`)
            .select([
              ...about.map((name) => `asked.${name}` as const),
              'asked.found_by',
              ...Object.entries(common).map(([name, value]) => eb.val(value).as(name)),
            ]),
        )
        .returning('id')
    })
    .with('counted', () => takingRoom(room, rows.length, now))
    .with('told', (of) =>
      eventsAfter(of, cause, ...rows.map((row) => sentEvent(organization_id, row.id, status, access))),
    )
    .with('written', (of) =>
      approval
        ? approvalAsked(db, of as never, now, {
            organization: actor.organization,
            except: actor.membership.id,
            invitations: rows.map(({ id }) => id),
          })
        : letterAfter(of, now, ...rows.map(toInvitee)),
    )
    .selectFrom('changed')
    .select('id')
    .execute()
  const sent = await write.catch((error) => {
    throw isGoneOrTaken(error) ? new TurnLost() : error
  })
  if (sent.length === 0) throw new TurnLost()
}

/** Columns that an invitation and a membership have of each person. */
const personal = [
  'email',
  'email_key',
  'first_name',
  'last_name',
  'title',
  'cell_phone',
  'office_phone',
  'extension',
  'sort_name',
  'sort_first',
  'search',
] as const
const about = [
  'id',
  'membership_id',
  'email',
  'email_key',
  'first_name',
  'last_name',
  'sort_name',
  'sort_first',
] as const

const sentEvent = (organizationId: string, id: string, status: string, access: Asked): Happening => ({
  act: 'invitation.sent',
  organizationId,
  subject: 'invitation',
  subjectId: id,
  changes: { status: [null, status], ...givenFirst(access) },
})
