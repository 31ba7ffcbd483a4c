import type { Facts } from '../../src/mail/facts.ts'
import { ifNotYou, letter, moment } from './letter.tsx'

/** To the owner of an account whose saved codes are void: whoever has the new ones may be at their browser. */
export const backupCodesMade = (facts: Facts) =>
  letter(
    facts,
    'New backup codes were made',
    `New backup codes were made for your account ${facts.email} on ${moment(facts.at, facts.zone)}. Those from before don’t work anymore.`,
    ...ifNotYou(facts),
    'Then sign in and make new backup codes once more, so that nobody else has them.',
  )
