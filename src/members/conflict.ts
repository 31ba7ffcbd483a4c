import { type Actor, fullName } from '../platform/access/actor.ts'
import type { Db } from '../platform/database/connect.ts'
import { events } from '../platform/events/catalogue.ts'

/** Who changed something about a person since the version that a form was filled from, newest first, at most five. */
export const changesSince = (db: Db, actor: Actor, person: { id: string; version: number }, version: number) =>
  db
    .selectFrom('event as e')
    .leftJoin('membership as by', (on) =>
      on
        .onRef('by.organization_id', '=', 'e.organization_id')
        .onRef('by.account_id', '=', 'e.actor_id')
        .on('by.removed_at', 'is', null),
    )
    .where('e.organization_id', '=', actor.organization.id)
    .where('e.subject_id', '=', person.id)
    .where('e.subject', '=', 'membership')
    // A picture is no part of the version.
    .where('e.act', 'not in', ['membership.avatar_changed', 'membership.avatar_removed'])
    .orderBy('e.at', 'desc')
    .orderBy('e.id', 'desc')
    .limit(Math.min(5, Math.max(1, person.version - version)))
    .select(['e.at', 'e.act', 'e.actor_id', 'e.changes', 'by.first_name', 'by.last_name', 'by.email'])
    .execute()
export type ChangeSince = Awaited<ReturnType<typeof changesSince>>[number]

/**
 * Who did what to a person since a form was filled from this version of them, newest first, as one sentence for whoever
 * comes second.
 */
export async function changedSince(
  db: Db,
  actor: Actor,
  person: { id: string; version: number },
  version: number,
): Promise<string> {
  const found = await changesSince(db, actor, person, version)
  const told = found.map(({ act, actor_id, first_name, last_name, email }) => {
    const who =
      actor_id === actor.accountId
        ? 'you, elsewhere'
        : email === null
          ? 'somebody'
          : fullName({ first_name: first_name ?? '', last_name: last_name ?? '', email })
    return `${events[act as keyof typeof events] ?? act} by ${who}`
  })
  const what = told.length > 0 ? `: ${told.join('; ')}` : ''
  return `This was changed after you opened it${what}. Nothing of yours is saved yet. Compare, and save again.`
}
