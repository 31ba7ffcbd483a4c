import type { Permission } from '../../src/platform/access/permissions.ts'
import { searchText, sortKey } from '../../src/platform/fold.ts'
import { newId } from '../../src/platform/ids.ts'
import { addPerson, days, type organization, type Person, type PersonDetails } from '../support/world.ts'

type World = Awaited<ReturnType<typeof organization>>
type Details = PersonDetails & {
  by?: Person
  status?: 'pending_approval' | 'pending_activation' | 'rejected' | 'revoked' | 'expired'
  approval?: 'not_needed' | 'waiting' | 'approved' | 'denied'
  decidedBy?: Person
  validDays?: number
  sentAt?: Date
  offers?: Permission[]
}

/** From now on addresses of these domains alone may be invited. */
export const allowOnly = ({ db, here }: Pick<World, 'db' | 'here'>, ...allowed_domains: string[]) =>
  db.updateTable('organization').set({ allowed_domains }).where('id', '=', here.id).execute()

/** Somebody invited, as inviting leaves them: a place in the table, and the invitation itself. */
export async function invited({ db, here, clock, ana }: World, details: Details = {}) {
  const { by = ana.person, status = 'pending_activation', validDays = 7, sentAt = clock.now, offers = [] } = details
  const expires_at = status === 'pending_approval' ? null : new Date(sentAt.getTime() + days(validDays))
  const person = await addPerson(db, here, sentAt, {
    first: 'Ivo',
    last: 'Invited',
    ...details,
    permissions: offers,
    invited: true,
    invite: status,
    ...(expires_at && { inviteExpires: expires_at }),
  })
  const id = newId()
  const { first, last, email } = person
  const sender = `${by.first} ${by.last}`
  const group_id = details.group ?? here.defaultGroup
  const row = {
    id,
    organization_id: here.id,
    membership_id: person.id,
    email,
    email_key: email.toLowerCase(),
    first_name: first,
    last_name: last,
    organization_role: details.role ?? 'member',
    offer: {
      group_id,
      manages_group: details.manages ?? false,
      role_ids: details.customRoles ?? [],
      permissions: offers,
      region_id: details.region ?? null,
      area_id: details.area ?? null,
    },
    status,
    approval: details.approval ?? (status === 'pending_approval' ? 'waiting' : 'not_needed'),
    decided_by: details.decidedBy?.id ?? null,
    decided_at: details.decidedBy ? sentAt : null,
    group_id,
    role_ids: details.customRoles ?? [],
    sender_name: sender,
    sort_name: sortKey(last, first),
    sort_first: sortKey(first, last),
    sort_sender: sortKey(sender),
    search: searchText(first, last, email, sender),
    valid_days: validDays,
    expires_at,
    invited_by: by.id,
    last_sent_at: expires_at && sentAt,
    created_at: sentAt,
  }
  await db.insertInto('invitation').values(row).execute()
  return { ...person, id, membership: person.id, email }
}

export const invitationOf = ({ db }: Pick<World, 'db'>, { id }: { id: string }) =>
  db.selectFrom('invitation').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

export const membershipOf = ({ db }: Pick<World, 'db'>, { membership }: { membership: string }) =>
  db.selectFrom('membership').selectAll().where('id', '=', membership).executeTakeFirstOrThrow()

/** The letters of an organization, oldest first, without the ids of the rows. */
export const lettersOf = ({ db, here }: Pick<World, 'db' | 'here'>) =>
  db
    .selectFrom('mail')
    .select(['template', 'to_address', 'invitation_id', 'generation'])
    .where('organization_id', '=', here.id)
    .orderBy('id')
    .execute()

export const eventsOf = ({ db }: Pick<World, 'db'>, { id }: { id: string }) =>
  db
    .selectFrom('event')
    .select(['act', 'actor_id', 'how', 'changes'])
    .where('subject_id', '=', id)
    .orderBy('at')
    .orderBy('id')
    .execute()
