import { sql } from 'kysely'
import type { Db } from '../database/connect.ts'
import { type Limit, limitKey } from '../web/limits.ts'
import { type Cause, eventColumns, eventRow, type Happening } from './record.ts'

/** One event of the same look in an hour. */
const perLook: Limit = { kind: 'look', free: 1, minutes: 60, beyond: 'close' }

/** What somebody of the support staff looked at, in an organization that is open to them. */
export type Look = { organizationId: string; subject: NonNullable<Happening['subject']>; subjectId: string }

/**
 * Notes in one statement what support staff looked at, for the log of each organization that it is of: once an hour for each of
 * them and each thing. The counters decide between requests side by side.
 */
export async function recordLooks(db: Db, cause: Cause, key: Buffer, looks: readonly Look[]): Promise<void> {
  if (looks.length === 0) return
  const told = looks
    .map((look) => ({
      ...eventRow(cause, { act: 'support.looked', ...look }),
      key: limitKey(key, perLook, [cause.actorId, look.organizationId, look.subjectId].join('\n')).toString('hex'),
    }))
    // In one order, so that two who look at the same don't wait for each other.
    .sort((a, b) => (a.key < b.key ? -1 : 1))
  const at = sql`${cause.now}::timestamptz`
  const since = new Date(cause.now.getTime() - perLook.minutes * 60_000)
  const times = { counted_from: cause.now, last_at: cause.now }
  await db
    .with('first', (of) =>
      of
        .insertInto('try_count')
        .columns(['key', 'count', 'counted_from', 'last_at'])
        .expression(
          sql<never>`select decode(one, 'hex'), 1, ${at}, ${at} from unnest(${told.map((one) => one.key)}::text[]) as one`,
        )
        .onConflict((found) => found.column('key').doUpdateSet(times).where('try_count.counted_from', '<=', since))
        .returning('try_count.key'),
    )
    .insertInto('event')
    .columns([...eventColumns])
    .expression(
      sql<never>`select told.id, told.organization_id, told.at, told.actor_id, told.how, told.act, told.subject, told.subject_id,
        told.changes, told.request_id, told.ip from jsonb_to_recordset(${told}::jsonb) as told(id uuid, organization_id uuid,
        at timestamptz, actor_id uuid, how text, act text, subject text, subject_id uuid, changes jsonb, request_id text, ip text,
        key text) where decode(told.key, 'hex') in (select key from first)`,
    )
    .execute()
}
