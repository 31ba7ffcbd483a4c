/** Why an organization doesn't let an address in, as a sentence: it is of none of its domains, exactly. Null: it is, or every one is let in. */
export const whyNotAllowed = (emailKey: string, allowed: readonly string[]): string | null =>
  allowed.length === 0 || allowed.includes(emailKey.slice(emailKey.lastIndexOf('@') + 1))
    ? null
    : `Only addresses of ${allowed.join(', ')} may be invited to this organization`
