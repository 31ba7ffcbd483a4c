import type { Actor } from '../../platform/access/actor.ts'
import { eventsAfter, ifTurn, inTurn, TurnLost } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import type { Cause } from '../../platform/events/record.ts'
import { signLink } from '../../platform/links.ts'
import type { InvitationToChange } from '../to-change.ts'

/**
 * The present link of an invitation, to be passed on by hand: of a channel that doesn't prove the address. Whoever copied it answers
 * for it, and it says who that is. The link in the mail works on, so the version stays and a second press shows the same link again.
 */
export async function copyLink(
  db: Db,
  cause: Cause,
  key: Buffer,
  actor: Actor,
  { id, version, generation }: InvitationToChange,
): Promise<string> {
  const organizationId = actor.organization.id
  const [changed] = await inTurn(db, actor)
    .with('changed', (of) =>
      of
        .selectFrom('invitation')
        .select('id')
        .where('organization_id', '=', organizationId)
        .where('id', '=', id)
        .where('version', '=', version)
        .where('status', '=', 'pending_activation')
        .where('expires_at', '>', cause.now)
        .where(ifTurn)
        .forShare(),
    )
    .with('told', (of) =>
      eventsAfter(of, cause, {
        act: 'invitation.link_copied',
        organizationId,
        subject: 'invitation',
        subjectId: id,
      }),
    )
    .selectFrom('changed')
    .select('id')
    .execute()
  if (!changed) throw new TurnLost()
  return signLink({ kind: 'invitation', id, generation, channel: 'copy', by: actor.membership.id }, key)
}
