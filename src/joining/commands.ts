import { sql } from 'kysely'
import { approvalAsked } from '../invitations/asking.ts'
import { waitingAgain } from '../invitations/rules.ts'
import { asActor } from '../platform/access/giver.ts'
import { eventsAfter, ifTurn, inTurn, TurnLost } from '../platform/access/turn.ts'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'
import { type Cause, eventRow } from '../platform/events/record.ts'
import type { Link } from '../platform/links.ts'
import { type Letter, letterAfter } from '../platform/mail/outbox.ts'
import type { Invitation, LinkAndInvitation } from './invitation.ts'
import { askedEvery } from './rules.ts'

export const ifChanged = sql<boolean>`exists (select from changed)`

/** The one who sent it, while they are Active there: to whom its letters go. */
const senderOf = ({ givers, invited_by, organization }: Invitation) =>
  asActor(
    givers.find(({ id }) => id === invited_by),
    organization,
  )?.membership.email

const letter = (template: Letter['template'], { organization, id }: Invitation, to: string): Letter => ({
  organizationId: organization.id,
  template,
  invitationId: id,
  to,
})
/** A letter to whoever sent it; none where they aren't Active there anymore. */
export const toSender = (template: Letter['template'], invitation: Invitation): Letter[] => {
  const to = senderOf(invitation)
  return to ? [letter(template, invitation, to)] : []
}

/** Notes the first opening of a link that is in force, by a person or a scanner; it changes nothing else. One statement. */
export async function noteOpened(db: Db, cause: Cause, link: Link): Promise<void> {
  const row = eventRow(cause, { act: 'invitation.opened', subject: 'invitation', subjectId: link.id })
  const { organization_id: _, ...values } = row
  await crossing(db, 'a link to join says by itself which invitation it is')
    .with('changed', (of) =>
      of
        .updateTable('invitation')
        .set({ opened_at: cause.now })
        .where('id', '=', link.id)
        .where('generation', '=', link.generation)
        .where('status', '=', 'pending_activation')
        .where('expires_at', '>', cause.now)
        .where('opened_at', 'is', null)
        .returning('organization_id'),
    )
    .insertInto('event')
    .columns(['organization_id', ...(Object.keys(values) as (keyof typeof values)[])])
    .expression((eb) =>
      eb
        .selectFrom('changed')
        .select('organization_id')
        .select(Object.entries(values).map(([name, value]) => eb.val(value).as(name))),
    )
    .execute()
}

/** The invitation while this link opens it, held until the end of the statement. */
export const inForce = (db: Db, cause: Cause, { link, invitation }: LinkAndInvitation) =>
  inTurn(db, invitation).with('found', (of) =>
    of
      .selectFrom('invitation')
      .select('id')
      .where('organization_id', '=', invitation.organization.id)
      .where('id', '=', invitation.id)
      .where('status', '=', 'pending_activation')
      .where('generation', '=', link.generation)
      .where('expires_at', '>', cause.now)
      .where(ifTurn)
      .forUpdate(),
  )

export const ifFound = sql<boolean>`exists (select from found)`

/** Ends it by the wish of whoever was invited, in one statement. Throws TurnLost as `accept`. */
export async function decline(
  db: Db,
  cause: Cause,
  { link, invitation }: LinkAndInvitation,
  reason: string,
): Promise<void> {
  const organizationId = invitation.organization.id
  const [row] = await inForce(db, cause, { link, invitation })
    .with('changed', (of) =>
      of
        .updateTable('invitation')
        .set((eb) => ({ status: 'rejected', reason, version: eb('version', '+', 1) }))
        .where('organization_id', '=', organizationId)
        .where('id', '=', invitation.id)
        .where(ifFound)
        .returning('id'),
    )
    .with('membership_gone', (of) =>
      of
        .updateTable('membership')
        .set((eb) => ({
          status: 'removed',
          removed_at: cause.now,
          manages_group: false,
          invite: 'rejected',
          invite_expires_at: null,
          version: eb('version', '+', 1),
        }))
        .where('organization_id', '=', organizationId)
        .where('id', '=', invitation.membership_id)
        .where('status', '=', 'invited')
        .where(ifChanged),
    )
    .with('told', (of) =>
      eventsAfter(of, cause, {
        act: 'invitation.declined',
        organizationId,
        subject: 'invitation',
        subjectId: invitation.id,
      }),
    )
    .with('written', (of) => letterAfter(of, cause.now, ...toSender('invitation_declined', invitation)))
    .selectFrom('changed')
    .select('id')
    .execute()
  if (!row) throw new TurnLost()
}

/**
 * Lets it wait for approval again, since nobody who answers for it could still give what it offers: its link stops, and the
 * approvers are asked. Throws TurnLost as `accept`.
 */
export async function returnToApproval(db: Db, cause: Cause, { link, invitation }: LinkAndInvitation): Promise<void> {
  const { organization } = invitation
  const organizationId = organization.id
  const [row] = await inForce(db, cause, { link, invitation })
    .with('changed', (of) =>
      of
        .updateTable('invitation')
        .set((eb) => ({
          ...waitingAgain,
          generation: eb('generation', '+', 1),
          version: eb('version', '+', 1),
        }))
        .where('organization_id', '=', organizationId)
        .where('id', '=', invitation.id)
        .where(ifFound)
        .returning('id'),
    )
    .with('copied', (of) =>
      of
        .updateTable('membership')
        .set((eb) => ({ invite: 'pending_approval', invite_expires_at: null, version: eb('version', '+', 1) }))
        .where('organization_id', '=', organizationId)
        .where('id', '=', invitation.membership_id)
        .where('status', '=', 'invited')
        .where(ifChanged),
    )
    .with('told', (of) =>
      eventsAfter(
        of,
        { ...cause, how: 'system', actorId: null },
        {
          act: 'invitation.returned',
          organizationId,
          subject: 'invitation',
          subjectId: invitation.id,
          changes: { status: ['pending_activation', 'pending_approval'] },
        },
      ),
    )
    .with('written', (of) =>
      approvalAsked(db, of, cause.now, {
        organization,
        except: invitation.invited_by,
        invitations: [invitation.id],
      }),
    )
    .selectFrom('changed')
    .select('id')
    .execute()
  if (!row) throw new TurnLost()
}

/**
 * Tells the organization that whoever holds a link of this invitation asks for a new one: its sender, or in their place `others`; at
 * most once a day, and not once it was accepted.
 */
export async function askForLink(db: Db, cause: Cause, invitation: Invitation, others: string[]): Promise<void> {
  const organizationId = invitation.organization.id
  const sender = senderOf(invitation)
  await db
    .with('changed', (of) =>
      of
        .updateTable('invitation')
        .set({ link_asked_at: cause.now })
        .where('organization_id', '=', organizationId)
        .where('id', '=', invitation.id)
        .where('status', '<>', 'active')
        .where((eb) =>
          eb.or([
            eb('link_asked_at', 'is', null),
            eb('link_asked_at', '<=', new Date(cause.now.getTime() - askedEvery)),
          ]),
        )
        .returning('id'),
    )
    .with('told', (of) =>
      eventsAfter(of, cause, {
        act: 'invitation.link_asked',
        organizationId,
        subject: 'invitation',
        subjectId: invitation.id,
      }),
    )
    .with('written', (of) =>
      letterAfter(
        of,
        cause.now,
        ...(sender ? [sender] : others).map((to) => letter('invitation_link_asked', invitation, to)),
      ),
    )
    .selectFrom('changed')
    .select('id')
    .execute()
}
