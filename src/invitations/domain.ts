/** Whether an organization lets an address in: exactly one of its domains, or any where it names none. */
export const isAllowed = (emailKey: string, allowed: readonly string[]): boolean =>
  allowed.length === 0 || allowed.includes(emailKey.slice(emailKey.lastIndexOf('@') + 1))

export const whyNotAllowed = (allowed: readonly string[]): string =>
  `Only addresses of ${allowed.join(', ')} may be invited to this organization`
