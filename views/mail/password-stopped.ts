import type { Facts } from '../../src/mail/facts.ts'
import { letter, moment } from './letter.tsx'

/** To somebody whose password an administrator ended, where the link to choose another one isn’t mailed. */
export const passwordStopped = (facts: Facts) =>
  letter(
    facts,
    'Your password was stopped',
    `An administrator of ${facts.organization} stopped the password of your account ${facts.email} on ${moment(facts.at, facts.zone)}. It doesn’t work anymore, and you were signed out everywhere.`,
    'They have a link for you with which you choose a new one. If you didn’t expect this, or nobody gives it to you, ask an administrator of the organization.',
    { label: 'Can’t sign in?', href: facts.cannotSignIn },
  )
