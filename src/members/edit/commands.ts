import type { Actor } from '../../platform/access/actor.ts'
import { eventsAfter, TurnLost } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import type { Cause } from '../../platform/events/record.ts'
import { searchText, sortKey } from '../../platform/fold.ts'
import type { Person } from '../person.ts'
import { type Profile, profileOf } from './rules.ts'

const keys = Object.keys as (profile: Profile) => (keyof Profile)[]

/** A region or area of the choice was deleted between the two statements of an act. */
const isGone = (error: unknown) => (error as { code?: unknown } | null)?.code === '23503'

/**
 * Writes what is different of a profile, with what the table sorts and searches by, in one statement. Gives whether anything
 * was. It changes nobody's access, so it takes no turn; throws TurnLost when the person was changed meanwhile.
 */
export async function editProfile(
  db: Db,
  cause: Cause,
  actor: Actor,
  person: Person,
  after: Profile,
): Promise<boolean> {
  const before = profileOf(person)
  const changed = keys(after).filter((name) => after[name] !== before[name])
  if (changed.length === 0) return false
  const fields = changed.map((name) => name.replace(/_id$/, ''))
  const moved = (name: 'region_id' | 'area_id', as: string) =>
    after[name] === before[name] ? {} : { [as]: [before[name], after[name]] }
  const write = db
    .with('changed', (of) =>
      of
        .updateTable('membership')
        .set((eb) => ({
          ...after,
          sort_name: sortKey(after.last_name, after.first_name),
          sort_first: sortKey(after.first_name, after.last_name),
          search: searchText(after.first_name, after.last_name, person.email, person.username ?? ''),
          version: eb('version', '+', 1),
        }))
        .where('organization_id', '=', actor.organization.id)
        .where('id', '=', person.id)
        .where('version', '=', person.version)
        .where('removed_at', 'is', null)
        .returning('id'),
    )
    .with('told', (of) =>
      eventsAfter(of, cause, {
        act: 'membership.edited',
        organizationId: actor.organization.id,
        subject: 'membership',
        subjectId: person.id,
        changes: { fields, ...moved('region_id', 'region'), ...moved('area_id', 'area') },
      }),
    )
    .selectFrom('changed')
    .select('id')
    .execute()
  const [row] = await write.catch((error) => {
    throw isGone(error) ? new TurnLost() : error
  })
  if (!row) throw new TurnLost()
  return true
}
