import type { Facts } from '../../src/mail/facts.ts'
import { letter, moment } from './letter.tsx'

/** To somebody who was told that the organization is closed to them. */
export const membershipReactivated = (facts: Facts) =>
  letter(
    facts,
    'Your membership is reactivated',
    `Your membership of ${facts.organization} isn’t suspended anymore since ${moment(facts.at, facts.zone)}. What you hold there is as it was.`,
    'If you didn’t expect this, ask an administrator of the organization.',
    { label: 'Sign in', href: facts.signIn },
  )
