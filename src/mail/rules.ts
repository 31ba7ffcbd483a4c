import { dayOf } from '../platform/access/status.ts'
import type { Template } from '../platform/mail/outbox.ts'

/** What the rules ask of a letter and of what it is about, as of now; null where it is about no such thing. */
export type Subject = {
  template: string
  created_at: Date
  generation: number | null
  to_key: string
  invitation: { status: string; generation: number; expires_at: Date | null } | null
  account: {
    blocked_at: Date | null
    reset_generation: number
    reset_expires_at: Date | null
    email_generation: number
    new_email_key: string | null
    new_email_expires_at: Date | null
  } | null
  /** The end date that the letter tells of. */
  endsOn: string | null
  membership: {
    ends_on: string
    suspended: boolean
    removed: boolean
    status: string
    has_two_factor: boolean
    needed_from: string | null
  } | null
  /** The day that the letter tells of, and whose exemptions still end. */
  neededFrom: unknown
  exemptions: unknown[]
  /** Of several invitations those named that still wait, and how many there were beside them. */
  waiting: unknown[]
  moreWaiting: number
}

/**
 * Letters that nobody can make many of but by what counts by itself: links that are asked for, and what somebody must hear of their
 * own account at once. They don't wait behind others, or filling a mailbox would hide them.
 */
const urgent: readonly string[] = [
  'account_blocked',
  'backup_code_used',
  'backup_codes_low',
  'backup_codes_made',
  'email_change_asked',
  'email_changed',
  'email_confirmation',
  'new_device',
  'email_restored',
  'password_changed',
  'password_stopped',
  'reset_link',
  'second_step_delayed',
  'two_factor_off',
  'two_factor_on',
  'two_factor_reset',
] satisfies Template[]

/** Whether a letter takes its turn among those to its address. One that was tried already has had it. */
export const takesTurn = ({ template, attempts }: { template: string; attempts: number }): boolean =>
  attempts === 0 && !urgent.includes(template)

/** News that are older, because there was no mail server, are none anymore, in ms. */
const staleAfter = 7 * 86_400_000

const about: Partial<Record<Template, 'invitation' | 'account' | 'membership'>> = {
  approval_asked: 'invitation',
  invitation: 'invitation',
  invitation_accepted: 'invitation',
  invitation_approved: 'invitation',
  invitation_declined: 'invitation',
  invitation_denied: 'invitation',
  invitation_link_asked: 'invitation',
  invitation_reminder: 'invitation',
  mail_failed: 'invitation',
  account_blocked: 'account',
  email_change_asked: 'account',
  email_changed: 'account',
  email_confirmation: 'account',
  membership_ending: 'membership',
  new_device: 'account',
  email_restored: 'account',
  password_changed: 'account',
  password_stopped: 'account',
  reset_link: 'account',
  second_step_delayed: 'account',
  support_changed: 'account',
  welcome: 'account',
}

/** Why a letter isn't sent anymore, as a sentence for the operator; null: it still makes sense. */
export function whyNot(letter: Subject, now: Date): string | null {
  const { invitation, account, membership, generation } = letter
  const open = (until: Date | null | undefined) => until !== null && until !== undefined && until > now
  const gone = 'What it is about isn’t there anymore.'
  const linkGone = 'Its link doesn’t work anymore.'
  const need = about[letter.template as Template]
  if (need && !letter[need]) return gone
  switch (letter.template) {
    case 'invitation':
    case 'invitation_reminder':
      return invitation?.status === 'pending_activation' &&
        invitation.generation === generation &&
        open(invitation.expires_at)
        ? null
        : linkGone
    case 'approval_asked':
      return invitation?.status === 'pending_approval' || letter.waiting.length > 0 || letter.moreWaiting > 0
        ? null
        : 'It was decided meanwhile.'
    case 'reset_link':
      return account?.reset_generation === generation && open(account.reset_expires_at) ? null : linkGone
    case 'welcome':
      if (generation !== null)
        return account?.reset_generation === generation && open(account.reset_expires_at) ? null : linkGone
      break
    case 'email_confirmation':
      return account?.email_generation === generation &&
        account.new_email_key === letter.to_key &&
        open(account.new_email_expires_at)
        ? null
        : linkGone
    case 'two_factor_required':
      if (!membership || membership.status === 'removed') return gone
      if (membership.has_two_factor) return 'They turned it on meanwhile.'
      if (membership.needed_from !== letter.neededFrom) return 'It is required from another day now, or not at all.'
      break
    case 'two_factor_exemptions_ending':
      if (letter.exemptions.length === 0) return gone
      break
    case 'account_blocked':
      if (!account?.blocked_at) return 'The account isn’t blocked anymore.'
      break
    case 'membership_ending':
      if (!membership || membership.removed || membership.suspended || membership.ends_on !== letter.endsOn)
        return 'The membership doesn’t end on that day anymore.'
      if (membership.ends_on >= dayOf(letter.created_at) && membership.ends_on < dayOf(now))
        return 'The membership has ended meanwhile.'
  }
  return now.getTime() - letter.created_at.getTime() < staleAfter ? null : 'It is too old to be news.'
}
