import type { Facts } from '../../src/mail/facts.ts'
import { letter } from './letter.tsx'
import { somebody, whoIsInvited } from './words.ts'

/** To whoever invited somebody. */
export const invitationApproved = (facts: Facts) =>
  letter(
    facts,
    'Your invitation was approved',
    `${somebody(facts.decider)} approved your invitation of ${whoIsInvited(facts)} to ${facts.organization}. The letter to them is on its way.`,
    ...(facts.page ? [{ label: 'Open the invitation', href: facts.page }] : []),
  )
