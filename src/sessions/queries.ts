import { type ExpressionBuilder, sql } from 'kysely'
import type { Visitor } from '../platform/access/actor.ts'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'
import type { DB } from '../platform/database/schema.ts'
import { perAccount } from './lucia.ts'

/** The session from which something is done is still there. */
export const stillThere = ({ session }: Pick<Visitor, 'session'>) =>
  sql<boolean>`exists (select from session where id_hash = ${session.idHash}::bytea)`

/** One's own sessions that haven't ended, as current.ts says when they do; the last used first. */
export const ownSessions = (db: Db, accountId: string, now: Date) =>
  crossing(db, 'a session ends as the strictest of its account’s organizations says')
    .selectFrom('session as s')
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom('membership as m')
          .innerJoin('organization as o', 'o.id', 'm.organization_id')
          .whereRef('m.account_id', '=', 's.account_id')
          .where('m.removed_at', 'is', null)
          .select((of) => [
            of.fn.min('o.session_idle_minutes').as('idle_minutes'),
            of.fn.min('o.session_hours').as('hours'),
          ])
          .as('every'),
      (on) => on.onTrue(),
    )
    .where('s.account_id', '=', accountId)
    .where(sql<boolean>`s.last_used_at > ${now}::timestamptz - make_interval(mins => least(60, every.idle_minutes))`)
    .where(sql<boolean>`s.created_at > ${now}::timestamptz - case s.stage when 'password' then interval '10 minutes'
      else make_interval(hours => least(24, every.hours)) end`)
    .select(['s.id_hash', 's.stage', 's.created_at', 's.last_used_at', 's.ip', 's.user_agent'])
    .orderBy('s.last_used_at', 'desc')
    .orderBy('s.created_at', 'desc')
    .orderBy('s.id_hash')
    .limit(perAccount)
    .execute()
export type OwnSession = Awaited<ReturnType<typeof ownSessions>>[number]

/** Which of these devices (hashes; at least one) the account `a` of the query around it knows. */
export const knownDevice = (outer: unknown, devices: readonly Buffer[], now: Date) =>
  (outer as ExpressionBuilder<DB & { a: DB['account'] }, 'a'>)
    .selectFrom('known_device as d')
    .select('d.id_hash')
    .whereRef('d.account_id', '=', 'a.id')
    .where('d.id_hash', 'in', devices)
    .where('d.expires_at', '>', now)
    .limit(1)
    .as('device')
