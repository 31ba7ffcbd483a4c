import { type Actor, can } from '../platform/access/actor.ts'
import { everywhere, isSelf, notAbove, type Refusal, removed, type Subject } from '../platform/access/subject.ts'

/** How long the link works that confirms a new address, in ms. */
export const confirmFor = 60 * 60_000

/** How long an account can be given the address back that it had before a change, in ms. */
export const restoreFor = 7 * 86_400_000

/** What keeps this from being a username, as a sentence, or null. Without an @ it can't be taken for an email address. */
export function usernameProblem(username: string): string | null {
  const length = [...username].length
  if (username.includes('@')) return 'A username can’t have an @: that is what tells it from an email address'
  if (length < 3 || length > 50) return 'A username has 3 to 50 characters'
  if (!/^[\p{L}\p{N}\p{M}._-]+$/u.test(username)) return 'A username can have letters, digits and . _ -'
  return null
}

/** A reset link to the present address, and ending their sessions: for anybody with an account here. */
export const mayHelpSignIn = (actor: Actor, subject: Subject): Refusal =>
  everywhere(actor, 'members.credentials') ??
  (subject.status === 'removed'
    ? removed
    : subject.account_id === null
      ? { because: 'They have no account yet.' }
      : isSelf(actor, subject)
        ? { because: 'Your own is in your profile.' }
        : subject.is_support
          ? { because: 'They are support staff, so only they themselves and the operator change how they sign in.' }
          : notAbove(actor, subject))

/** Email, username, password and block: only where the organization manages the account. */
export const mayManageAccount = (actor: Actor, subject: Subject): Refusal =>
  mayHelpSignIn(actor, subject) ??
  (subject.managed ? null : { because: 'They are a member elsewhere too, so only they themselves can change this.' })

/** What whoever added somebody gave them for the first sign-in: for as long as they may add such a person there. */
export const mayHaveAdded = (actor: Actor, subject: Subject): Refusal =>
  !can(actor, 'members.invite', subject)
    ? { needs: 'members.invite' }
    : subject.managed && !subject.is_support && !isSelf(actor, subject)
      ? notAbove(actor, subject)
      : { because: 'They have a place elsewhere, and a sign-in of their own.' }
