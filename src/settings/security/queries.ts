import type { Actor } from '../../platform/access/actor.ts'
import { TurnLost } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import type { Security } from './rules.ts'

/** The organization's settings of security, as of the moment at which the actor was read; else it throws TurnLost. */
export async function securityOf(
  db: Db,
  actor: Actor,
): Promise<Security & { two_factor_from: string | null; version: number }> {
  const { access_version, ...found } = await db
    .selectFrom('organization as o')
    .where('o.id', '=', actor.organization.id)
    .select([
      'o.invitation_approval',
      'o.invitation_days',
      'o.invitation_reminder',
      'o.allowed_domains',
      'o.support_access',
      'o.two_factor_from',
      'o.version',
      'o.access_version',
    ])
    .executeTakeFirstOrThrow()
  if (access_version !== actor.organization.accessVersion) throw new TurnLost()
  return found as Security & typeof found
}
