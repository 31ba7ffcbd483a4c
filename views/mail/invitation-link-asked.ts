import type { Facts } from '../../src/mail/facts.ts'
import { letter } from './letter.tsx'
import { whoIsInvited } from './words.ts'

/** To whoever invited somebody: the invitee can’t get a new link without them. */
export const invitationLinkAsked = (facts: Facts) =>
  letter(
    facts,
    'A new link is asked for',
    `${whoIsInvited(facts)} opened a link of your invitation to ${facts.organization} that doesn’t work, and asks for a new one.`,
    'If they should still join, resend the invitation.',
    ...(facts.page ? [{ label: 'Open the invitation', href: facts.page }] : []),
  )
