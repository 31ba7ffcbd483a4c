import type { Facts } from '../../src/mail/facts.ts'
import { letter, moment } from './letter.tsx'

/** To the new address of an account: is it theirs? Whoever has an account with it already hears that here alone. */
export const emailConfirmation = (facts: Facts) =>
  facts.taken
    ? letter(
        facts,
        'Your email address was entered again',
        `Somebody wants ${facts.to} to be the address of another account. It is in use here already, so nothing changes, and there is nothing to confirm.`,
        'If it was you: sign in with this address, or have the other account take a different one. If it wasn’t, do nothing.',
        { label: 'Sign in', href: facts.signIn },
      )
    : letter(
        facts,
        'Confirm your email address',
        `${facts.to} is to be the address of your account. Until you confirm it, nothing changes.`,
        ...(facts.link ? [{ label: 'Confirm this address', href: facts.link }] : []),
        ...(facts.until ? [`The link works once, until ${moment(facts.until, facts.zone)}.`] : []),
        'If you have no account here, somebody mistyped their address: do nothing.',
      )
