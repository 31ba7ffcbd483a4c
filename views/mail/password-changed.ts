import type { Facts } from '../../src/mail/facts.ts'
import { ifNotYou, letter, moment } from './letter.tsx'

/** To the owner of an account whose password is another one now, whoever changed it. */
export const passwordChanged = (facts: Facts) =>
  letter(
    facts,
    'Your password was changed',
    `The password of your account ${facts.email} was changed on ${moment(facts.at, facts.zone)}. The old one doesn’t work anymore.`,
    'If an administrator changed it, they tell you the new one, and you choose your own at the next sign-in.',
    ...ifNotYou(facts),
  )
