import type { Facts, Written } from '../../src/mail/facts.ts'
import type { Template } from '../../src/platform/mail/outbox.ts'
import { accessChanged } from './access-changed.ts'
import { accountBlocked } from './account-blocked.ts'
import { approvalAsked } from './approval-asked.ts'
import { backupCodeUsed } from './backup-code-used.ts'
import { backupCodesLow } from './backup-codes-low.ts'
import { backupCodesMade } from './backup-codes-made.ts'
import { emailChangeAsked } from './email-change-asked.ts'
import { emailChanged } from './email-changed.ts'
import { emailConfirmation } from './email-confirmation.ts'
import { emailRestored } from './email-restored.ts'
import { invitation } from './invitation.ts'
import { invitationAccepted } from './invitation-accepted.ts'
import { invitationApproved } from './invitation-approved.ts'
import { invitationDeclined } from './invitation-declined.ts'
import { invitationDenied } from './invitation-denied.ts'
import { invitationLinkAsked } from './invitation-link-asked.ts'
import { invitationReminder } from './invitation-reminder.ts'
import { mailFailed } from './mail-failed.ts'
import { memberBlocked } from './member-blocked.ts'
import { membershipEnding } from './membership-ending.ts'
import { membershipReactivated } from './membership-reactivated.ts'
import { membershipRemoved } from './membership-removed.ts'
import { membershipSuspended } from './membership-suspended.ts'
import { membershipTakenBack } from './membership-taken-back.ts'
import { newDevice } from './new-device.ts'
import { passwordChanged } from './password-changed.ts'
import { passwordStopped } from './password-stopped.ts'
import { resetLink } from './reset-link.ts'
import { secondStepDelayed } from './second-step-delayed.ts'
import { supportChanged } from './support-changed.ts'
import { twoFactorExemptionsEnding } from './two-factor-exemptions-ending.ts'
import { twoFactorOff } from './two-factor-off.ts'
import { twoFactorOn } from './two-factor-on.ts'
import { twoFactorRequired } from './two-factor-required.ts'
import { twoFactorReset } from './two-factor-reset.ts'
import { welcome } from './welcome.ts'

/** Every letter that is written, by the name that the outbox has for it. */
export const letters: Record<Template, (facts: Facts) => Written> = {
  access_changed: accessChanged,
  account_blocked: accountBlocked,
  approval_asked: approvalAsked,
  email_change_asked: emailChangeAsked,
  email_changed: emailChanged,
  email_confirmation: emailConfirmation,
  email_restored: emailRestored,
  invitation: (facts) => invitation(facts),
  invitation_accepted: invitationAccepted,
  invitation_approved: invitationApproved,
  invitation_declined: invitationDeclined,
  invitation_denied: invitationDenied,
  invitation_link_asked: invitationLinkAsked,
  invitation_reminder: invitationReminder,
  mail_failed: mailFailed,
  membership_removed: membershipRemoved,
  membership_suspended: membershipSuspended,
  password_changed: passwordChanged,
  reset_link: resetLink,
  backup_code_used: backupCodeUsed,
  backup_codes_low: backupCodesLow,
  member_blocked: memberBlocked,
  support_changed: supportChanged,
  two_factor_exemptions_ending: twoFactorExemptionsEnding,
  two_factor_off: twoFactorOff,
  two_factor_on: twoFactorOn,
  two_factor_required: twoFactorRequired,
  two_factor_reset: twoFactorReset,
  backup_codes_made: backupCodesMade,
  membership_ending: membershipEnding,
  membership_reactivated: membershipReactivated,
  membership_taken_back: membershipTakenBack,
  new_device: newDevice,
  password_stopped: passwordStopped,
  second_step_delayed: secondStepDelayed,
  welcome,
}
