import { type InvitationStatus, resendsADay, statusAt } from '../invitations/rules.ts'
import { dayOf, type Status } from '../platform/access/status.ts'

/** What is known of an address, as far as the next step depends on it. Newest invitations come first. */
export type Facts = {
  account: {
    blocked: boolean
    /** A password that works now. */
    usable: boolean
    /** Wrong passwords since they last signed in. */
    failures: number
    /** They lack two-factor, and it was reset or an organization that allows support access requires it. */
    enrolls: boolean
  } | null
  members: { organization: string; status: Status }[]
  /** Places in organizations that don't allow support access. */
  elsewhere: number
  invitations: { id: string; organization: string; status: InvitationStatus; sendable: boolean }[]
}

/** The one next step: a sentence, and what its button does. */
export type Step = { sentence: string } & (
  | { act: 'resend'; invitation: string }
  | { act: 'reset_link' | 'unblock' }
  | { act: null }
)

const ask = (sentence: string): Step => ({ act: null, sentence })

/** What there is to do about an invitation that wasn't accepted; null where none stands in the way. */
function ofInvitation({ account, invitations: [latest] }: Facts): Step | null {
  if (!latest) return null
  const { organization, status } = latest
  if (status === 'pending_approval')
    return ask(
      `Their invitation to ${organization} waits for approval: somebody there who may approve invitations must decide.`,
    )
  if (status === 'rejected' || status === 'revoked')
    return account
      ? null
      : ask(
          `Their invitation to ${organization} was ${status === 'rejected' ? 'declined or denied' : 'revoked'}. Somebody there who may invite must send another one.`,
        )
  if (status === 'active') return null
  if (!latest.sendable)
    return ask(
      `They were invited to ${organization} and haven’t joined. It was sent again as often as a day allows, or isn’t the last one: look at the invitation.`,
    )
  return {
    act: 'resend',
    invitation: latest.id,
    sentence: `They were invited to ${organization} and haven’t joined${status === 'expired' ? '; the invitation has expired' : ''}. Send it again${account ? ', and tell them to sign in with the account that they have' : ''}.`,
  }
}

const closed: Partial<Record<Status, (organization: string) => string>> = {
  suspended: (organization) => `${organization} suspended them. An Admin there can reactivate them.`,
  ended: (organization) => `Their membership of ${organization} has ended. An Admin there can change its end date.`,
  not_started: (organization) =>
    `Their membership of ${organization} hasn’t started yet. An Admin there can change the date.`,
  removed: (organization) =>
    `They were removed from ${organization}. An Admin there can take them back, or invite them again.`,
}

/** Why can't this person get in, and what is the one next step? The first that applies. */
export function nextStep(facts: Facts): Step {
  const { account, members, elsewhere } = facts
  if (!account)
    return elsewhere > 0
      ? ask('Their organization doesn’t allow support access. An Admin there can help them.')
      : (ofInvitation(facts) ??
          ask(
            'Nobody with this address has an account or an invitation in an organization that allows support access. Compare the spelling with the address that they use.',
          ))
  if (account.blocked)
    return {
      act: 'unblock',
      sentence: 'Their account is blocked after too many wrong passwords. Unblock it; the password stays as it is.',
    }
  const isIn = members.some(({ status }) => status === 'active')
  const invited = ofInvitation(facts)
  // A password helps nobody who has no open place.
  if (!isIn && !invited)
    for (const { status, organization } of members) {
      const sentence = closed[status]?.(organization)
      if (sentence) return ask(sentence)
    }
  if (!account.usable)
    return {
      act: 'reset_link',
      sentence:
        'They have no password that works: none was chosen yet, or the first one was used or has run out. Send a reset link.',
    }
  if (!isIn && invited) return invited
  if (account.failures > 0)
    return {
      act: 'reset_link',
      sentence: `Wrong passwords were typed since they last signed in (${account.failures}). Send a reset link.`,
    }
  if (account.enrolls)
    return {
      act: 'reset_link',
      sentence:
        'They must turn on two-factor: after their password they set up an authenticator app, before anything else opens. If they don’t remember the password, send a reset link.',
    }
  if (isIn && invited?.act === 'resend') return invited
  if (!isIn && elsewhere === 0)
    return ask('Their account works, but no organization has a place for them. Somebody must invite them.')
  return {
    act: 'reset_link',
    sentence: 'Nothing here keeps them out. If they don’t remember the password, send a reset link.',
  }
}

type Row = {
  id: string
  organization_name: string
  status: string
  expires_at: string | null
  resend_day: string | null
  resends: number
  last: boolean
}

/** An invitation as the next step asks of it, and whether it can be sent again now. */
export const invitationFacts = (row: Row, now: Date): Facts['invitations'][number] => {
  const status = statusAt(row, now)
  const full = row.resend_day === dayOf(now) && row.resends >= resendsADay
  const sendable = row.last && !full && (status === 'pending_activation' || status === 'expired')
  return { id: row.id, organization: row.organization_name, status, sendable }
}
