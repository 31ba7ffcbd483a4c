import type { Slot } from '../../platform/database/connect.ts'
import { emailKey, searchText, sortKey, usernameKey } from '../../platform/fold.ts'
import { newId } from '../../platform/ids.ts'
import { Rows } from './copy-in.ts'
import type { Person } from './people.ts'
import type { Places } from './places.ts'

/** An Admin's membership, and the name that the history shows. */
export type Inviter = { id: string; name: string }

/** What the act that removed somebody left of what they held, and whether an Admin did it: declining is the invitee's own. */
function leftBehind(person: Person, role_ids: string[]) {
  const { invitation, removedAt } = person
  const declined = invitation?.status === 'rejected' && invitation.approval !== 'denied'
  const revoked = invitation?.status === 'revoked'
  return {
    roles: revoked ? [] : role_ids,
    permissions: revoked ? [] : person.permissions,
    byAdmin: removedAt !== null && !declined,
  }
}

/** The rows of some people, until they are copied into their tables. */
export class Batch {
  readonly #organizationId: string
  readonly #places: Places
  /** Memberships of Admins, who have invited everybody. */
  readonly #admins: Inviter[]
  readonly #accounts = new Rows('account')
  readonly #memberships = new Rows('membership')
  readonly #roles = new Rows('membership_role')
  readonly #permissions = new Rows('membership_permission')
  readonly #invitations = new Rows('invitation')
  #turn = 0

  constructor(organizationId: string, places: Places, admins: Inviter[]) {
    this.#organizationId = organizationId
    this.#places = places
    this.#admins = admins
  }

  /** Lets others work in between: the rows before are on their way to the server meanwhile. */
  async add(crowd: readonly Person[]): Promise<void> {
    for (const [at, person] of crowd.entries()) {
      if (at % 100 === 99) await new Promise((resolve) => setImmediate(resolve))
      this.#add(person)
    }
  }

  #add(person: Person): void {
    const organization_id = this.#organizationId
    const { firstName, lastName, email, username, invitation } = person
    const email_key = emailKey(email)
    const username_key = username === null ? null : usernameKey(username)
    const account_id = person.joinedAt ? newId() : null
    if (account_id)
      this.#accounts.add({
        id: account_id,
        email,
        email_key,
        email_verified_at: person.verifiedAt,
        username,
        username_key,
        two_factor_at: person.twoFactorAt,
        blocked_at: person.blockedAt,
        created_at: person.createdAt,
      })

    const membership_id = newId()
    const region = person.region === null ? undefined : this.#places.regions[person.region]
    const role_ids = person.customRoles.map((role) => this.#places.customRoles[role]!)
    const group_id = this.#places.groups[person.group]!
    const inviter = this.#admins[this.#turn++ % this.#admins.length] ?? null
    const approver = this.#admins[this.#turn % this.#admins.length] ?? null
    const left = leftBehind(person, role_ids)
    this.#memberships.add({
      id: membership_id,
      organization_id,
      account_id,
      email,
      first_name: firstName,
      last_name: lastName,
      title: person.title,
      cell_phone: person.cellPhone,
      office_phone: person.officePhone,
      extension: person.extension,
      organization_role: person.role,
      group_id,
      manages_group: person.managesGroup && person.removedAt === null,
      region_id: region?.id ?? null,
      area_id: person.area === null ? null : (region?.areas[person.area] ?? null),
      suspended_at: person.suspendedAt,
      starts_on: person.startsOn ?? '-infinity',
      ends_on: person.endsOn ?? 'infinity',
      removed_at: person.removedAt,
      removed_by: left.byAdmin ? (approver?.id ?? null) : null,
      last_active_at: person.lastActiveAt ?? '-infinity',
      created_at: person.createdAt,
      sort_name: sortKey(lastName, firstName),
      sort_first: sortKey(firstName, lastName),
      search: searchText(firstName, lastName, email, username ?? ''),
      email_key,
      username_key: username_key ?? '',
      status: person.status,
      has_two_factor: person.twoFactorAt !== null,
      role_ids: left.roles,
      // What ended by the clock alone stands as open there.
      invite: invitation?.status === 'expired' ? 'pending_activation' : (invitation?.status ?? ''),
      invite_expires_at: person.status === 'invited' ? (invitation?.expiresAt ?? null) : null,
    })
    for (const role_id of left.roles) this.#roles.add({ organization_id, membership_id, role_id })
    for (const permission of left.permissions) this.#permissions.add({ organization_id, membership_id, permission })
    if (!invitation) return

    this.#invitations.add({
      id: newId(),
      organization_id,
      membership_id,
      email,
      email_key,
      first_name: firstName,
      last_name: lastName,
      organization_role: person.role,
      offer: JSON.stringify({ group_id, manages_group: person.managesGroup, role_ids }),
      status: invitation.status,
      approval: invitation.approval,
      decided_by: invitation.decidedAt ? (approver?.id ?? null) : null,
      decided_at: invitation.decidedAt,
      reason: invitation.reason,
      group_id,
      role_ids,
      sender_name: inviter?.name ?? '',
      sort_name: sortKey(lastName, firstName),
      sort_first: sortKey(firstName, lastName),
      sort_sender: sortKey(inviter?.name ?? ''),
      search: searchText(firstName, lastName, email, inviter?.name ?? ''),
      generation: invitation.generation,
      expires_at: invitation.expiresAt,
      invited_by: inviter?.id ?? null,
      last_sent_at: invitation.sentAt,
      created_at: invitation.createdAt,
    })
  }

  /** Sends all of them in the transaction of `slot`, what others point to first. */
  async copy(slot: Slot): Promise<void> {
    for (const rows of [this.#accounts, this.#memberships, this.#roles, this.#permissions, this.#invitations])
      await rows.copy(slot)
  }
}
