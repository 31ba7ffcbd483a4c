import type { Db } from '../database/connect.ts'
import { crossing } from '../database/guard.ts'
import { newId } from '../ids.ts'
import type { EventName } from './catalogue.ts'

export type How = 'screen' | 'api' | 'support' | 'operator' | 'system'

/** Who did it and from where. `actorId` is an account, or null for strangers, the operator and the system. */
export type Cause = { now: Date; how: How; actorId: string | null; requestId: string; ip: string }

export type Happening = {
  act: EventName
  organizationId?: string | null
  subject?:
    | 'account'
    | 'membership'
    | 'organization'
    | 'invitation'
    | 'session'
    | 'role'
    | 'group'
    | 'region'
    | 'area'
    | ''
  subjectId?: string | null
  /** Names of changed fields; values only for role, group, region, area, permission, status (data-model.md). */
  changes?: Record<string, unknown>
}

/** Writes events in the caller's transaction, so that none is kept of what was rolled back. */
export async function record(trx: Db, cause: Cause, ...happenings: Happening[]): Promise<void> {
  if (happenings.length === 0) return
  await crossing(trx, 'the log takes events of every organization and of none')
    .insertInto('event')
    .values(happenings.map((one) => eventRow(cause, one)))
    .execute()
}

/** What `eventRow` has, for a statement that writes rows of JSON. */
export const eventColumns = [
  'id',
  'organization_id',
  'at',
  'actor_id',
  'how',
  'act',
  'subject',
  'subject_id',
  'changes',
  'request_id',
  'ip',
] as const

/** The row of an event, for a statement that writes it together with something else. */
export const eventRow = (cause: Cause, one: Happening) => ({
  id: newId(),
  organization_id: one.organizationId ?? null,
  at: cause.now,
  actor_id: cause.actorId,
  how: cause.how,
  act: one.act,
  subject: one.subject ?? '',
  subject_id: one.subjectId ?? null,
  changes: one.changes ?? {},
  request_id: cause.requestId,
  ip: cause.ip,
})
