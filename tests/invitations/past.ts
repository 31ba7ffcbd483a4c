import type { Db } from '../../src/platform/database/connect.ts'
import { emailKey, searchText, sortKey } from '../../src/platform/fold.ts'
import { newId } from '../../src/platform/ids.ts'
import { addPerson, days, type Organization } from '../support/world.ts'

export type Past = {
  first?: string
  last?: string
  email?: string
  role?: string
  status?: string
  approval?: string
  group?: string
  customRoles?: string[]
  at?: Date
  expires?: Date | null
  sender?: { id: string; first: string; last: string }
  reason?: string
  opened?: Date
  message?: string
  decidedBy?: string
  decidedAt?: Date
  member?: string
}

/** An invitation as the history has it, whatever became of it. */
export async function past(db: Db, organization: Organization, now: Date, details: Past = {}) {
  const { first = 'Nia', last = 'Newcomer', status = 'pending_activation', sender } = details
  const email = details.email ?? `${newId()}@example.org`
  const at = details.at ?? now
  const id = newId()
  const group = details.group ?? organization.defaultGroup
  const invited = status !== 'active'
  const person = { first, last, email, group, invited, invite: status }
  const member = details.member ?? (await addPerson(db, organization, now, person)).id
  await db
    .insertInto('invitation')
    .values({
      id,
      organization_id: organization.id,
      membership_id: member,
      email,
      email_key: emailKey(email),
      first_name: first,
      last_name: last,
      organization_role: details.role ?? 'member',
      offer: { group_id: group, role_ids: details.customRoles ?? [] },
      group_id: group,
      role_ids: details.customRoles ?? [],
      status,
      approval: details.approval ?? (status === 'pending_approval' ? 'waiting' : 'not_needed'),
      expires_at:
        details.expires !== undefined
          ? details.expires
          : status === 'pending_approval'
            ? null
            : new Date(at.getTime() + days(7)),
      reason: details.reason ?? '',
      opened_at: details.opened ?? null,
      message: details.message ?? '',
      decided_by: details.decidedBy ?? null,
      decided_at: details.decidedAt ?? null,
      invited_by: sender?.id ?? null,
      sender_name: sender ? `${sender.first} ${sender.last}` : '',
      sort_name: sortKey(last, first),
      sort_first: sortKey(first, last),
      sort_sender: sender ? sortKey(sender.first, sender.last) : '',
      search: searchText(first, last, email, sender?.first ?? '', sender?.last ?? ''),
      created_at: at,
    })
    .execute()
  return { id, member, email }
}
