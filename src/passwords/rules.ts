import { fold } from '../platform/fold.ts'
import { isCommon } from './common.ts'

export const least = 15
export const most = 256

/** A link is sent again, rather than replaced, while it works for so long, in ms. */
const worthSending = 15 * 60_000

export const isSentAgain = ({ reset_expires_at: until }: { reset_expires_at: Date | null }, now: Date): boolean =>
  until !== null && until.getTime() - now.getTime() >= worthSending

/** Whose password it is to be: what is public about them is the first that somebody guesses. */
export type Whose = { email: string; organizations: readonly string[] }

/** Letters and figures alone, so that "Harbor & Vale" is found in "harborvale2026" too. */
const bare = (text: string): string => fold(text).replace(/[^\p{L}\p{N}]+/gu, '')

const holds = (password: string, word: string, from: number): boolean => {
  const folded = fold(word)
  const plain = bare(word)
  return (
    ([...folded].length >= from && fold(password).includes(folded)) ||
    ([...plain].length >= from && bare(password).includes(plain))
  )
}

/**
 * What keeps this from being somebody's password, as a sentence, or null (R-01; NIST SP 800-63B-4, 3.1.1.2): no rule about its
 * composition, only its length in code points, the list of common ones and the words of its place.
 */
export function passwordProblem(password: string, { email, organizations }: Whose): string | null {
  const length = [...password].length
  if (length < least) return `Password must have at least ${least} characters`
  if (length > most) return `Password can have at most ${most} characters`
  if (isCommon(password)) return 'Choose another password: this one is on the lists that attackers try first'
  if (holds(password, 'rollcall', 4)) return 'Password must not contain the word Rollcall'
  // Names of one or two letters stand in every other password.
  if (organizations.some((name) => holds(password, name, 3)))
    return 'Password must not contain the name of your organization'
  if (holds(password, email.slice(0, email.lastIndexOf('@')), 4))
    return 'Password must not contain the first part of your email address'
  return null
}

/** What is wrong with a new password typed twice, by field; null when nothing is. */
export function passwordErrors(
  typed: { password: string; password_again: string },
  whose: Whose,
): Record<string, string> | null {
  const problem = passwordProblem(typed.password, whose)
  if (problem) return { password: problem }
  return typed.password === typed.password_again ? null : { password_again: 'Enter the same password twice' }
}
