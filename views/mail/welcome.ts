import type { Facts } from '../../src/mail/facts.ts'
import { letter, moment } from './letter.tsx'

/** To somebody who was added: how they get in. Never with a password. */
export const welcome = (facts: Facts) => {
  const { organization, to, link, until, zone, signIn } = facts
  return letter(
    facts,
    'Welcome to Rollcall',
    `You were added to ${organization}. You sign in with this address: ${to}`,
    ...(link
      ? [
          'First choose a password, which nobody but you will know:',
          { label: 'Choose your password', href: link },
          ...(until ? [`The link works once, until ${moment(until, zone)}.`] : []),
        ]
      : ['Whoever added you tells you your first password. It works for one sign-in, and you choose your own there:']),
    { label: 'Sign in', href: signIn },
    'If you didn’t expect this and don’t know the organization, you need do nothing.',
  )
}
