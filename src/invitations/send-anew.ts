import { sql } from 'kysely'
import { type Room, takingRoom } from '../members/new/room.ts'
import { type Actor, fullName } from '../platform/access/actor.ts'
import { dayOf } from '../platform/access/status.ts'
import { eventsAfter, ifTurn, inTurn, TurnLost } from '../platform/access/turn.ts'
import type { Db } from '../platform/database/connect.ts'
import type { Cause } from '../platform/events/record.ts'
import { searchText, sortKey } from '../platform/fold.ts'
import { letterAfter } from '../platform/mail/outbox.ts'
import { approvalAsked } from './asking.ts'
import { day, resendsADay } from './rules.ts'
import { howSent, type Sending } from './sending.ts'
import type { InvitationToChange } from './to-change.ts'

type Address = { email: string; email_key: string }

/** Somebody took the address between the two statements of the act: the index knows. */
const isTaken = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === '23505'

const nameOf = ({ membership }: Actor) =>
  fullName({ first_name: membership.firstName, last_name: membership.lastName, email: membership.email })

/**
 * Gives an invitation a new link and a new validity, and its mail anew: to its address, or corrected to another one, in one
 * statement. Links of before are dead by their generation. Where approval is asked (sending.ts) it waits for that, and nothing is
 * mailed. At most five times a day in UTC, by the statement itself. Another address is another person, who counts as one who is
 * invited. `actor` null: support staff.
 */
export async function sendAnew(
  db: Db,
  cause: Cause,
  actor: Actor | null,
  invitation: InvitationToChange,
  days: number,
  corrected: { address: Address; room: Room } | null = null,
): Promise<Sending> {
  const address = corrected?.address ?? null
  const { organization, id, first_name, last_name, status: before } = invitation
  const { now } = cause
  const today = dayOf(now)
  const sending = howSent(actor, invitation, address !== null)
  const { waits, approved, takenOver } = sending
  const status = waits ? 'pending_approval' : 'pending_activation'
  const expires_at = waits ? null : new Date(now.getTime() + days * day)
  const generation = invitation.generation + 1
  const { email } = address ?? invitation
  const sender = takenOver && actor ? { id: actor.membership.id, name: nameOf(actor) } : null
  const letter = {
    organizationId: organization.id,
    template: 'invitation',
    invitationId: id,
    generation,
    to: email,
  } as const
  // A correction of what waits already sends nothing to anybody.
  const counts = before !== 'pending_approval'

  const write = inTurn(db, { organization })
    .with('changed', (of) =>
      of
        .updateTable('invitation')
        .set((eb) => ({
          status,
          approval: waits ? 'waiting' : approved ? 'approved' : 'not_needed',
          ...(approved ? {} : { decided_by: null, decided_at: null, reason: '' }),
          generation,
          expires_at,
          valid_days: days,
          ...(waits ? {} : { last_sent_at: now }),
          reminded_at: null,
          opened_at: null,
          ...(counts && {
            resend_day: today,
            resends: sql<number>`case when resend_day = ${today}::date then resends + 1 else 1 end`,
          }),
          ...(sender && { invited_by: sender.id, sender_name: sender.name, sort_sender: sortKey(sender.name) }),
          ...address,
          search: searchText(first_name, last_name, email, sender?.name ?? invitation.sender_name),
          version: eb('version', '+', 1),
        }))
        .where('organization_id', '=', organization.id)
        .where('id', '=', id)
        .where('version', '=', invitation.version)
        .where('status', '=', before)
        .where(sql<boolean>`(not ${counts}::boolean or resend_day <> ${today}::date or resends < ${resendsADay})`)
        .where(ifTurn)
        .returning('id'),
    )
    .with('copied', (of) =>
      of
        .updateTable('membership')
        .set((eb) => ({
          invite: status,
          invite_expires_at: expires_at,
          ...(address && {
            ...address,
            search: searchText(first_name, last_name, email, ''),
            version: eb('version', '+', 1),
          }),
        }))
        .where('organization_id', '=', organization.id)
        .where('id', '=', invitation.membership_id)
        .where('status', '=', 'invited')
        .where(sql<boolean>`exists (select from changed)`),
    )
    .with('counted', () =>
      corrected ? takingRoom(corrected.room, 1, now) : sql<{ key: Buffer }>`(select null::bytea as key where false)`,
    )
    .with('told', (of) =>
      eventsAfter(of, cause, {
        act: address ? 'invitation.address_corrected' : 'invitation.resent',
        organizationId: organization.id,
        subject: 'invitation',
        subjectId: id,
        changes: {
          ...(address && { fields: ['email'] }),
          ...(before !== status && { status: [before, status] }),
        },
      }),
    )
    .with('written', (of) =>
      waits && counts
        ? approvalAsked(db, of, now, {
            organization,
            except: actor?.membership.id ?? null,
            invitations: [id],
          })
        : letterAfter(of, now, ...(waits ? [] : [letter])),
    )
    .selectFrom('changed')
    .select('id')
    .execute()
  const [changed] = await write.catch((error) => {
    throw isTaken(error) ? new TurnLost() : error
  })
  if (!changed) throw new TurnLost()
  return sending
}
