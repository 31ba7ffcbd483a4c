import type { Facts } from '../../src/mail/facts.ts'
import { letter, moment } from './letter.tsx'

/** To somebody whom the operator made support staff, or took it from. */
export const supportChanged = (facts: Facts) =>
  letter(
    facts,
    facts.begun ? 'You are support staff' : 'You are no longer support staff',
    facts.begun
      ? `Your account ${facts.email} is support staff’s since ${moment(facts.at, facts.zone)}. You see people and invitations of the organizations that allow it. Links and first passwords that organizations gave for the account have ended.`
      : `Your account ${facts.email} isn’t support staff’s anymore since ${moment(facts.at, facts.zone)}. Organizations that you are in go on.`,
    'If you didn’t expect this, ask the operator of this installation.',
    { label: 'Sign in', href: facts.signIn },
  )
