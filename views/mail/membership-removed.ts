import type { Facts } from '../../src/mail/facts.ts'
import { letter, moment } from './letter.tsx'

/** To somebody who isn't a member anymore. */
export const membershipRemoved = (facts: Facts) =>
  letter(
    facts,
    'You were removed from an organization',
    `You were removed from ${facts.organization} on ${moment(facts.at, facts.zone)}, and can’t open anything of it anymore. Other organizations that you are in go on.`,
    'If you didn’t expect this, ask an administrator of the organization: they can take you back for 30 days.',
  )
