import { dayOf as dayOfDate } from '../../platform/access/status.ts'
import type { Person } from './people.ts'
import { choice } from './random.ts'

type Next = () => number

const hour = 3_600_000
const day = 24 * hour

const dayOf = (time: number) => dayOfDate(new Date(time))
const chooseOutcome = choice({
  pending_activation: 50,
  pending_approval: 10,
  expired: 24,
  rejected: 9,
  revoked: 7,
})

/** Somebody who hasn't answered yet, or never will: whoever was denied, revoked or has declined is among the removed. */
export function invite(person: Person, today: number, next: Next): void {
  const outcome = chooseOutcome(next)
  const validity = (next() < 0.8 ? 7 : 14) * day
  const asked = next() < 0.3
  const open = outcome === 'pending_activation' || outcome === 'pending_approval'
  // An open invitation is younger than its validity; the history goes back most of a year.
  const sent = today - Math.floor(open ? next() * (validity - hour) : validity + hour + next() ** 2 * 300 * day)
  const created = sent - (asked ? Math.floor(next() * 2 * day) : 0)
  const denied = outcome === 'rejected' && asked && next() < 0.4
  const waiting = outcome === 'pending_approval'
  const mailed = !waiting && !denied
  person.createdAt = new Date(created)
  person.invitation = {
    // Most invitations expire by themselves: the row still says pending.
    status: outcome === 'expired' && next() < 0.7 ? 'pending_activation' : outcome,
    approval: waiting ? 'waiting' : denied ? 'denied' : asked ? 'approved' : 'not_needed',
    createdAt: new Date(created),
    decidedAt: asked && !waiting ? new Date(sent) : null,
    sentAt: mailed ? new Date(sent) : null,
    expiresAt: mailed ? new Date(sent + validity) : null,
    generation: mailed && next() < 0.15 ? 2 : 1,
    reason: denied ? 'Not one of our contractors anymore' : '',
  }
  if (outcome !== 'rejected' && outcome !== 'revoked') return
  person.status = 'removed'
  person.removedAt = denied ? new Date(sent) : new Date(sent + Math.floor(next() * validity))
}

/** Somebody with an account, from the day they came to the last time they were seen. */
export function join(person: Person, today: number, next: Next): void {
  const { status, role } = person
  const byInvitation = next() < 0.6
  const age = (status === 'ended' ? 3 * day : 2 * hour) + next() ** 1.3 * 5 * 365 * day
  const created = Math.floor(today - (status === 'not_started' ? Math.min(age, 30 * day * next() + 2 * hour) : age))
  const joined = byInvitation ? created + Math.floor(Math.min(7 * day, today - created) * next() ** 2) : created
  /** Something that happened to them since, rather lately. */
  const since = () => Math.floor(today - (today - joined) * next() ** 2 * 0.9)

  person.createdAt = new Date(created)
  person.joinedAt = new Date(joined)
  let until = today
  if (status === 'suspended') {
    until = since()
    person.suspendedAt = new Date(until)
  } else if (status === 'blocked') {
    until = Math.max(joined, today - Math.floor(next() ** 2 * 30 * day))
    person.blockedAt = new Date(until)
  } else if (status === 'removed') {
    until = since()
    person.removedAt = new Date(until)
  } else if (status === 'ended') {
    person.endsOn = dayOf(Math.min(Math.max(since(), joined + day), today - day))
    until = Math.max(joined, Date.parse(person.endsOn))
  } else if (status === 'not_started') person.startsOn = dayOf(today + day + next() * 60 * day)

  const seen = status !== 'not_started' && next() < 0.95
  if (seen) person.lastActiveAt = new Date(Math.floor(until - Math.min(400 * day, until - joined) * next() ** 4))
  if (byInvitation || (seen && next() < 0.8)) person.verifiedAt = new Date(joined)
  if (next() < 0.55) person.twoFactorAt = new Date(Math.floor(joined + (until - joined) * next()))

  if (person.startsOn === null && next() < 0.25)
    person.startsOn = dayOf(Math.min(created, Date.parse(person.endsOn ?? '9999-12-31')))
  if (person.endsOn === null && role !== 'admin' && next() < 0.08)
    person.endsOn = dayOf(Math.max(today, Date.parse(person.startsOn ?? '1970-01-01')) + (1 + next() * 500) * day)

  if (byInvitation) {
    const asked = next() < 0.3
    const sent = Math.floor(created + (asked ? (joined - created) * next() : 0))
    person.invitation = {
      status: 'active',
      approval: asked ? 'approved' : 'not_needed',
      createdAt: new Date(created),
      decidedAt: asked ? new Date(sent) : null,
      sentAt: new Date(sent),
      expiresAt: new Date(sent + 7 * day),
      generation: next() < 0.1 ? 2 : 1,
      reason: '',
    }
  }
}
