import type { Facts } from '../../src/mail/facts.ts'
import { ifNotYou, letter, moment } from './letter.tsx'
import { whoTriedCodes } from './words.ts'

/** To somebody whom a block would leave without anybody who could end it. */
export const secondStepDelayed = (facts: Facts) =>
  letter(
    facts,
    'Too many wrong codes were tried',
    `Too many wrong codes of the second step in a row were tried for your account ${facts.email}, the last on ${moment(facts.at, facts.zone)}. For an hour from then on no code is looked at. Your account isn’t blocked, for an organization has no other Admin who could help.`,
    whoTriedCodes,
    ...ifNotYou(facts),
  )
