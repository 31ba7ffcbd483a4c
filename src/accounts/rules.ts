/** How long the link works that confirms a new address, in ms. */
export const confirmFor = 60 * 60_000

/** What keeps this from being a username, as a sentence, or null. Without an @ it can't be taken for an email address. */
export function usernameProblem(username: string): string | null {
  const length = [...username].length
  if (username.includes('@')) return 'A username can’t have an @: that is what tells it from an email address'
  if (length < 3 || length > 50) return 'A username has 3 to 50 characters'
  if (!/^[\p{L}\p{N}\p{M}._-]+$/u.test(username)) return 'A username can have letters, figures and . _ -'
  return null
}
