import type { Facts } from '../../src/mail/facts.ts'
import { day } from '../parts/time.tsx'
import { letter } from './letter.tsx'

/** To a member who lacks two-factor, 7 days and 1 day before they need it. */
export const twoFactorRequired = (facts: Facts) =>
  letter(
    facts,
    'Two-factor will be required',
    `From ${day(facts.neededFrom)} on, ${facts.organization} requires two-factor, and your account ${facts.email} doesn’t have it. From then on you get nothing but the page that turns it on.`,
    'It takes two minutes now: you need an app on your phone or computer that makes six-digit codes.',
    { label: 'Turn on two-factor', href: facts.page ?? facts.signIn },
  )
