import { sql } from 'kysely'
import type { Actor } from '../platform/access/actor.ts'
import { eventOf, isFree, newNamed, taken } from '../platform/access/named.ts'
import { eventsAfter, ifTurn, inTurn, mostAtOnce, someAfterOthers, TurnLost } from '../platform/access/turn.ts'
import type { Db } from '../platform/database/connect.ts'
import type { Cause } from '../platform/events/record.ts'
import { sortKey } from '../platform/fold.ts'
import type { Area, Region } from './queries.ts'

/*
 * Where somebody works gives them no right. These acts take turns all the same: what they were decided by, the name that was free
 * and the right to do it, still holds when they happen.
 */

const kinds = {
  region: {
    table: 'region',
    subject: 'region',
    most: 200,
    owner: 'An organization',
    acts: {
      created: 'region.created',
      renamed: 'region.renamed',
      left: 'region.members_left',
      deleted: 'region.deleted',
    },
  },
  area: {
    table: 'area',
    subject: 'area',
    most: 100,
    owner: 'A region',
    acts: { created: 'area.created', renamed: 'area.renamed', left: 'area.members_left', deleted: 'area.deleted' },
  },
} as const

/** Makes a region, or an area of one. The same form sent again makes none. */
export async function createPlace(db: Db, cause: Cause, actor: Actor, key: string, name: string, region?: Region) {
  const kind = region ? kinds.area : kinds.region
  const within = region ? { region_id: region.id } : {}
  const { id, made, errors } = await newNamed(db, kind, actor, key, name, within)
  if (errors) return { errors }
  if (made) return { id }
  const [changed] = await inTurn(db, actor)
    .with('changed', (of) =>
      of
        .insertInto(kind.table as 'area')
        .columns(['id', 'organization_id', 'name', 'sort_name', ...(Object.keys(within) as 'region_id'[])])
        .expression(
          of
            .selectFrom('turn')
            .select([
              sql<string>`${id}::uuid`.as('id'),
              sql<string>`${actor.organization.id}::uuid`.as('organization_id'),
              sql<string>`${name}::text`.as('name'),
              sql<string>`${sortKey(name)}::text`.as('sort_name'),
              ...Object.values(within).map((one) => sql<string>`${one}::uuid`.as('region_id')),
            ]),
        )
        .returning('id'),
    )
    .with('told', (of) =>
      eventsAfter(
        of,
        cause,
        eventOf(
          kind,
          actor,
          id,
          kind.acts.created,
          region ? { area: [null, name], region: region.name } : { region: [null, name] },
        ),
      ),
    )
    .selectFrom('changed')
    .select('id')
    .execute()
  if (!changed) throw new TurnLost()
  return { id }
}

/** Gives a region or an area another name. The caller has asked the version. */
export async function renamePlace(db: Db, cause: Cause, actor: Actor, place: Region | Area, name: string) {
  if (name === place.name) return {}
  const kind = kinds[place.kind]
  const within = place.kind === 'area' ? { region_id: place.region_id } : {}
  const row = await inTurn(db, actor)
    .with('changed', (of) =>
      of
        .updateTable(`${kind.table as 'area'} as p`)
        .set((eb) => ({ name, sort_name: sortKey(name), version: eb('p.version', '+', 1) }))
        .where('p.organization_id', '=', actor.organization.id)
        .where('p.id', '=', place.id)
        .where('p.version', '=', place.version)
        .where((eb) => isFree(eb, kind, actor, place.id, name, within))
        .where(ifTurn)
        .returning('p.id'),
    )
    .with('told', (of) =>
      eventsAfter(
        of,
        cause,
        eventOf(kind, actor, place.id, kind.acts.renamed, {
          [place.kind]: [place.name, name],
          ...(place.kind === 'area' ? { region: place.region_name } : {}),
        }),
      ),
    )
    .selectNoFrom((eb) => [ifTurn.as('turned'), eb.exists(eb.selectFrom('changed').select('changed.id')).as('done')])
    .executeTakeFirstOrThrow()
  if (!row.turned) throw new TurnLost()
  return row.done ? {} : { errors: taken(kind) }
}

/** What somebody who worked there has afterwards: with the region goes its area. */
const without = (kind: Region['kind'] | Area['kind']) =>
  kind === 'region' ? { region_id: null, area_id: null } : { area_id: null }

/** Those who work there, people removed too. */
const ofPlace = (place: Region | Area) =>
  place.kind === 'region'
    ? sql<boolean>`m.region_id = ${place.id}`
    : sql<boolean>`m.region_id = ${place.region_id} and m.area_id = ${place.id}`

/** Takes the region or area from some of those who work there, in a turn of their own. */
async function clearSome(db: Db, cause: Cause, actor: Actor, place: Region | Area): Promise<number> {
  const organization_id = actor.organization.id
  const kind = kinds[place.kind]
  const row = await inTurn(db, actor)
    .with('changed', (of) =>
      of
        .updateTable('membership')
        .set((eb) => ({ ...without(place.kind), version: eb('version', '+', 1) }))
        .where('organization_id', '=', organization_id)
        // As an array, which is looked for once and not for each row, whatever the planner knows of the table by then.
        .where((eb) => {
          const some = eb
            .selectFrom('membership as m')
            .where('m.organization_id', '=', organization_id)
            .where(ofPlace(place))
            .select('m.id')
            .limit(mostAtOnce)
          return sql<boolean>`id = any(array(${some}))`
        })
        .where(ifTurn)
        .returning('id'),
    )
    .with('told', (of) =>
      eventsAfter(of, cause, eventOf(kind, actor, place.id, kind.acts.left, { [place.kind]: [place.name, null] })),
    )
    .selectNoFrom((eb) => [
      ifTurn.as('turned'),
      eb.selectFrom('changed').select(sql<number>`count(*)::int`.as('count')).as('count'),
    ])
    .executeTakeFirstOrThrow()
  if (!row.turned) throw new TurnLost()
  return row.count ?? 0
}

/** Somebody came into the region and an area of it beside its deletion: the links clear one after the other, and that isn't allowed. */
const cameIn = (error: unknown) => (error as { code?: unknown } | null)?.code === '23514'

/**
 * Deletes a region with its areas, or one area; whoever works there has none then. The last `mostAtOnce` people and the place
 * itself are one statement; whoever came in beside it is cleared by the link of the table, or makes it begin again.
 */
export async function deletePlace(db: Db, cause: Cause, actor: Actor, place: Region | Area): Promise<void> {
  const now = await someAfterOthers(actor, place.many, (next) => clearSome(db, cause, next, place))
  const organization_id = actor.organization.id
  const kind = kinds[place.kind]
  const write = inTurn(db, now)
    .with('cleared', (of) =>
      of
        .updateTable('membership as m')
        .set((eb) => ({ ...without(place.kind), version: eb('m.version', '+', 1) }))
        .where('m.organization_id', '=', organization_id)
        .where(ofPlace(place))
        .where(ifTurn),
    )
    .with('changed', (of) =>
      of
        .deleteFrom(kind.table as 'area')
        .where('organization_id', '=', organization_id)
        .where('id', '=', place.id)
        .where('version', '=', place.version)
        .where(ifTurn)
        .returning('id'),
    )
    .with('told', (of) =>
      eventsAfter(
        of,
        cause,
        eventOf(kind, actor, place.id, kind.acts.deleted, {
          [place.kind]: [place.name, null],
          ...(place.kind === 'area' ? { region: place.region_name } : { areas: place.areas.map((one) => one.name) }),
          members: place.people,
        }),
      ),
    )
    .selectFrom('changed')
    .select('id')
    .execute()
  const [changed] = await write.catch((error) => {
    throw cameIn(error) ? new TurnLost() : error
  })
  if (!changed) throw new TurnLost()
}
