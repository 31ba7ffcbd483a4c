import { type Expression, sql } from 'kysely'
import { choices } from '../members/access/choices.ts'
import type { Choices } from '../members/access/rules.ts'
import { regionsOf } from '../members/edit/places.ts'
import type { Regions } from '../members/edit/rules.ts'
import type { Actor } from '../platform/access/actor.ts'
import type { Giver } from '../platform/access/giver.ts'
import type { OrganizationRole } from '../platform/access/permissions.ts'
import { TurnLost } from '../platform/access/turn.ts'
import type { Db } from '../platform/database/connect.ts'
import { giversOf, stillThere } from './givers.ts'
import { type ApprovalRule, givenBy, offerOf } from './rules.ts'
import { visibleTo } from './visible.ts'

/** The row of the invitation whom an act is about, with all that the rules ask; for a query that says who may see it. */
export const invitationRow = (db: Db, organization: string | Expression<string>, id: string) =>
  db
    .selectFrom('invitation as i')
    .innerJoin('membership as im', (on) =>
      on.onRef('im.organization_id', '=', 'i.organization_id').onRef('im.id', '=', 'i.membership_id'),
    )
    .innerJoin('organization as o', (on) => on.onRef('o.id', '=', 'i.organization_id'))
    .where('i.organization_id', '=', organization)
    .where('i.id', '=', id)
    .select((eb) => [
      'i.id',
      'i.membership_id',
      'i.email',
      'i.email_key',
      'i.first_name',
      'i.last_name',
      'i.organization_role',
      'i.offer',
      'i.status',
      'i.approval',
      'i.decided_by',
      'i.generation',
      'i.expires_at',
      'i.invited_by',
      'i.sender_name',
      'i.valid_days',
      'i.resend_day',
      'i.resends',
      'i.group_id',
      'i.version',
      'im.status as member_status',
      'o.access_version',
      'o.invitation_approval',
      'o.allowed_domains',
      sql<boolean>`${eb.exists(
        eb
          .selectFrom('invitation as later')
          .whereRef('later.organization_id', '=', 'i.organization_id')
          .whereRef('later.membership_id', '=', 'i.membership_id')
          .whereRef('later.created_at', '>', 'i.created_at')
          .select('later.id'),
      )}`.as('superseded'),
      ...choices(eb, organization),
      regionsOf(eb, organization),
      giversOf(eb),
    ])
type Row = NonNullable<Awaited<ReturnType<ReturnType<typeof invitationRow>['executeTakeFirst']>>>

/** Reads a row of `invitationRow`. Throws TurnLost when somebody's access changed after the organization was read. */
export function asInvitation(organization: Actor['organization'], row: Row) {
  const { access_version, organization_role, offer, groups, roles, regions, givers, ...rest } = row
  if (access_version !== organization.accessVersion) throw new TurnLost()
  const role = organization_role as OrganizationRole
  const around = { choices: { groups, roles } satisfies Choices, regions: regions satisfies Regions }
  const offered = givenBy(role, offerOf(offer))
  const asked = stillThere(offered, around)
  return {
    ...rest,
    organization,
    organization_role: role,
    invitation_approval: row.invitation_approval as ApprovalRule,
    asked,
    around,
    /** A role, region or area of the offer was deleted since. */
    shrunk: JSON.stringify(asked) !== JSON.stringify(offered),
    givers: givers as Giver[],
  }
}
export type InvitationToChange = ReturnType<typeof asInvitation>

/** The invitation that an act of the actor is about; null for every one into a group where they may not invite. One statement. */
export async function invitationToChange(db: Db, actor: Actor, id: string): Promise<InvitationToChange | null> {
  const row = await invitationRow(db, actor.organization.id, id)
    .where((eb) => visibleTo(actor, 'members.invite')(eb))
    .executeTakeFirst()
  return row ? asInvitation(actor.organization, row) : null
}
