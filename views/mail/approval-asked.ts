import type { Facts } from '../../src/mail/facts.ts'
import { letter } from './letter.tsx'
import { roleName, somebody, whoIsInvited } from './words.ts'

const nothingYet = 'Nothing is sent before somebody approves.'

/** Several that wait at once: some by name. */
const several = (facts: Facts, waiting: NonNullable<Facts['waiting']>) => {
  const { moreWaiting: more, organization, page } = facts
  return letter(
    facts,
    'Invitations wait for approval',
    `Invitations to ${organization} wait for approval. ${nothingYet}`,
    ...waiting.map((one) => `${whoIsInvited(one)}, as ${roleName(one.role)}, invited by ${somebody(one.sender)}`),
    ...(more > 0 && waiting.length > 0 ? [`and ${more === 1 ? 'one other' : `${more} others`}`] : []),
    ...(page ? [{ label: 'Open those that wait', href: page }] : []),
  )
}

/** To those who may approve. */
export const approvalAsked = (facts: Facts) =>
  facts.waiting
    ? several(facts, facts.waiting)
    : letter(
        facts,
        'An invitation waits for approval',
        `${somebody(facts.sender)} wants to invite ${whoIsInvited(facts)} to ${facts.organization}, as ${roleName(facts.role)}. ${nothingYet}`,
        ...(facts.page ? [{ label: 'Open the invitation', href: facts.page }] : []),
      )
