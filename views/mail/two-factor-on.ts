import type { Facts } from '../../src/mail/facts.ts'
import { ifNotYou, letter, moment } from './letter.tsx'

/** To the owner of an account whose second step is new, or made by another app now. */
export const twoFactorOn = (facts: Facts) =>
  letter(
    facts,
    'Two-factor is on',
    facts.replaced
      ? `Another authenticator app makes the codes of your account ${facts.email} since ${moment(facts.at, facts.zone)}. The one before doesn’t work anymore; your backup codes do.`
      : `Two-factor has been on for your account ${facts.email} since ${moment(facts.at, facts.zone)}. After your password, signing in asks for a code of your app, or for one of your backup codes.`,
    'You were signed out everywhere else.',
    ...ifNotYou(facts),
  )
