import type { Facts } from '../../src/mail/facts.ts'
import { ifNotYou, letter, moment } from './letter.tsx'

/** To the owner of an account that the password alone opens again. */
export const twoFactorOff = (facts: Facts) =>
  letter(
    facts,
    'Two-factor is off',
    `Two-factor was turned off for your account ${facts.email} on ${moment(facts.at, facts.zone)}. From now on your password alone signs you in; your app and your backup codes don’t count anymore.`,
    ...ifNotYou(facts),
  )
