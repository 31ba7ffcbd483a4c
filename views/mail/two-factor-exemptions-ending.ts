import type { Facts } from '../../src/mail/facts.ts'
import { day } from '../parts/time.tsx'
import { letter } from './letter.tsx'

/** To the Admins, once before exemptions end. */
export const twoFactorExemptionsEnding = (facts: Facts) => {
  const more = facts.moreExemptions
  return letter(
    facts,
    'Two-factor exemptions are ending',
    `In ${facts.organization} these members are exempt from two-factor, and lack it, for a few days more:`,
    ...facts.exemptions.map(({ name, until }) => `${name}: until ${day(until)}`),
    ...(more > 0 ? [`And ${more === 1 ? 'one more' : `${more} more`}.`] : []),
    'After that day they get nothing but the page that turns it on. Help them to do it now, or exempt them for longer.',
    { label: 'Who is exempt', href: facts.page ?? facts.signIn },
  )
}
