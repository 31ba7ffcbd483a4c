import type { Facts } from '../../src/mail/facts.ts'
import { letter, notYou } from './letter.tsx'

/** To the address that an account still has. */
export const emailChangeAsked = (facts: Facts) =>
  letter(
    facts,
    'Your email address is to be changed',
    `Your account ${facts.email} is to get another email address. The new one has to confirm it first; until then everything stays as it is.`,
    ...notYou(facts),
  )
