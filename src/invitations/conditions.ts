import { type RawBuilder, type SelectQueryBuilder, type SqlBool, sql } from 'kysely'
import { type Actor, reach } from '../platform/access/actor.ts'
import type { Db } from '../platform/database/connect.ts'
import type { DB } from '../platform/database/schema.ts'
import { holds, searchedFor } from '../platform/database/search.ts'
import { all, type Condition } from '../platform/database/steps.ts'
import { undelivered, undeliveredIds } from './letters.ts'
import { type InvitationList, timeframes } from './list-state.ts'
import { day } from './rules.ts'
import { storedOf } from './states.ts'

/** What a query of the history depends on beside its list. */
export type Scope = { db: Db; actor: Actor; now: Date }
export type Filter = 'q' | 'status' | 'role' | 'timeframe' | 'approval' | 'attention' | 'group'

type Invitation = DB['invitation']
/** i: the table itself; w: what a walk along it has brought. */
type Alias = 'i' | 'w'
// biome-ignore lint/complexity/noBannedTypes: Kysely's own name for nothing selected yet
export type Base = SelectQueryBuilder<{ i: Invitation }, 'i', {}>

/** The invitations of the organization (i). */
export const here = ({ db, actor }: Scope): Base =>
  db.selectFrom('invitation as i').where('i.organization_id', '=', actor.organization.id) as unknown as Base

/** The list as far as the actor's right to view reaches; null when nothing can be in it. `group`: only those into that group. */
export function withinReach(list: InvitationList, actor: Actor): { group: string | null } | null {
  if (list.q && searchedFor(list.q).length === 0) return null
  const far = reach(actor, 'invitations.view')
  if (far === null) return null
  return { group: far === 'group' ? actor.membership.groupId : null }
}

export const expired = (now: Date, t: Alias): Condition =>
  sql`coalesce(${sql.ref(`${t}.expires_at`)}, 'infinity'::timestamptz) <= ${now}`

/** What an invitation's end is sorted by; the index stands by the same words. */
export const expiresKey: RawBuilder<string> = sql`coalesce(i.expires_at, 'infinity'::timestamptz)`

function hasStatus(list: InvitationList, now: Date, t: Alias): Condition {
  const column = sql.ref(`${t}.status`)
  const asked = new Set<string>(list.status)
  const [open, over] = [asked.has('pending_activation'), asked.has('expired')]
  if (open === over) return sql`${column} = any(${[...asked]}::text[])`
  const whole = [...asked].filter((one) => one !== 'pending_activation')
  const byClock: Condition = sql`(${column} = 'pending_activation' and ${over ? sql`` : sql`not `}${expired(now, t)})`
  return whole.length > 0 ? sql`(${column} = any(${whole}::text[]) or ${byClock})` : byClock
}

function hasRole({ role, customRole }: InvitationList, t: Alias): Condition {
  const [one, several] = [sql.ref(`${t}.organization_role`), sql.ref(`${t}.role_ids`)]
  if (customRole.length === 0) return sql`${one} = any(${role}::text[])`
  if (role.length === 0) return sql`(${several} <> '{}' and ${several} && ${customRole}::uuid[])`
  return sql`(${one} = any(${role}::text[]) or (${several} <> '{}' and ${several} && ${customRole}::uuid[]))`
}

/** The moment a day begins in the person's time zone. */
const begins = (date: string, zone: string, days = 0) =>
  sql`((${date}::date + ${days}::int)::timestamp at time zone ${zone})`

/** When the timeframe begins and ends; the beginning is inside. */
export function timeframeOf(list: InvitationList, { actor, now }: Omit<Scope, 'db'>) {
  const zone = actor.timeZone
  if (list.timeframe)
    return {
      from: sql`${new Date(now.getTime() - timeframes[list.timeframe].hours * 3_600_000)}::timestamptz`,
      to: null,
    }
  return { from: list.from ? begins(list.from, zone) : null, to: list.to ? begins(list.to, zone, 1) : null }
}

/** Invited on within the timeframe. */
export function invitedWithin(list: InvitationList, scope: Omit<Scope, 'db'>, t: Alias): Condition | null {
  const at = sql.ref(`${t}.created_at`)
  const { from, to } = timeframeOf(list, scope)
  const bounds = [...(from ? [sql<SqlBool>`${at} >= ${from}`] : []), ...(to ? [sql<SqlBool>`${at} < ${to}`] : [])]
  return bounds.length > 0 ? all(bounds) : null
}

/**
 * The same for a walk that begins behind a position: the bound on its side is asked of each row alone. Of two conditions on one side an
 * index takes the first to begin by, and passes over all that lies between.
 */
export function invitedBehind(list: InvitationList, scope: Scope, newestFirst: boolean): Condition {
  const { from, to } = timeframeOf(list, scope)
  const [plain, asked] = [(one: Condition) => one, (one: Condition): Condition => sql`(${one}) is true`]
  return all([
    ...(from ? [(newestFirst ? plain : asked)(sql`i.created_at >= ${from}`)] : []),
    ...(to ? [(newestFirst ? asked : plain)(sql`i.created_at < ${to}`)] : []),
  ])
}

/** The filters by state in words that the index by state answers, which begins with all three columns. */
export function inState(list: InvitationList): Condition {
  const { status, approval, role } = storedOf(list)
  return sql`(i.status = any(${status}::text[]) and i.approval = any(${approval}::text[]) and i.organization_role = any(${role}::text[]))`
}

/** What has waited for approval since then needs attention, and what ends before then. */
export const longAgo = (now: Date) => new Date(now.getTime() - 2 * day)
export const soon = (now: Date) => new Date(now.getTime() + 2 * day)

const isUndelivered = (scope: Scope): Condition =>
  sql`(i.status = 'pending_activation' and i.expires_at > ${soon(scope.now)} and i.id = any(array(${undeliveredIds(scope)}))
    and ${undelivered(scope.db, scope.actor.organization.id, 'i')})`

/**
 * What somebody should look at: waiting for approval over 2 days, open with less than 48 h to go, or open and the mail server
 * didn't take the mail. The last are looked up once, so that of a row no more is asked than the indexes hold.
 */
export const needsAttention = (scope: Scope, t: Alias): Condition => {
  const { now } = scope
  const column = (name: string) => sql.ref(`${t}.${name}`)
  return sql`((${column('status')} = 'pending_approval' and ${column('created_at')} <= ${longAgo(now)})
    or (${column('status')} = 'pending_activation' and ${column('expires_at')} > ${now} and (${column('expires_at')} <= ${soon(now)}
      or ${column('id')} = any(array(${here(scope).where(isUndelivered(scope)).select('i.id')})))))`
}

/** The same of the table itself, as three ways to it that have nothing in common, each by an index of its own. */
export const waysToAttention = (scope: Scope): Condition[] => {
  const { now } = scope
  return [
    sql`(i.status = 'pending_approval' and i.created_at <= ${longAgo(now)})`,
    sql`(i.status = 'pending_activation' and i.expires_at > ${now} and i.expires_at <= ${soon(now)})`,
    isUndelivered(scope),
  ]
}

/** What a row must fulfil, by filter. */
export function conditions(scope: Scope, list: InvitationList, t: Alias): Map<Filter, Condition> {
  const { actor, now } = scope
  const column = (name: keyof Invitation & string) => sql.ref(`${t}.${name}`)
  const found = new Map<Filter, Condition>()
  const words = searchedFor(list.q)
  if (words.length > 0) found.set('q', holds(column('search'), words, t === 'w' ? 'row' : 'index'))
  if (list.status.length > 0) found.set('status', hasStatus(list, now, t))
  if (list.role.length + list.customRole.length > 0) found.set('role', hasRole(list, t))
  const within = invitedWithin(list, scope, t)
  if (within) found.set('timeframe', within)
  if (list.approval.length > 0) found.set('approval', sql`${column('approval')} = any(${list.approval}::text[])`)
  if (list.attention) found.set('attention', needsAttention(scope, t))
  const group = withinReach(list, actor)?.group
  if (group) found.set('group', sql`${column('group_id')} = ${group}`)
  return found
}

/**
 * What of a row these conditions look at, for a walk to bring along, and no more: the indexes hold all of it but what only the table
 * itself has (`search`, `role_ids`, `group_id`), and a walk that needn't look there costs a fifth.
 */
export function lookedAt(list: InvitationList, asked: Iterable<Filter>): (keyof Invitation & string)[] {
  const of: Record<Filter, (keyof Invitation & string)[]> = {
    q: ['search'],
    status: ['status', 'expires_at'],
    role: list.customRole.length > 0 ? ['organization_role', 'role_ids'] : ['organization_role'],
    timeframe: ['created_at'],
    approval: ['approval'],
    attention: ['status', 'created_at', 'expires_at'],
    group: ['group_id'],
  }
  return [...new Set(['id' as const, ...[...asked].flatMap((one) => of[one])])]
}

export const onlyCustomRoles = ({ role, customRole }: InvitationList): boolean =>
  customRole.length > 0 && role.length === 0

/** Who has some custom role, in the words of the small indexes of theirs. */
export const withCustomRole: Condition = sql`i.role_ids <> '{}'`
