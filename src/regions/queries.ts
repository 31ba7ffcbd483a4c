import { type ExpressionBuilder, sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import { type Actor, reach } from '../platform/access/actor.ts'
import { mostAtOnce, TurnLost } from '../platform/access/turn.ts'
import type { Db } from '../platform/database/connect.ts'
import type { DB } from '../platform/database/schema.ts'

type Of = ExpressionBuilder<DB & { rg: DB['region']; ar: DB['area'] }, 'rg' | 'ar'>
/** A region, with those in its areas, or one area. */
type Kind = 'region' | 'area'

/** How far people are counted; beyond it is "more than". */
const countLimit = 10_000
const named = 10

/** The memberships m that work in the region rg or the area ar, people removed too. */
const everybodyIn = (eb: unknown, kind: Kind) =>
  kind === 'region'
    ? (eb as Of)
        .selectFrom('membership as m')
        .whereRef('m.organization_id', '=', 'rg.organization_id')
        .whereRef('m.region_id', '=', 'rg.id')
    : (eb as Of)
        .selectFrom('membership as m')
        .whereRef('m.organization_id', '=', 'ar.organization_id')
        .whereRef('m.region_id', '=', 'ar.region_id')
        .whereRef('m.area_id', '=', 'ar.id')

const people = (eb: unknown, kind: Kind) => everybodyIn(eb, kind).where('m.status', '<>', 'removed')

const peopleCount = (eb: unknown, kind: Kind) =>
  (eb as Of)
    .selectFrom(
      people(eb, kind)
        .select('m.id')
        .limit(countLimit + 1)
        .as('inside'),
    )
    .select(sql<number>`count(*)::int`.as('count'))

/** What the page of a region or an area, and every act on it, asks of the people there. */
const about = (eb: unknown, kind: Kind, actor: Actor) =>
  [
    peopleCount(eb, kind).as('people'),
    jsonArrayFrom(
      people(eb, kind)
        // Nobody's name to who may not view all members.
        .where(sql<boolean>`${reach(actor, 'members.view') === 'organization'}::boolean`)
        .select(['m.id', 'm.first_name', 'm.last_name', 'm.email'])
        .orderBy('m.sort_name')
        .orderBy('m.id')
        .limit(named),
    ).as('first'),
    (eb as Of)
      .selectFrom(
        everybodyIn(eb, kind)
          .select('m.id')
          .limit(mostAtOnce + 1)
          .as('all_inside'),
      )
      .select(sql<boolean>`count(*) > ${mostAtOnce}`.as('many'))
      .as('many'),
  ] as const

const areasOf = (eb: unknown) =>
  (eb as Of)
    .selectFrom('area as ar')
    .whereRef('ar.organization_id', '=', 'rg.organization_id')
    .whereRef('ar.region_id', '=', 'rg.id')

/** The regions of the organization by name, with their first areas and how many people work there. */
export const regionList = (db: Db, actor: Actor) =>
  db
    .selectFrom('region as rg')
    .where('rg.organization_id', '=', actor.organization.id)
    .select((eb) => [
      'rg.id',
      'rg.name',
      peopleCount(eb, 'region').as('people'),
      areasOf(eb).select(sql<number>`count(*)::int`.as('count')).as('area_count'),
      jsonArrayFrom(areasOf(eb).select(['ar.id', 'ar.name']).orderBy('ar.sort_name').limit(named)).as('areas'),
    ])
    .orderBy('rg.sort_name')
    .limit(1000)
    .execute()
export type RegionRow = Awaited<ReturnType<typeof regionList>>[number]

type Found = { access_version: number; people: number | null; many: boolean | null }

const asFound = <R extends Found>(row: R) => ({ ...row, people: row.people ?? 0, many: row.many === true })

/** As it was read together with the actor; throws TurnLost when somebody's access changed in between. */
function asRead<R extends Found>(actor: Actor, found: R | null): R | null {
  if (found && found.access_version !== actor.organization.accessVersion) throw new TurnLost()
  return found
}

/** A region with its areas, as it is now; null for everything that isn't a region here. One statement. */
export const regionNow = async (db: Db, actor: Actor, id: string) => {
  const row = await db
    .selectFrom('region as rg')
    .innerJoin('organization as o', 'o.id', 'rg.organization_id')
    .where('rg.organization_id', '=', actor.organization.id)
    .where('rg.id', '=', id)
    .select((eb) => [
      'rg.id',
      'rg.name',
      'rg.version',
      'o.access_version',
      ...about(eb, 'region', actor),
      jsonArrayFrom(
        areasOf(eb)
          .select((of) => ['ar.id', 'ar.name', peopleCount(of, 'area').as('people')])
          .orderBy('ar.sort_name')
          .limit(1000),
      ).as('areas'),
    ])
    .executeTakeFirst()
  return row ? { ...asFound(row), kind: 'region' as const } : null
}
export type Region = NonNullable<Awaited<ReturnType<typeof regionNow>>>

/** The region that an act of the actor is about, as they are. */
export const regionToChange = async (db: Db, actor: Actor, id: string) => asRead(actor, await regionNow(db, actor, id))

/** The area that an act of the actor is about, with its region. */
export const areaToChange = async (db: Db, actor: Actor, id: string) => {
  const row = await db
    .selectFrom('area as ar')
    .innerJoin('organization as o', 'o.id', 'ar.organization_id')
    .innerJoin('region as rg', (on) =>
      on.onRef('rg.organization_id', '=', 'ar.organization_id').onRef('rg.id', '=', 'ar.region_id'),
    )
    .where('ar.organization_id', '=', actor.organization.id)
    .where('ar.id', '=', id)
    .select((eb) => [
      'ar.id',
      'ar.name',
      'ar.version',
      'ar.region_id',
      'rg.name as region_name',
      'o.access_version',
      ...about(eb, 'area', actor),
    ])
    .executeTakeFirst()
  return asRead(actor, row ? { ...asFound(row), kind: 'area' as const } : null)
}
export type Area = NonNullable<Awaited<ReturnType<typeof areaToChange>>>
