import type { Facts } from '../../src/mail/facts.ts'
import { letter, moment } from './letter.tsx'
import { whoTriedCodes } from './words.ts'

/** To the Admins: whoever tried the codes was halfway in. */
export const memberBlocked = (facts: Facts) =>
  letter(
    facts,
    'A member was blocked',
    `Too many wrong codes of the second step were tried for ${facts.member} in ${facts.organization}, so the account has been blocked since ${moment(facts.at, facts.zone)}.`,
    `${whoTriedCodes} Ask the member whether it was they before you unblock them.`,
  )
