import type { Facts } from '../../src/mail/facts.ts'
import { letter, moment, notYou } from './letter.tsx'

/** To both addresses, after somebody used the link in the letter about a change. */
export const emailRestored = (facts: Facts) =>
  letter(
    facts,
    'Your email address was changed back',
    `On ${moment(facts.at, facts.zone)} somebody said that a change of your account’s email address wasn’t theirs. Its address is ${facts.email} again. Everybody was signed out, and the password works no longer: a letter to ${facts.email} has a link to choose another.`,
    'If you are asked for a code of an app that isn’t yours, an administrator of your organization can reset two-factor.',
    ...notYou(facts),
  )
