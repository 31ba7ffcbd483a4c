import type { Facts } from '../../src/mail/facts.ts'
import { ifNotYou, letter, moment } from './letter.tsx'

/** To somebody who lost their app, and whoever could help has taken it away. */
export const twoFactorReset = (facts: Facts) =>
  letter(
    facts,
    'Two-factor was reset',
    `Your authenticator app and your backup codes for the account ${facts.email} stopped working on ${moment(facts.at, facts.zone)}, and you were signed out everywhere.`,
    'Sign in with your password: you set up a new app there before anything else opens.',
    { label: 'Sign in', href: facts.signIn },
    ...ifNotYou(facts),
  )
