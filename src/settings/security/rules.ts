import { asDomain } from '../../invitations/new/domains.ts'
import type { ApprovalRule } from '../../invitations/rules.ts'

/** What an organization decides about its invitations, and who of outside may look in. */
export type Security = {
  invitation_approval: ApprovalRule
  invitation_days: number
  invitation_reminder: boolean
  allowed_domains: string[]
  support_access: boolean
}

export const approvalChoices: Record<ApprovalRule, { label: string; help: string }> = {
  never: { label: 'Never', help: 'Invitations go out at once.' },
  unless_admin: { label: 'When the sender isn’t an Admin', help: 'Those of an Admin go out at once.' },
  always: { label: 'Always', help: 'Somebody else approves each, unless there is one Admin alone.' },
}

export const mostDomains = 50

/** The domains of a text with one a line, in ASCII and each once, or what is wrong with it. */
export function readDomains(text: string): { domains: string[]; error?: never } | { error: string; domains?: never } {
  const typed = text
    .split('\n')
    .map((one) => one.trim().replace(/[,;]$/, ''))
    .filter(Boolean)
  const domains: string[] = []
  for (const one of typed) {
    const domain = asDomain(one)
    if (!domain) return { error: `“${one.slice(0, 60)}” isn’t a domain. Enter one a line, like example.org` }
    if (!domains.includes(domain)) domains.push(domain)
  }
  return domains.length > mostDomains ? { error: `There can be at most ${mostDomains} domains` } : { domains }
}

/** Names of what differs, with old and new values but for the domains, of which the names alone are kept (data-model.md). */
export function changesOf(before: Security, after: Security): Record<string, unknown> | null {
  const pairs: Record<string, [unknown, unknown]> = {
    approval: [before.invitation_approval, after.invitation_approval],
    validity: [before.invitation_days, after.invitation_days],
    reminder: [before.invitation_reminder, after.invitation_reminder],
    support_access: [before.support_access, after.support_access],
  }
  const differ = Object.entries(pairs).filter(([, [old, now]]) => old !== now)
  const domains = before.allowed_domains.join() !== after.allowed_domains.join()
  if (differ.length === 0 && !domains) return null
  const fields = [...differ.map(([name]) => name), ...(domains ? ['allowed_domains'] : [])]
  return { fields, ...Object.fromEntries(differ) }
}
