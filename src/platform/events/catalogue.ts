/** Every event, with the sentence that the audit log says of it. Names are past tense; they are never reused. */
export const events = {
  'organization.created': 'Organization created',
  'account.created': 'Account created',
  'membership.added': 'Added to the organization',
  'membership.suspended': 'Suspended',
  'membership.reactivated': 'Reactivated',
  'membership.access_changed': 'Role, group or permissions changed',
  'membership.dates_changed': 'Start or end date changed',
  'sign_in.succeeded': 'Signed in',
  'sign_in.failed': 'Sign-in failed',
  'sign_in.delayed': 'Sign-in delayed after too many tries',
  'sign_in.new_password_needed': 'Signed in with a first password that must be changed',
  'sign_in.second_step_needed': 'Password given, second step to come',
  signed_out: 'Signed out',
  'account.blocked': 'Blocked after too many wrong tries',
  'account.unblocked': 'Unblocked',
  'password.changed': 'Password changed',
  'password.reset_link_made': 'Reset link made',
  'password.reset': 'Password reset by link',
  'access.refused': 'Refused for lack of a permission',
  'members.downloaded': 'List of members downloaded',
} as const
export type EventName = keyof typeof events
