import { mayHelpSignIn, mayManageAccount } from '../accounts/rules.ts'
import { type Actor, can, reach } from '../platform/access/actor.ts'
import type { Permission, Right } from '../platform/access/permissions.ts'
import { dayOf } from '../platform/access/status.ts'
import { everywhere, holds, isSelf, notAbove, type Refusal, removed, type Subject } from '../platform/access/subject.ts'

const self: Refusal = { because: 'Nobody changes their own role, group, permissions or status. Ask another Admin.' }

/**
 * Names, title and phones: everybody's whom the actor may edit, a Group manager's own group included. Their own they edit in their
 * profile, where their group's locks hold for them as for its other members.
 */
export const mayEdit = (actor: Actor, subject: Subject): Refusal =>
  !can(actor, 'members.edit', subject)
    ? { needs: 'members.edit' }
    : isSelf(actor, subject) && reach(actor, 'members.edit') !== 'organization'
      ? { because: 'Your own details are in your profile.' }
      : subject.status === 'removed'
        ? removed
        : null

/** The picture that somebody put there themselves; their own they remove in their profile. */
export const mayRemovePicture = (actor: Actor, subject: Subject & { avatar: unknown }): Refusal =>
  mayEdit(actor, subject) ??
  (isSelf(actor, subject)
    ? { because: 'Your own picture is in your profile.' }
    : subject.avatar
      ? null
      : { because: 'They have no picture.' })

/** Region and area beside them, which a Group manager leaves alone. */
export const mayPlace = (actor: Actor, subject: Subject): Refusal =>
  everywhere(actor, 'members.edit') ?? (subject.status === 'removed' ? removed : null)

/** What an invitation offers is what somebody gets who accepts it, whatever was changed beside it meanwhile. */
const offered: Refusal = {
  because:
    'They were invited and get what the invitation offers. To offer something else, revoke it and invite them anew.',
}

/** Organization role, custom roles, group, Group manager and direct permissions. */
export const mayChangeAccess = (actor: Actor, subject: Subject): Refusal =>
  everywhere(actor, 'members.access') ??
  (isSelf(actor, subject)
    ? self
    : subject.status === 'removed'
      ? removed
      : subject.status === 'invited'
        ? offered
        : notAbove(actor, subject))

/** Start and end date, suspending and reactivating. */
export const mayChangeStatus = (actor: Actor, subject: Subject): Refusal =>
  everywhere(actor, 'members.edit') ??
  (isSelf(actor, subject) ? self : subject.status === 'removed' ? removed : notAbove(actor, subject))

export const maySuspend = (actor: Actor, subject: Subject & { suspended_at: unknown }): Refusal =>
  mayChangeStatus(actor, subject) ??
  (subject.suspended_at || subject.status === 'invited' ? { because: 'There is nothing to suspend.' } : null)

export const mayReactivate = (actor: Actor, subject: Subject & { suspended_at: unknown }): Refusal =>
  mayChangeStatus(actor, subject) ?? (subject.suspended_at ? null : { because: 'They aren’t suspended.' })

export const mayRemove = (actor: Actor, subject: Subject): Refusal =>
  everywhere(actor, 'members.remove') ??
  (isSelf(actor, subject)
    ? { because: 'You can’t remove yourself. Ask another Admin.' }
    : subject.status === 'removed'
      ? { because: 'They were removed already.' }
      : subject.status === 'invited'
        ? { because: 'They were invited and haven’t joined, so there is nothing to remove them from.' }
        : notAbove(actor, subject))

/** How long somebody removed can be taken back, in ms. */
export const takeBackFor = 30 * 86_400_000

/** What they held and the actor can't give stays behind (removal/coming-back.ts), so it doesn't matter here. */
export function mayTakeBack(
  actor: Actor,
  subject: Subject & { removed_at: Date | string | null; again?: unknown },
  now: Date,
): Refusal {
  const refusal = everywhere(actor, 'members.remove')
  if (refusal) return refusal
  if (!subject.removed_at) return { because: 'They weren’t removed.' }
  if (subject.again) return { because: 'They are here again, or have been invited again.' }
  if (!subject.account_id) return { because: 'They never joined. A new invitation is the way.' }
  return now.getTime() - new Date(subject.removed_at).getTime() < takeBackFor
    ? null
    : { because: 'They were removed more than 30 days ago. A new invitation is the way back.' }
}

/**
 * A reset link opens the account in every organization that it is in: whoever doesn't manage it never sees the link. It goes by letter
 * alone then, which needs a mail server.
 */
export const mayMakeLink = (actor: Actor, subject: Subject, mailing: boolean): Refusal =>
  mayHelpSignIn(actor, subject) ??
  (mailing || subject.managed
    ? null
    : {
        because:
          'They are a member elsewhere too, so a reset link may go to them by mail alone, and this installation has no mail server. Ask its operator.',
      })

export const mayUnblock = (actor: Actor, subject: Subject): Refusal =>
  mayManageAccount(actor, subject) ?? (subject.status === 'blocked' ? null : { because: 'They aren’t blocked.' })

export const mayResetTwoFactor = (actor: Actor, subject: Subject & { has_two_factor: boolean }): Refusal =>
  mayManageAccount(actor, subject) ??
  (subject.has_two_factor ? null : { because: 'They don’t have two-factor on, so there is nothing to reset.' })

/** How far ahead an exemption may reach, in days. */
export const mostExemptDays = 90

type Exemptible = Subject & { two_factor_from: string | null; has_two_factor: boolean; exempt_until: string | null }

/** From what the organization requires of everybody. It opens nothing elsewhere: each organization exempts for itself. */
const mayDecideExemption = (actor: Actor, subject: Subject): Refusal =>
  everywhere(actor, 'settings.security') ??
  (isSelf(actor, subject)
    ? { because: 'Nobody exempts themselves from two-factor. Ask another Admin.' }
    : subject.status === 'removed'
      ? removed
      : subject.account_id === null
        ? { because: 'They have no account yet.' }
        : notAbove(actor, subject))

export const mayExempt = (actor: Actor, subject: Exemptible): Refusal =>
  mayDecideExemption(actor, subject) ??
  (!subject.two_factor_from
    ? { because: 'This organization doesn’t require two-factor, so there is nothing to exempt them from.' }
    : subject.has_two_factor
      ? { because: 'They have two-factor on.' }
      : null)

/** One that is over by its date is none anymore. */
export const mayEndExemption = (actor: Actor, subject: Exemptible, now: Date): Refusal =>
  mayDecideExemption(actor, subject) ??
  (subject.exempt_until !== null && subject.exempt_until >= dayOf(now) ? null : { because: 'They aren’t exempt.' })

/**
 * What of `after` the actor can't give: permissions they don't hold, which somebody would hold, or hold anew, or hold in
 * effect only by the change from `before` (product.md, "Permissions"; R-20).
 */
export function beyond(actor: Actor, before: Right[], after: Right[], group: string): Permission[] {
  const was = new Map(before.map((right) => [right.permission, right]))
  return after
    .filter((right) => {
      const old = was.get(right.permission)
      const same =
        old && (old.effective || !right.effective) && (old.scope === 'organization' || right.scope === 'group')
      return !same && !holds(actor, right.permission, right.scope, group)
    })
    .map(({ permission }) => permission)
}

/** Pending invitations are counted so far beside the list; with more it says so. */
export const mostPending = 99

/** An invitation of somebody's place here, to whoever may see those into its group. */
export function seesInvitation(
  actor: Actor,
  { invited_into }: { invited_into: { group_id: string | null }[] },
): boolean {
  const far = reach(actor, 'invitations.view')
  const own = actor.membership.groupId
  return far !== null && invited_into.some(({ group_id }) => far === 'organization' || group_id === own)
}

/** Somebody removed who was invited and had not come; of whoever came, the place says `active`, and of whoever was added, nothing. */
export const neverJoined = ({ status, invite }: { status: string; invite: string }): boolean =>
  status === 'removed' && invite !== '' && invite !== 'active'
