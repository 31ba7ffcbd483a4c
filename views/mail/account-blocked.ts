import type { Facts } from '../../src/mail/facts.ts'
import { letter, moment } from './letter.tsx'
import { whoTriedCodes } from './words.ts'

/** The block is told by letter alone, never to a stranger at the door. */
export const accountBlocked = (facts: Facts) => {
  const { secondStep, managed } = facts
  return letter(
    facts,
    'Your account is blocked',
    `Too many wrong ${secondStep ? 'codes of the second step' : 'passwords'} in a row were tried for your account ${facts.email}, so it has been blocked since ${moment(facts.at, facts.zone)}: nobody can sign in to it, and every session has ended. Your password was not changed.`,
    ...(secondStep ? [whoTriedCodes] : []),
    `The block ends when you choose a new password, by a link that we send you${secondStep ? '; it asks for a code of your app, or a backup code' : ''}. ${
      managed
        ? 'An administrator of your organization can also unblock you, and your password stays as it is.'
        : 'An administrator of an organization that you are in can send you such a link, too.'
    }`,
    { label: 'Choose a new password', href: facts.forgotten },
    secondStep
      ? 'If it wasn’t you, don’t keep the password: choose a new one, and tell an administrator.'
      : 'If it wasn’t you who tried: whoever did hasn’t found your password. Tell an administrator.',
    { label: 'Can’t sign in?', href: facts.cannotSignIn },
  )
}
