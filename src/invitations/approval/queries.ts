import { jsonObjectFrom } from 'kysely/helpers/postgres'
import { choices } from '../../members/access/choices.ts'
import { regionsOf } from '../../members/edit/places.ts'
import type { Actor } from '../../platform/access/actor.ts'
import { TurnLost } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import { soleAdmin } from '../panel.ts'
import { offerOf } from '../rules.ts'
import { visibleTo } from '../visible.ts'

/**
 * An invitation that somebody may decide about, with who sent it, who has decided, and all that its offer is judged by, as of one
 * moment. Null outside of what the actor may see. Throws TurnLost when somebody's access changed after the actor was read.
 */
export async function invitationToDecide(db: Db, actor: Actor, id: string) {
  const organization = actor.organization.id
  const row = await db
    .selectFrom('invitation as i')
    .innerJoin('organization as o', 'o.id', 'i.organization_id')
    .where('i.organization_id', '=', organization)
    .where('i.id', '=', id)
    .where(visibleTo(actor, 'invitations.approve'))
    .select((eb) => [
      'i.id',
      'i.membership_id',
      'i.group_id',
      'i.email',
      'i.first_name',
      'i.last_name',
      'i.organization_role',
      'i.offer',
      'i.message',
      'i.status',
      'i.approval',
      'i.decided_at',
      'i.expires_at',
      'i.decided_by',
      'i.generation',
      'i.last_sent_at',
      'i.valid_days',
      'i.invited_by',
      'i.sender_name',
      'i.created_at',
      'i.version',
      'o.access_version',
      ...choices(eb, organization),
      regionsOf(eb, organization),
      jsonObjectFrom(
        eb
          .selectFrom('membership as sm')
          .where('sm.organization_id', '=', organization)
          .whereRef('sm.id', '=', 'i.invited_by')
          .where('sm.status', '=', 'active')
          .select(['sm.id', 'sm.email']),
      ).as('sender'),
      jsonObjectFrom(
        eb
          .selectFrom('membership as dm')
          .where('dm.organization_id', '=', organization)
          .whereRef('dm.id', '=', 'i.decided_by')
          .select(['dm.first_name', 'dm.last_name', 'dm.email']),
      ).as('decider'),
      soleAdmin(eb as never).as('sole_admin'),
    ])
    .executeTakeFirst()
  if (!row) return null
  if (row.access_version !== actor.organization.accessVersion) throw new TurnLost()
  const { groups, roles, regions, offer, ...one } = row
  return { ...one, offer: offerOf(offer), choices: { groups, roles }, regions }
}
export type Decidable = NonNullable<Awaited<ReturnType<typeof invitationToDecide>>>
