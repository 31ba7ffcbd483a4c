import type { Facts } from '../../src/mail/facts.ts'
import { letter } from './letter.tsx'
import { whoIsInvited } from './words.ts'

/** To whoever invited somebody: the letter didn’t arrive. */
export const mailFailed = (facts: Facts) =>
  letter(
    facts,
    'A letter could not be delivered',
    `The invitation of ${whoIsInvited(facts)} to ${facts.organization} couldn’t be delivered: the mail server refused it. They haven’t got it.`,
    'What the server said stands with the invitation. There you can correct the address and send it again.',
    ...(facts.page ? [{ label: 'Open the invitation', href: facts.page }] : []),
  )
