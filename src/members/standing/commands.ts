import type { Actor } from '../../platform/access/actor.ts'
import { dayOf, statusOf } from '../../platform/access/status.ts'
import { eventsAfter, ifTurn, inTurn, TurnLost } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import type { Cause } from '../../platform/events/record.ts'
import { letterAfter } from '../../platform/mail/outbox.ts'
import { keepingAnAdmin, lastAdmin } from '../last-admin.ts'
import type { Person } from '../person.ts'

type Errors = Record<string, string>

const standing = (person: Person, suspended_at: Date | null, now: Date) =>
  statusOf({ ...person, removed_at: null, suspended_at }, dayOf(now))

async function setSuspended(db: Db, cause: Cause, actor: Actor, person: Person, suspended_at: Date | null) {
  const status = standing(person, suspended_at, cause.now)
  const [changed] = await inTurn(db, actor)
    .with('changed', (of) =>
      of
        .updateTable('membership')
        .set((eb) => ({ suspended_at, status, version: eb('version', '+', 1) }))
        .where('organization_id', '=', actor.organization.id)
        .where('id', '=', person.id)
        .where('version', '=', person.version)
        .where(ifTurn)
        .returning('id'),
    )
    .with('told', (of) =>
      eventsAfter(of, cause, {
        act: suspended_at ? 'membership.suspended' : 'membership.reactivated',
        organizationId: actor.organization.id,
        subject: 'membership',
        subjectId: person.id,
        changes: { status: [person.status, status] },
      }),
    )
    .with('written', (of) =>
      letterAfter(of, cause.now, {
        organizationId: actor.organization.id,
        template: suspended_at ? 'membership_suspended' : 'membership_reactivated',
        data: { membership_id: person.id },
        to: person.email,
      }),
    )
    .selectFrom('changed')
    .select('id')
    .execute()
  if (!changed) throw new TurnLost()
}

/** Closes the organization to somebody from their next request on; their account and their other organizations go on. */
export async function suspend(db: Db, cause: Cause, actor: Actor, person: Person): Promise<{ errors?: Errors }> {
  const kept = !person.lastAdmin && (await keepingAnAdmin(() => setSuspended(db, cause, actor, person, cause.now)))
  return kept ? {} : { errors: { '': lastAdmin } }
}

/** Opens it again with everything that they held. */
export const reactivate = (db: Db, cause: Cause, actor: Actor, person: Person) =>
  setSuspended(db, cause, actor, person, null)
