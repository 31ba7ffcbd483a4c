import type { Db } from '../database/connect.ts'
import { type Limit, limitKey } from '../web/limits.ts'
import { type Cause, eventRow } from './record.ts'

/** One event of the same refusal in ten minutes: else whoever may do nothing else could fill the log. */
const perRefusal: Limit = { kind: 'refusal', free: 1, minutes: 10, beyond: 'close' }

/**
 * Notes in one statement that somebody was refused for lack of a permission, or for the standing of their membership: once in
 * ten minutes for an account, an organization and what is missing. The counter's row decides between requests side by side.
 */
export async function recordRefusal(
  db: Db,
  cause: Cause,
  key: Buffer,
  organizationId: string,
  missing: { permission: string } | { status: string } | { rule: string },
): Promise<void> {
  const whose = [cause.actorId, organizationId, ...Object.entries(missing).flat()].join('\n')
  const since = new Date(cause.now.getTime() - perRefusal.minutes * 60_000)
  const times = { counted_from: cause.now, last_at: cause.now }
  const row = eventRow(cause, { act: 'access.refused', organizationId, changes: missing })
  await db
    .with('first', (of) =>
      of
        .insertInto('try_count')
        .values({ key: limitKey(key, perRefusal, whose), count: 1, ...times })
        .onConflict((found) => found.column('key').doUpdateSet(times).where('try_count.counted_from', '<=', since))
        .returning('try_count.key'),
    )
    .insertInto('event')
    .columns(Object.keys(row) as (keyof typeof row)[])
    .expression((eb) =>
      eb.selectFrom('first').select(Object.entries(row).map(([name, value]) => eb.val(value).as(name))),
    )
    .execute()
}
