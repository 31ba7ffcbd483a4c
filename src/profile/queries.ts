import { sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import { aboutPerson } from '../members/about-person.ts'
import { asPerson, personRow } from '../members/person.ts'
import type { Actor } from '../platform/access/actor.ts'
import { dayOf } from '../platform/access/status.ts'
import { atMost } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import { NotFound } from '../platform/web/failures.ts'
import { lockedTo } from './rules.ts'

const own = aboutPerson((db, actor, id, { now, today }: { now: Date; today: string }) =>
  personRow(db, actor, id, now).select((eb) => [
    eb
      .selectFrom('group_locked_field as l')
      .whereRef('l.organization_id', '=', 'm.organization_id')
      .whereRef('l.group_id', '=', 'm.group_id')
      .select(sql<string[]>`coalesce(array_agg(l.field), '{}')`.as('all'))
      .as('fields'),
    jsonArrayFrom(
      eb
        .selectFrom('membership as gm')
        .whereRef('gm.organization_id', '=', 'm.organization_id')
        .whereRef('gm.group_id', '=', 'm.group_id')
        .whereRef('gm.id', '<>', 'm.id')
        .where('gm.manages_group', '=', true)
        .where('gm.organization_role', '=', 'member')
        .where('gm.status', 'in', ['active', 'ended', 'not_started'])
        .where('gm.starts_on', '<=', today)
        .where('gm.ends_on', '>=', today)
        .select(['gm.first_name', 'gm.last_name', 'gm.email'])
        .orderBy('gm.id')
        .limit(atMost(5)),
    ).as('managers'),
  ]),
)

/**
 * The actor's own place here, which of its fields their group locks, and at most five managers of the group, who may change those.
 * One statement. Throws TurnLost when somebody's access changed after the actor was read.
 */
export async function ownPlace(db: Db, actor: Actor, now: Date) {
  const row = await own(db, actor, actor.membership.id, { now, today: dayOf(now) })
  if (!row) throw new NotFound()
  const { fields, managers, ...rest } = row
  return { person: asPerson(actor, rest), locked: lockedTo(actor, fields ?? []), managers }
}
export type OwnPlace = Awaited<ReturnType<typeof ownPlace>>
