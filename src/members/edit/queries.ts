import type { Actor } from '../../platform/access/actor.ts'
import { compiledOnce } from '../../platform/database/compiled-once.ts'
import type { Db } from '../../platform/database/connect.ts'
import { aboutPerson } from '../about-person.ts'
import { asPerson, personRow } from '../person.ts'
import { regionsOf } from './places.ts'
import type { Regions } from './rules.ts'

const withRegions = aboutPerson((db, actor, id, { now }: { now: Date }) =>
  personRow(db, actor, id, now).select((eb) => regionsOf(eb, actor.organization.id)),
)

/** The person whose profile the actor would edit, and where they may work; null as in personToChange. */
export async function personWithRegions(db: Db, actor: Actor, id: string, now: Date) {
  const row = await withRegions(db, actor, id, { now })
  if (!row) return null
  const { regions, ...rest } = row
  return { person: asPerson(actor, rest), regions: regions satisfies Regions }
}

const regions = compiledOnce((db: Db, { organization }: { organization: string }) =>
  db.selectNoFrom((eb) => regionsOf(eb, organization)),
)

/** Where people of the organization may work. */
export async function regionsIn(db: Db, actor: Actor): Promise<Regions> {
  const [row] = await regions(db, { organization: actor.organization.id })
  return row?.regions ?? []
}
