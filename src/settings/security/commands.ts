import type { Actor } from '../../platform/access/actor.ts'
import { eventsAfter, TurnLost } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import type { Cause, Happening } from '../../platform/events/record.ts'
import { changesOf, type Security } from './rules.ts'

/**
 * Writes settings of the organization in one statement that is a turn too: whoever acts by them at this moment decides anew. Throws
 * TurnLost when they, or anything of access, changed since they were read.
 */
export async function writeSecurity(
  db: Db,
  cause: Cause,
  actor: Actor,
  before: { version: number },
  after: Partial<Security> | { two_factor_from: string | null },
  changes: NonNullable<Happening['changes']>,
): Promise<void> {
  const id = actor.organization.id
  const [row] = await db
    .with('changed', (of) =>
      of
        .updateTable('organization')
        .set((eb) => ({ ...after, version: eb('version', '+', 1), access_version: eb('access_version', '+', 1) }))
        .where('id', '=', id)
        .where('version', '=', before.version)
        .where('access_version', '=', actor.organization.accessVersion)
        .returning('id'),
    )
    .with('told', (of) =>
      eventsAfter(of, cause, {
        act: 'settings.security_changed',
        organizationId: id,
        subject: 'organization',
        subjectId: id,
        changes,
      }),
    )
    .selectFrom('changed')
    .select('id')
    .execute()
  if (!row) throw new TurnLost()
}

/** What holds for invitations and support staff. Gives whether anything was different. */
export async function changeSecurity(
  db: Db,
  cause: Cause,
  actor: Actor,
  before: Security & { version: number },
  after: Security,
): Promise<boolean> {
  const changes = changesOf(before, after)
  if (!changes) return false
  await writeSecurity(db, cause, actor, before, after, changes)
  return true
}
