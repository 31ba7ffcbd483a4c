import { sql } from 'kysely'
import type { Actor } from '../../platform/access/actor.ts'
import { eventsAfter, ifTurn, inTurn, TurnLost } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import type { Cause } from '../../platform/events/record.ts'
import type { InvitationToChange } from '../to-change.ts'

const ifChanged = sql<boolean>`exists (select from changed)`

/** Ends an invitation for good; who was invited leaves the table of members with all that was laid ready. One statement. */
export async function revoke(db: Db, cause: Cause, actor: Actor, invitation: InvitationToChange): Promise<void> {
  const organization = actor.organization.id
  const { id, membership_id, status, version } = invitation
  const [changed] = await inTurn(db, actor)
    .with('changed', (of) =>
      of
        .updateTable('invitation')
        .set((eb) => ({ status: 'revoked', version: eb('version', '+', 1) }))
        .where('organization_id', '=', organization)
        .where('id', '=', id)
        .where('version', '=', version)
        .where('status', '=', status)
        .where(ifTurn)
        .returning('id'),
    )
    .with('left', (of) =>
      of
        .updateTable('membership')
        .set((eb) => ({
          status: 'removed',
          removed_at: cause.now,
          removed_by: actor.membership.id,
          invite: 'revoked',
          invite_expires_at: null,
          manages_group: false,
          role_ids: [],
          version: eb('version', '+', 1),
        }))
        .where('organization_id', '=', organization)
        .where('id', '=', membership_id)
        .where('status', '=', 'invited')
        .where(ifChanged)
        .returning('id'),
    )
    .with('roles', (of) =>
      of
        .deleteFrom('membership_role')
        .where('organization_id', '=', organization)
        .where('membership_id', 'in', (eb) => eb.selectFrom('left').select('left.id')),
    )
    .with('direct', (of) =>
      of
        .deleteFrom('membership_permission')
        .where('organization_id', '=', organization)
        .where('membership_id', 'in', (eb) => eb.selectFrom('left').select('left.id')),
    )
    .with('told', (of) =>
      eventsAfter(of, cause, {
        act: 'invitation.revoked',
        organizationId: organization,
        subject: 'invitation',
        subjectId: id,
        changes: { status: [status, 'revoked'] },
      }),
    )
    .selectFrom('changed')
    .select('id')
    .execute()
  if (!changed) throw new TurnLost()
}
