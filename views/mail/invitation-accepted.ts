import type { Facts } from '../../src/mail/facts.ts'
import { letter } from './letter.tsx'
import { whoIsInvited } from './words.ts'

/** To whoever invited somebody. */
export const invitationAccepted = (facts: Facts) =>
  letter(
    facts,
    'Your invitation was accepted',
    `${whoIsInvited(facts)} accepted your invitation and is a member of ${facts.organization} now.`,
    ...(facts.page ? [{ label: 'Open the invitation', href: facts.page }] : []),
  )
