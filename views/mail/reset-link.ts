import type { Facts } from '../../src/mail/facts.ts'
import { letter, moment } from './letter.tsx'

/** The link with which its reader chooses a new password. */
export const resetLink = (facts: Facts) =>
  letter(
    facts,
    'Choose a new password',
    facts.stopped
      ? 'The password that you had was stopped and doesn’t work anymore. With this link you choose a new one.'
      : 'With this link you choose a new password. You are signed out everywhere when you do.',
    ...(facts.link ? [{ label: 'Choose a new password', href: facts.link }] : []),
    ...(facts.until
      ? [`It works once, until ${moment(facts.until, facts.zone)}. Older links don’t work anymore.`]
      : []),
    facts.stopped
      ? 'Pass the link on to nobody: whoever has it can choose your password. If you didn’t expect this, ask an administrator of your organization.'
      : 'If it wasn’t you who asked for it and you don’t need a new password, do nothing: the old one goes on. Pass the link on to nobody: whoever has it can choose your password.',
  )
