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
