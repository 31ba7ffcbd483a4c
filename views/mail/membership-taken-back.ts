import type { Facts } from '../../src/mail/facts.ts'
import { letter, moment } from './letter.tsx'
import { roleName } from './words.ts'

/** To somebody who was told that they were removed. */
export const membershipTakenBack = (facts: Facts) =>
  letter(
    facts,
    'You were taken back',
    `You were taken back into ${facts.organization} on ${moment(facts.at, facts.zone)}. You are ${roleName(facts.role)} there, in the group ${facts.group}. What else you hold now stands in your own details there.`,
    'If you didn’t expect this, ask an administrator of the organization.',
    { label: 'Sign in', href: facts.signIn },
  )
