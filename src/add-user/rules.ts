import { type ApprovalRule, needsApproval } from '../invitations/rules.ts'
import { mustBeInvited, type Owner, onlyInvited } from '../members/new/draft.ts'
import type { Actor } from '../platform/access/actor.ts'

/** What an organization holds those to whom somebody invites, and so those whom somebody adds. */
export type InvitingRules = { allowed_domains: string[]; invitation_approval: string }

/**
 * Why somebody can only be invited, as a sentence; null where the actor may add them now. Where others approve whom the actor
 * invites, adding would pass them by.
 */
export function whyOnlyInvited(actor: Actor, { owner, rules }: { owner: Owner; rules: InvitingRules }): string | null {
  if (mustBeInvited(owner)) return onlyInvited
  return needsApproval(rules.invitation_approval as ApprovalRule, actor.membership.organizationRole)
    ? 'Whoever you let in needs somebody’s approval, so they get an invitation'
    : null
}
