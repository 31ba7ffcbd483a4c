import { type Actor, fullName } from '../platform/access/actor.ts'
import type { Db } from '../platform/database/connect.ts'
import { events } from '../platform/events/catalogue.ts'

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
  const found = await db
    .selectFrom('event as e')
    .leftJoin('membership as m', (on) =>
      on
        .onRef('m.organization_id', '=', 'e.organization_id')
        .onRef('m.account_id', '=', 'e.actor_id')
        .on('m.removed_at', 'is', null),
    )
    .where('e.organization_id', '=', actor.organization.id)
    .where('e.subject_id', '=', person.id)
    .where('e.act', 'like', 'membership.%')
    .orderBy('e.at', 'desc')
    .orderBy('e.id', 'desc')
    .limit(Math.min(5, Math.max(1, person.version - version)))
    .select(['e.act', 'e.actor_id', 'm.first_name', 'm.last_name', 'm.email'])
    .execute()
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
