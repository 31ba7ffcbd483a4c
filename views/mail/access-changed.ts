import type { Facts } from '../../src/mail/facts.ts'
import { letter, moment } from './letter.tsx'
import { roleName } from './words.ts'

/** To somebody who may do other things from now on. */
export const accessChanged = (facts: Facts) =>
  letter(
    facts,
    'Your access was changed',
    `What you may do in ${facts.organization} was changed on ${moment(facts.at, facts.zone)}. You are ${roleName(facts.role)} there now, ${facts.manages ? 'and manage' : 'in'} the group ${facts.group}.`,
    'All that you hold stands in your own details there. If you didn’t expect this, ask an administrator of the organization.',
    { label: 'Sign in', href: facts.signIn },
  )
