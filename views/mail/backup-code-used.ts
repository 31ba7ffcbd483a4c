import type { Facts } from '../../src/mail/facts.ts'
import { ifNotYou, letter, moment } from './letter.tsx'

/** To the owner of an account, for whoever finds a code could be it. */
export const backupCodeUsed = (facts: Facts) =>
  letter(
    facts,
    'A backup code was used',
    `One of the backup codes of your account ${facts.email} was used on ${moment(facts.at, facts.zone)}. It doesn’t work anymore; ${facts.codesLeft === 1 ? 'one is left' : `${facts.codesLeft} are left`}.`,
    ...ifNotYou(facts),
  )
