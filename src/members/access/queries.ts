import type { Actor } from '../../platform/access/actor.ts'
import type { Db } from '../../platform/database/connect.ts'
import { asPerson, personRow } from '../person.ts'
import { choices } from './choices.ts'
import type { Choices } from './rules.ts'

/** The person whose access the actor would change, and all that there is to choose from, as of one moment; null as in personToChange. */
export async function personWithChoices(db: Db, actor: Actor, id: string, now: Date) {
  const row = await personRow(db, actor, id, now)
    .select((eb) => choices(eb, actor.organization.id))
    .executeTakeFirst()
  if (!row) return null
  const { groups, roles, ...rest } = row
  return { person: asPerson(actor, rest), choices: { groups, roles } satisfies Choices }
}
