import { sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import type { Choices } from '../members/access/rules.ts'
import type { Regions } from '../members/edit/rules.ts'
import { decideFirst } from '../members/new/draft.ts'
import { type Actor, can, reach } from '../platform/access/actor.ts'
import { asActor, type Giver, giverRows } from '../platform/access/giver.ts'
import type { givenBy } from './rules.ts'

/** The sender and the approver of the invitation `i` of the query around it, and who copied this link, as they are now. */
export const giversOf = (outer: unknown, copier: string | null = null) =>
  jsonArrayFrom(
    giverRows(outer)
      .whereRef('gm.organization_id', '=', 'i.organization_id')
      .where(sql<boolean>`gm.id in (i.invited_by, i.decided_by, ${copier}::uuid)`)
      .limit(3),
  ).as('givers')

type Asked = ReturnType<typeof givenBy>

/** Whether somebody may invite to this at all: everywhere, or a Group manager to their own group and nothing beside it. */
export const mayInviteTo = (actor: Actor, asked: Asked): boolean => {
  const far = reach(actor, 'members.invite')
  if (far !== 'group') return far === 'organization'
  return (
    asked.group === actor.membership.groupId &&
    asked.role === 'member' &&
    !asked.manages &&
    asked.customRoles.length + asked.permissions.length === 0
  )
}

type Around = { choices: Choices; regions: Regions }

/**
 * What of an offer is there to be given today: exactly what was offered, but for roles, a region or an area that were deleted
 * since. Without its group there is nothing to give.
 */
export function stillThere(asked: Asked, { choices, regions }: Around): Asked {
  const region = regions.find(({ id }) => id === asked.region_id)
  return {
    ...asked,
    customRoles: asked.customRoles.filter((id) => choices.roles.some((role) => role.id === id)),
    region_id: region?.id ?? null,
    area_id: region?.areas.find(({ id }) => id === asked.area_id)?.id ?? null,
  }
}

/** Whether this person could give all of it today: by permission set, not by rank. */
export const couldGive = (actor: Actor | null, asked: Asked, { choices, regions }: Around): boolean =>
  actor !== null && mayInviteTo(actor, asked) && !decideFirst(actor, choices, regions, asked).errors

/**
 * Whether what an invitation offers is still covered: its sender could still give it, or who approved it could and may approve
 * . Otherwise it goes back to Pending approval and its link stops (product.md).
 */
export function isCovered(
  {
    invited_by,
    decided_by,
    approval,
    givers,
  }: {
    invited_by: string | null
    decided_by: string | null
    approval: string
    givers: Giver[]
  },
  organization: Actor['organization'],
  asked: Asked,
  around: Around,
): boolean {
  const giver = (id: string | null) =>
    asActor(
      givers.find((one) => one.id === id),
      organization,
    )
  if (couldGive(giver(invited_by), asked, around)) return true
  const approver = approval === 'approved' ? giver(decided_by) : null
  return (
    approver !== null &&
    can(approver, 'invitations.approve') &&
    !decideFirst(approver, around.choices, around.regions, asked).errors
  )
}
