import type { Facts } from '../../src/mail/facts.ts'
import { letter, moment, notYou } from './letter.tsx'

/** To both addresses, the old one and the new one; only the old one can take it back. */
export const emailChanged = (facts: Facts) =>
  letter(
    facts,
    'Your email address was changed',
    `The email address of your account was changed to ${facts.email} on ${moment(facts.at, facts.zone)}. Sign in with that one from now on; the password is the same as before.`,
    ...(facts.link && facts.until
      ? [
          'If it wasn’t you, and you didn’t agree to it, take it back: your account gets this address again, everybody is signed out, and you choose a new password.',
          { label: 'This was not me', href: facts.link },
          `The link works once, until ${moment(facts.until, facts.zone)}. If it was you, do nothing, and pass the link on to nobody.`,
        ]
      : []),
    ...notYou(facts),
  )
