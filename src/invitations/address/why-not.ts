import { judge, type Known } from '../new/rules.ts'
import type { InvitationToChange } from '../to-change.ts'

/** Why the invitation can't go to this address: sentences by field, or null. `anyway`: somebody has looked twice. */
export function whyNotTo(
  invitation: InvitationToChange,
  known: Known,
  emailKey: string,
  anyway: boolean,
  now: Date,
): Record<string, string> | null {
  if (emailKey === invitation.email_key)
    return { email: 'It goes to this address already. To send it there again, resend it' }
  const { outcome, why, membership } = judge(known, emailKey, now)
  if (outcome === 'looks') return anyway || !why ? null : { anyway: why }
  if (why) return { email: why }
  // They were invited before, and that ended by the clock: their own invitation is the one to send again.
  return membership ? { email: 'Somebody with this address has been invited before. Invite them again instead' } : null
}
