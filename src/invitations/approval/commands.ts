import { sql } from 'kysely'
import type { Actor } from '../../platform/access/actor.ts'
import { eventsAfter, ifTurn, inTurn, TurnLost } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import type { Cause, Happening } from '../../platform/events/record.ts'
import { letterAfter } from '../../platform/mail/outbox.ts'
import { letterAbout } from '../letters.ts'
import { expiryOf } from '../new/rules.ts'
import type { Decidable } from './queries.ts'

const happened = (actor: Actor, act: Happening['act'], { id, status }: Decidable, now: string): Happening => ({
  act,
  organizationId: actor.organization.id,
  subject: 'invitation',
  subjectId: id,
  changes: { status: [status, now] },
})

/** The invitation while it waits as it was read, in a turn: whoever else decided meanwhile has raised its version. */
const waiting = (db: Db, actor: Actor, one: Decidable, set: Record<string, unknown>, now: Date) =>
  inTurn(db, actor).with('changed', (of) =>
    of
      .updateTable('invitation')
      .set((eb) => ({ ...set, decided_by: actor.membership.id, decided_at: now, version: eb('version', '+', 1) }))
      .where('organization_id', '=', actor.organization.id)
      .where('id', '=', one.id)
      .where('version', '=', one.version)
      .where('status', '=', 'pending_approval')
      .where(ifTurn)
      .returning(['id', 'membership_id']),
  )

const ofChanged = sql<string>`(select membership_id from changed)`

/**
 * Sends an invitation that waited: from now on it can be accepted for as long as its sender chose. A link that was sent before it
 * went back to waiting stays dead.
 */
export async function approve(db: Db, cause: Cause, actor: Actor, one: Decidable): Promise<void> {
  const { now } = cause
  const organizationId = actor.organization.id
  const expires_at = expiryOf(now, one.valid_days)
  const generation = one.generation + (one.last_sent_at ? 1 : 0)
  const sent = { id: one.id, generation }
  const status = 'pending_activation'
  const [changed] = await waiting(
    db,
    actor,
    one,
    { status, approval: 'approved', reason: '', expires_at, last_sent_at: now, generation },
    now,
  )
    .with('copied', (of) =>
      of
        .updateTable('membership')
        .set({ invite: status, invite_expires_at: expires_at })
        .where('organization_id', '=', organizationId)
        .where('id', '=', ofChanged)
        .where('status', '=', 'invited'),
    )
    .with('told', (of) => eventsAfter(of, cause, happened(actor, 'invitation.approved', one, status)))
    .with('written', (of) =>
      letterAfter(
        of,
        now,
        letterAbout(organizationId, 'invitation', sent, one.email),
        ...toSender(actor, one, 'invitation_approved', generation),
      ),
    )
    .selectFrom('changed')
    .select('id')
    .execute()
  if (!changed) throw new TurnLost()
}

/** Ends an invitation that waited; whoever was invited isn't among the members anymore, and never heard of it. */
export async function deny(db: Db, cause: Cause, actor: Actor, one: Decidable, reason: string): Promise<void> {
  const { now } = cause
  const status = 'rejected'
  const [changed] = await waiting(db, actor, one, { status, approval: 'denied', reason, expires_at: null }, now)
    .with('gone', (of) =>
      of
        .updateTable('membership')
        .set((eb) => ({
          status: 'removed',
          removed_at: now,
          removed_by: actor.membership.id,
          invite: status,
          invite_expires_at: null,
          manages_group: false,
          version: eb('version', '+', 1),
        }))
        .where('organization_id', '=', actor.organization.id)
        .where('id', '=', ofChanged)
        .where('status', '=', 'invited'),
    )
    .with('told', (of) => eventsAfter(of, cause, happened(actor, 'invitation.denied', one, status)))
    .with('written', (of) => letterAfter(of, now, ...toSender(actor, one, 'invitation_denied', one.generation)))
    .selectFrom('changed')
    .select('id')
    .execute()
  if (!changed) throw new TurnLost()
}

/** Who decides about their own, as the only Admin does, knows it already. */
const toSender = (
  actor: Actor,
  { id, sender }: Decidable,
  template: 'invitation_approved' | 'invitation_denied',
  generation: number,
) =>
  sender && sender.id !== actor.membership.id
    ? [letterAbout(actor.organization.id, template, { id, generation }, sender.email)]
    : []
