import type { Facts } from '../../src/mail/facts.ts'
import { letter } from './letter.tsx'
import { somebody, whoIsInvited } from './words.ts'

/** To whoever invited somebody. */
export const invitationDenied = (facts: Facts) =>
  letter(
    facts,
    'Your invitation was denied',
    `${somebody(facts.decider)} denied your invitation of ${whoIsInvited(facts)} to ${facts.organization}. Nothing was sent to them.`,
    ...(facts.reason ? ['The reason that they gave:', { quote: facts.reason }] : []),
    ...(facts.page ? [{ label: 'Open the invitation', href: facts.page }] : []),
  )
