import { type Actor, fullName, reach } from '../platform/access/actor.ts'
import { shortId } from '../platform/ids.ts'
import type { Letter } from './letters.ts'
import type { Invitation, Told } from './panel.ts'
import { statusAt } from './rules.ts'

/** Where an invitation is, for one plain paragraph: the case, and what the words need. */
export type Where =
  | { is: 'waiting'; since: Date; again: boolean }
  | { is: 'accepted'; at: Date | null }
  | { is: 'declined'; reason: string }
  | { is: 'denied'; by: string; reason: string }
  | { is: 'revoked' | 'expired_unopened' | 'expired_opened' | 'no_mail' }
  | { is: 'opened'; at: Date }
  | { is: 'queued'; at: Date }
  | { is: 'delayed' | 'refused' | 'bounced' | 'delivered'; at: Date; to: string; answer: string }

/** The latest letter with a link that still works, and what the mail server last said of it. */
const latest = (letters: Letter[], generation: number) => {
  const letter = letters.find((one) => one.generation === generation)
  return letter && { letter, answer: letter.answers.at(-1) }
}

const states = { accepted: 'delivered', delayed: 'delayed', refused: 'refused', bounced: 'bounced' } as const

/** It went, or was sent again, to those who approve; what waits and is corrected waits on. */
const waitsAnew = ({ act, changes }: Told): boolean =>
  act === 'invitation.returned' ||
  (sentAnew.includes(act) && Array.isArray(changes.status) && changes.status[1] === 'pending_approval')
const sentAnew = ['invitation.resent', 'invitation.address_corrected']

/** `mails`: a mail server is configured, so that what waits will be sent. */
export function whereIs(invitation: Invitation, now: Date, mails: boolean): Where {
  const { told, reason } = invitation
  switch (statusAt(invitation, now)) {
    case 'pending_approval': {
      const back = told.find(waitsAnew)
      return { is: 'waiting', since: back ? new Date(back.at) : invitation.created_at, again: back !== undefined }
    }
    case 'active':
      return { is: 'accepted', at: invitation.accepted_at }
    case 'rejected':
      return invitation.approval === 'denied'
        ? { is: 'denied', by: invitation.decider ? fullName(invitation.decider) : '', reason }
        : { is: 'declined', reason }
    case 'revoked':
      return { is: 'revoked' }
    case 'expired':
      return { is: invitation.opened_at ? 'expired_opened' : 'expired_unopened' }
    case 'pending_activation': {
      if (invitation.opened_at) return { is: 'opened', at: invitation.opened_at }
      const found = latest(invitation.letters, invitation.generation)
      if (found?.answer) {
        const { kind, at, answer } = found.answer
        return { is: states[kind], at: new Date(at), to: found.letter.to_address, answer }
      }
      if (!mails || !found) return { is: 'no_mail' }
      return { is: 'queued', at: new Date(found.letter.created_at) }
    }
  }
}

export const baseOf = (actor: Actor) => `/o/${actor.organization.slug}/invitations`

type Placed = { id: string; group_id: string | null }

export function maySee(actor: Actor, invitation: Placed): boolean {
  const far = reach(actor, 'invitations.view')
  return far === 'organization' || (far === 'group' && invitation.group_id === actor.membership.groupId)
}

/** An invitation's panel; for whoever may invite and not look at invitations, the page that says what became of it. */
export function pathOf(actor: Actor, invitation: Placed): string {
  const seen = maySee(actor, invitation)
  return `${baseOf(actor)}/${seen ? '' : 'new/sent/'}${shortId(invitation.id)}`
}
