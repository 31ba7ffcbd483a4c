import type { Facts } from '../../src/mail/facts.ts'
import { letter, momentAnywhere } from './letter.tsx'

/** To the owner of an account that a browser was signed in to which it didn’t know. */
export const newDevice = (facts: Facts) =>
  letter(
    facts,
    'New sign-in to your account',
    `Your account ${facts.email} was signed in to with a browser that it didn’t know: ${facts.device}, from the address ${facts.address}, on ${momentAnywhere(facts.at, facts.zone)}.`,
    'If it was you, do nothing: we write again only of other browsers, or when this one wasn’t used for 90 days.',
    'If it wasn’t you, somebody knows how to sign in as you: end that session, and change your password at once. Both are here:',
    { label: 'Your sessions', href: facts.sessions },
    'If you can’t sign in anymore, choose a new password by a link that we send you, and tell an administrator of your organization.',
    { label: 'Choose a new password', href: facts.forgotten },
  )
