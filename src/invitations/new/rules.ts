import type { Access, Choices } from '../../members/access/rules.ts'
import type { Regions } from '../../members/edit/rules.ts'
import { chosenAccess, decideFirst, type FirstErrors, ownGroupOnly, type Place } from '../../members/new/draft.ts'
import { type Actor, fullName } from '../../platform/access/actor.ts'
import { NotAllowed } from '../../platform/web/failures.ts'
import { whyNotAllowed } from '../domain.ts'
import { mayInviteTo } from '../givers.ts'
import { day, statusAt } from '../rules.ts'
import { domainOf, lookAlike } from './domains.ts'

/** What somebody is invited to. */
export type Asked = Access & Place

/** Who has an address here: somebody present, or invited. */
export type Present = {
  id: string
  first_name: string
  last_name: string
  email: string
  email_key: string
  status: string
  invite: string
  invite_expires_at: string | null
  seen: boolean
}
/** An invitation that stands as open in its row; by the clock it may have expired. */
export type Open = { id: string; email_key: string; status: string; expires_at: string | null; seen: boolean }

export type Known = { present: Present[]; open: Open[]; allowed: string[]; trusted: string[] }

export type Outcome = 'new' | 'member' | 'invited' | 'hidden' | 'wrong' | 'domain' | 'looks' | 'twice' | 'many'

/** Where an address that can't be invited is to be looked at. */
export type See = { path: 'members' | 'invitations'; id: string; name: string }
export type Judged = { outcome: Outcome; why: string | null; see: See | null; membership: Present | null }

const open = (now: Date, invite: { status: string; expires_at: string | null }) =>
  ['pending_approval', 'pending_activation'].includes(statusAt(invite, now))

/** What becomes of an invitation to this address: 'new' goes out, 'looks' when somebody has looked twice; the others never. */
export function judge(known: Known, emailKey: string, now: Date): Judged {
  const one = known.present.find(({ email_key }) => email_key === emailKey) ?? null
  const sent = known.open.find((other) => other.email_key === emailKey && open(now, other)) ?? null
  const no = (outcome: Outcome, why: string, see: See | null = null): Judged => ({ outcome, why, see, membership: one })
  const person = one?.seen ? ({ path: 'members', id: one.id, name: fullName(one) } as const) : null
  if (one && one.status !== 'invited')
    return person ? no('member', 'Somebody with this address is a member already', person) : no('hidden', hidden)
  if (sent || (one && open(now, { status: one.invite, expires_at: one.invite_expires_at }))) {
    const see = sent?.seen ? ({ path: 'invitations', id: sent.id, name: 'the invitation' } as const) : person
    return see ? no('invited', 'Somebody with this address has been invited already', see) : no('hidden', hidden)
  }
  const shut = whyNotAllowed(emailKey, known.allowed)
  if (shut) return no('domain', shut)
  const like = lookAlike(domainOf(emailKey), [...known.allowed, ...known.trusted])
  return { outcome: like ? 'looks' : 'new', why: like, see: null, membership: one }
}

/** Of people whom somebody doesn't see, nothing is told but that it is no use. */
const hidden = 'You can’t invite this address. Ask somebody who sees all members'

/** What is offered, or why this person can't offer it. A Group manager offers the own group, as Member, and nothing else. */
export function decideOffer(
  actor: Actor,
  { choices, regions }: { choices: Choices; regions: Regions },
  typed: Asked | undefined,
): { errors: FirstErrors; access?: never } | { errors?: never; access: Asked } {
  const asked = chosenAccess(actor, { access: typed }, choices)
  const decision = decideFirst(actor, choices, regions, asked)
  if (decision.errors) return decision
  if (!mayInviteTo(actor, decision.access)) throw new NotAllowed('members.invite')
  return decision
}

export { ownGroupOnly }

/** Until when an invitation of so many days can be accepted, from this moment. */
export const expiryOf = (now: Date, days: number): Date => new Date(now.getTime() + days * day)
