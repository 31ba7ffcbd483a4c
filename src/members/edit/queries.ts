import type { Actor } from '../../platform/access/actor.ts'
import type { Db } from '../../platform/database/connect.ts'
import { asPerson, personRow } from '../person.ts'
import { regionsOf } from './places.ts'
import type { Regions } from './rules.ts'

/** The person whose profile the actor would edit, and where they may work; null as in personToChange. */
export async function personWithRegions(db: Db, actor: Actor, id: string, now: Date) {
  const row = await personRow(db, actor, id, now)
    .select((eb) => regionsOf(eb, actor.organization.id))
    .executeTakeFirst()
  if (!row) return null
  const { regions, ...rest } = row
  return { person: asPerson(actor, rest), regions: regions satisfies Regions }
}

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
    .orderBy('e.at', 'desc')
    .orderBy('e.id', 'desc')
    .limit(Math.min(5, Math.max(1, person.version - version)))
    .select(['e.at', 'e.act', 'e.actor_id', 'e.changes', 'by.first_name', 'by.last_name', 'by.email'])
    .execute()
export type ChangeSince = Awaited<ReturnType<typeof changesSince>>[number]
