import type { Facts } from '../../src/mail/facts.ts'
import { invitation } from './invitation.ts'

/** The same once more, before it ends. */
export const invitationReminder = (facts: Facts) => invitation(facts, 'Your invitation to Rollcall ends soon', true)
