import type { Facts } from '../../src/mail/facts.ts'
import { ifNotYou, letter } from './letter.tsx'

/** To the owner of an account that soon has no other way in than the app. */
export const backupCodesLow = (facts: Facts) =>
  letter(
    facts,
    'Few backup codes are left',
    `Your account ${facts.email} has ${facts.codesLeft} backup codes left. Make new ones under Security, as long as you have your app: without it and without a code you can’t sign in.`,
    { label: 'Sign in', href: facts.signIn },
    ...ifNotYou(facts),
  )
