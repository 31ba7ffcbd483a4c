import type { Facts } from '../../src/mail/facts.ts'
import { letter } from './letter.tsx'
import { whoIsInvited } from './words.ts'

/** To whoever invited somebody. */
export const invitationDeclined = (facts: Facts) =>
  letter(
    facts,
    'Your invitation was declined',
    `${whoIsInvited(facts)} declined your invitation to ${facts.organization}.`,
    ...(facts.reason ? ['The reason that they gave:', { quote: facts.reason }] : []),
    ...(facts.page ? [{ label: 'Open the invitation', href: facts.page }] : []),
  )
