import type { Facts } from '../../src/mail/facts.ts'
import { letter, moment } from './letter.tsx'
import { roleName, somebody } from './words.ts'

/** To somebody who may never have heard of us: who asks, for what, until when. */
export const invitation = (facts: Facts, subject = 'You are invited to Rollcall', again = false) => {
  const { organization, sender, role, message, link, until, zone } = facts
  return letter(
    facts,
    subject,
    again
      ? `${somebody(sender)} invited you to ${organization}, as ${roleName(role)}, and you haven’t answered yet.`
      : `${somebody(sender)} invites you to ${organization}, as ${roleName(role)}.`,
    ...(message ? ['They write:', { quote: message }] : []),
    'This link shows what you are invited to. Nothing happens before you accept there; you can decline, too.',
    ...(link ? [{ label: 'Look at the invitation', href: link }] : []),
    ...(until ? [`It works once, for you alone, until ${moment(until, zone)}.`] : []),
    'If you don’t know the organization, you need do nothing: the invitation ends by itself.',
  )
}
