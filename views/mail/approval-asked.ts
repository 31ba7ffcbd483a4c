import type { Facts } from '../../src/mail/facts.ts'
import { letter } from './letter.tsx'
import { roleName, somebody, whoIsInvited } from './words.ts'

/** To those who may approve. */
export const approvalAsked = (facts: Facts) =>
  letter(
    facts,
    'An invitation waits for approval',
    `${somebody(facts.sender)} wants to invite ${whoIsInvited(facts)} to ${facts.organization}, as ${roleName(facts.role)}. Nothing is sent before somebody approves.`,
    ...(facts.page ? [{ label: 'Open the invitation', href: facts.page }] : []),
  )
