import { isStillAsked } from '../accounts/giver.ts'
import type { Config } from '../platform/config.ts'
import type { Db } from '../platform/database/connect.ts'
import { shortId } from '../platform/ids.ts'
import { type LinkKind, signLink } from '../platform/links.ts'
import { type Template, templates } from '../platform/mail/outbox.ts'
import type { Ready } from '../platform/mail/worker.ts'
import { countTries, limitKey, perMailbox } from '../platform/web/limits.ts'
import type { Facts, Written } from './facts.ts'
import { mostNamed, type WaitingLetter, waitingLetters } from './queries.ts'
import { takesTurn, whyNot } from './rules.ts'

export type Letters = Record<Template, (facts: Facts) => Written>

type Place = { config: Pick<Config, 'publicUrl'>; key: Buffer }

const dateOf = (text: unknown): Date | null => (text ? new Date(String(text)) : null)
const nameOf = (first: string, last: string) => [first, last].filter(Boolean).join(' ')

/** A link is signed here and nowhere else kept: it stands in the letter alone. A mailed one proves the address (data-model.md). */
function linkOf(letter: WaitingLetter, { key }: Place): { path: string; until: Date | null } | null {
  const { template, generation, invitation, account } = letter
  if (generation === null) return null
  const sign = (kind: LinkKind, id: string) => signLink({ kind, id, generation, channel: 'mail' }, key)
  if ((template === 'invitation' || template === 'invitation_reminder') && invitation)
    return { path: `/join/${sign('invitation', invitation.id)}`, until: dateOf(invitation.expires_at) }
  if ((template === 'reset_link' || template === 'welcome') && account)
    return { path: `/reset-password/${sign('reset', account.id)}`, until: dateOf(account.reset_expires_at) }
  if (template === 'email_changed' && account?.restorable_until)
    return { path: `/restore-email/${sign('former_email', account.id)}`, until: dateOf(account.restorable_until) }
  if (template === 'email_confirmation' && account && !account.new_email_taken)
    return { path: `/confirm-email/${sign('email', account.id)}`, until: dateOf(account.new_email_expires_at) }
  return null
}

/** How many invitations a letter tells of. */
const toldOf = ({ data }: WaitingLetter): { all: number; named: number } => {
  const { invitations = 1, named = [] } = (data ?? {}) as { invitations?: number; named?: unknown[] }
  return { all: invitations, named: named.length }
}
const moreThanNamed = (letter: WaitingLetter): number => {
  const { all, named } = toldOf(letter)
  return named > 0 ? Math.max(0, all - named) : 0
}

/** Where what the letter is about is looked at, or done. */
function pageOf(letter: WaitingLetter, at: (path: string) => string): string | null {
  const { template, invitation, slug } = letter
  if (template === 'two_factor_required') return at('/profile/security')
  if (!slug) return null
  if (template === 'two_factor_exemptions_ending') return at(`/o/${slug}/settings/security/two-factor`)
  if (toldOf(letter).named > 1) return at(`/o/${slug}/invitations?status=pending_approval`)
  return invitation && at(`/o/${slug}/invitations/${shortId(invitation.id)}`)
}

function factsOf(letter: WaitingLetter, place: Place): Facts {
  const { invitation, account, membership } = letter
  const told = (letter.data ?? {}) as Record<string, unknown>
  const at = (path: string) => new URL(path, place.config.publicUrl).href
  const link = linkOf(letter, place)
  return {
    organization: letter.organization ?? '',
    to: letter.to_address,
    at: letter.created_at,
    zone: account?.time_zone ?? 'UTC',
    link: link && at(link.path),
    until: link?.until ?? null,
    signIn: at('/sign-in'),
    cannotSignIn: at('/cannot-sign-in'),
    forgotten: at('/forgotten-password'),
    sessions: at('/profile/sessions'),
    page: pageOf(letter, at),
    invitee: invitation ? nameOf(invitation.first_name, invitation.last_name) : '',
    inviteeEmail: invitation?.email ?? '',
    sender: invitation?.sender ?? '',
    decider: invitation?.decider ?? '',
    role: invitation?.organization_role ?? membership?.organization_role ?? '',
    message: invitation?.message ?? '',
    reason: invitation?.reason ?? '',
    email: account?.email ?? '',
    newEmail: account?.new_email ?? '',
    taken: account?.new_email_taken === true,
    secondStep: told.second_step === true,
    replaced: told.replaced === true,
    codesLeft: Number(told.left ?? 0),
    begun: told.begun === true,
    stopped: told.stopped === true,
    managed: account?.managed ?? false,
    device: String(told.device ?? ''),
    address: String(told.address ?? ''),
    member: membership ? nameOf(membership.first_name, membership.last_name) || membership.email : '',
    group: membership?.group ?? '',
    manages: membership?.manages_group ?? false,
    endsOn: String(told.ends_on ?? ''),
    admins: (membership?.admins ?? []).map(({ first_name, last_name, email }) => ({
      name: nameOf(first_name, last_name),
      email,
    })),
    neededFrom: String(told.from ?? ''),
    exemptions: letter.exemptions.map((one) => ({
      name: nameOf(one.first_name, one.last_name) || one.email,
      until: one.until,
    })),
    moreExemptions: Array.isArray(told.membership_ids) ? Math.max(0, told.membership_ids.length - mostNamed) : 0,
    waiting:
      toldOf(letter).named > 1
        ? letter.waiting.map((one) => ({
            invitee: nameOf(one.first_name, one.last_name),
            inviteeEmail: one.email,
            sender: one.sender_name,
            role: one.organization_role,
          }))
        : null,
    moreWaiting: moreThanNamed(letter),
  }
}

/** As the rules look at it: what comes as JSON has its times as text. */
const subjectOf = ({ invitation, account, ...letter }: WaitingLetter) => ({
  ...letter,
  moreWaiting: moreThanNamed({ invitation, account, ...letter }),
  endsOn: ((letter.data ?? {}) as { ends_on?: string }).ends_on ?? null,
  neededFrom: (letter.data as { from?: unknown } | null)?.from ?? null,
  invitation: invitation && { ...invitation, expires_at: dateOf(invitation.expires_at) },
  account: account && {
    ...account,
    blocked_at: dateOf(account.blocked_at),
    reset_expires_at: dateOf(account.reset_expires_at),
    new_email_expires_at: isStillAsked(account) ? dateOf(account.new_email_expires_at) : null,
  },
})

const isKnown = (template: string): template is Template => (templates as readonly string[]).includes(template)

function readyOf(letter: WaitingLetter, place: Place, letters: Letters, now: Date): Ready {
  const { id, template, invitation, organization_id } = letter
  const canceled = isKnown(template) ? whyNot(subjectOf(letter), now) : 'No letter of this kind is known.'
  if (canceled !== null || !isKnown(template)) return { id, canceled: canceled ?? '' }
  const facts = factsOf(letter, place)
  const toInvitee = template === 'invitation' || template === 'invitation_reminder'
  const sender = toInvitee ? invitation?.sender_email : null
  return {
    id,
    message: { to: { name: toInvitee ? facts.invitee : '', address: letter.to_address }, ...letters[template](facts) },
    attempts: letter.attempts,
    since: letter.since,
    // Whoever invited somebody hears that the letter didn't arrive; of a letter that tells that, nobody hears.
    failed:
      sender && invitation
        ? [{ organizationId: organization_id, template: 'mail_failed', to: sender, invitationId: invitation.id }]
        : [],
  }
}

/**
 * What the worker sends: the letters of these ids that are waiting, written now; or why they aren't sent, or not yet: no address gets
 * more than ten an hour that others caused, whoever sends.
 */
export const readyWith =
  (db: Db, place: Place, letters: Letters) =>
  async (ids: string[], now: Date): Promise<Ready[]> => {
    const waiting = await waitingLetters(db, ids, now)
    const found = waiting.map((letter) => readyOf(letter, place, letters, now))
    let left = waiting.flatMap((letter, n) =>
      'message' in (found[n] as Ready) && takesTurn(letter) ? [{ letter, n }] : [],
    )
    // Each address once in a statement; hardly ever is there more than one letter to it.
    while (left.length > 0) {
      const turn = new Map(left.toReversed().map((one) => [one.letter.to_key, one]))
      const keys = [...turn.keys()].map((to) => limitKey(place.key, perMailbox, to))
      const counted = await countTries(db, keys, perMailbox, now)
      for (const [at, { letter, n }] of [...turn.values()].entries()) {
        const tried = counted[at]
        if (tried && !tried.counted) found[n] = { id: letter.id, later: tried.seconds }
      }
      left = left.filter((one) => turn.get(one.letter.to_key) !== one)
    }
    return found
  }
