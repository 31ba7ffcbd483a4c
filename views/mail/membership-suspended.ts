import type { Facts } from '../../src/mail/facts.ts'
import { letter, moment } from './letter.tsx'

/** To somebody to whom the organization is closed for now. */
export const membershipSuspended = (facts: Facts) =>
  letter(
    facts,
    'Your membership is suspended',
    `Your membership of ${facts.organization} has been suspended since ${moment(facts.at, facts.zone)}. Until somebody reactivates it you can’t open anything of the organization; what you hold there stays as it is. Other organizations that you are in go on.`,
    'If you didn’t expect this, ask an administrator of the organization.',
  )
