import { type SqlBool, sql } from 'kysely'
import type { Actor } from '../platform/access/actor.ts'
import type { Permission } from '../platform/access/permissions.ts'
import { atMost } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import { all, type Condition, type Found, steps } from '../platform/database/steps.ts'
import type { Position } from '../platform/web/table.ts'
import { conditions, filtered, inactiveSince, narrowest } from './conditions.ts'
import { candidates, few } from './holders.ts'
import type { MemberList } from './list-state.ts'

/** How many entries a walk may look at, in all and in one part of a parted sort; how many parts are walked. A test lowers them. */
export const bounds = { walk: 10_000, walkInPart: 3_000, partsWalked: 3 }

const plainKey = {
  first_name: 'sort_first',
  last_name: 'sort_name',
  email: 'email_key',
  last_active: 'last_active_at',
} as const

type Step = { position: Position | null; descending: boolean }

/** After the position in the order asked for, or before it in the opposite order. */
export const stepOf = (list: MemberList): Step => ({
  position: list.after ?? list.before,
  descending: list.before ? !list.descending : list.descending,
})

export function plainPage(db: Db, actor: Actor, list: MemberList, now: Date, limit: number, removed: boolean) {
  const column = plainKey[list.sort as keyof typeof plainKey]
  const { position, descending } = stepOf(list)
  const direction = descending ? 'desc' : 'asc'
  const place = removed ? sql<SqlBool>`m.status = 'removed'` : sql<SqlBool>`m.status <> 'removed'`
  const since = list.sort === 'last_active' && list.inactive !== null ? inactiveSince(list.inactive, now) : null
  const beyond = sql<SqlBool>`(${sql.ref(`m.${column}`)}, m.id) ${descending ? sql`<` : sql`>`} (${position?.values[0] ?? null}, ${position?.id ?? null})`
  const key = sql<string>`${sql.ref(`m.${column}`)}`

  const start = () => {
    const base = db.selectFrom('membership as m').where('m.organization_id', '=', actor.organization.id).where(place)
    // From the newest on, a walk would look at everybody who was here since.
    const within = since ? base.where('m.last_active_at', '<=', since) : base
    return position ? within.where(beyond) : within
  }
  const inOrder = (where: Condition, most: number) =>
    start()
      .where(where)
      .orderBy(`m.${column}` as 'm.sort_name', direction)
      .orderBy('m.id', direction)
      .limit(atMost(most))

  const wanted = conditions(db, actor, list, now, 'm')
  const narrow = list.sort === 'last_name' && !removed ? narrowest(list) : null
  const rest = conditions(db, actor, list, now, 'w')
  if (narrow) rest.delete(narrow.filter)
  if (removed) {
    wanted.delete('status')
    rest.delete('status')
  }
  const keys = [key.as('k0'), sql<string>`''`.as('k1')] as const
  if (removed) {
    // Those of one area are few among all who were ever removed, and have an index in the order of names.
    const oneArea = list.area.length === 1 ? [sql<SqlBool>`m.area_id = ${list.area[0]}`] : []
    return inOrder(all([...wanted.values(), ...oneArea]), limit).select(['m.id', ...keys])
  }
  if (rest.size === 0) return inOrder(narrow?.where ?? sql<SqlBool>`true`, limit).select(['m.id', ...keys])

  // What is gathered cheaply needs no long walk before.
  const most = list.customRole.length > 0 && list.inactive !== null ? bounds.walkInPart : bounds.walk
  const walk = inOrder(narrow?.where ?? sql<SqlBool>`true`, most).select([
    'm.id',
    ...keys,
    ...filtered.map((name) => `m.${name}` as const),
  ])
  const gathered = start()
    .where(all(wanted.values()))
    .where(inBothSets(db, actor, list, now))
    .select(['m.id', ...keys])
    .offset(sql<number>`0`)
  if (list.permission === null) return steps(db, walk as never, rest.values(), gathered as never, direction, limit)
  const throughFew = start()
    .where(all(wanted.values()))
    .where(isHolder)
    .where(areFew)
    .select(['m.id', ...keys])
  const either = sql<Found>`(${throughFew}) union all (${gathered.where(areMany)})`
  return steps(withHolders(db, actor, list.permission), walk as never, rest.values(), either, direction, limit)
}

/** The holders of the permission asked for, when they are few; then everything is gathered through them. */
export const withHolders = (db: Db, actor: Actor, permission: Permission): Db =>
  db.withRecursive(
    (cte) => cte('holder').materialized(),
    (q) => q.selectFrom(candidates(db, actor, permission).as<'c'>('c')).select('c.id'),
  ) as unknown as Db

export const areFew = sql<SqlBool>`(select count(*) from holder) <= ${few}`
export const areMany = sql<SqlBool>`(select count(*) from holder) > ${few}`
export const isHolder = sql<SqlBool>`m.id = any(array(select h.id from holder as h))`

/**
 * Custom role and inactivity have no index in which they meet, and PostgreSQL combines none that begin with the same
 * organization: their ids are intersected from the two indexes before any row is read.
 */
function inBothSets(db: Db, actor: Actor, list: MemberList, now: Date): Condition {
  if (list.customRole.length === 0 || list.role.length > 0 || list.inactive === null) return sql`true`
  const holders = db
    .selectFrom('membership_role as mr')
    .where('mr.organization_id', '=', actor.organization.id)
    .where(sql<SqlBool>`mr.role_id = any(${list.customRole}::uuid[])`)
    .select('mr.membership_id as id')
  const quiet = db
    .selectFrom('membership as i')
    .where('i.organization_id', '=', actor.organization.id)
    .where('i.last_active_at', '<=', inactiveSince(list.inactive, now))
    .where(sql<SqlBool>`i.status <> 'removed'`)
    .where(sql<SqlBool>`i.id in (${holders})`)
    .select('i.id')
  return sql`m.id = any(array(${quiet}))`
}
