import { fullName } from '../platform/access/actor.ts'
import { type EventName, events } from '../platform/events/catalogue.ts'
import type { Answer } from './letters.ts'
import type { Invitation } from './panel.ts'
import { statusAt } from './rules.ts'

type Act = Extract<EventName, `invitation.${string}`> | Answer['kind'] | 'queued' | 'expired'

/** One line of the timeline: what, when, by whom, why, and what the mail server said. */
export type Entry = { act: Act; at: Date; by: string; reason: string; note: string; answer: string }

const isTold = (act: string): act is Extract<EventName, `invitation.${string}`> =>
  act.startsWith('invitation.') && Object.hasOwn(events, act)

const entry = (act: Act, at: Date | string, more: Partial<Entry> = {}): Entry => ({
  act,
  at: new Date(at),
  by: '',
  reason: '',
  note: '',
  answer: '',
  ...more,
})

/** What follows from an act and isn't seen from its name. */
const notes: Partial<Record<Act, string>> = {
  'invitation.resent': 'Older links stopped working',
  'invitation.address_corrected': 'Older links stopped working',
  'invitation.returned': 'Nobody who answers for it could still give what it offers',
}

/** Who did it, as far as it says more than the act: nobody for what the invitee does or what happens by itself. */
const doer = (told: Invitation['told'][number]): string => {
  if (told.how === 'support') return 'support staff'
  if (told.how === 'operator') return 'the operator'
  const byInvitee = ['invitation.accepted', 'invitation.declined', 'invitation.opened', 'invitation.link_asked']
  return told.by && !byInvitee.includes(told.act) ? fullName(told.by) : ''
}

function toldEntries(invitation: Invitation): Entry[] {
  const decisions = ['invitation.denied', 'invitation.declined', 'invitation.approved']
  // The row keeps the reason of the last decision alone; the log has no free text.
  const decision = invitation.told.find(({ act }) => decisions.includes(act))
  const found = invitation.told.flatMap((one): Entry[] =>
    isTold(one.act)
      ? [
          entry(one.act, one.at, {
            by: doer(one),
            reason: one === decision ? invitation.reason : '',
            note: notes[one.act] ?? '',
          }),
        ]
      : [],
  )
  const has = (act: Act) => found.some((one) => one.act === act)
  // Rows from before there was a log of them tell it by themselves.
  if (!has('invitation.sent'))
    found.push(entry('invitation.sent', invitation.created_at, { by: invitation.sender_name }))
  const { decided_at, approval, decider } = invitation
  if (decided_at && !decision && (approval === 'approved' || approval === 'denied'))
    found.push(
      entry(`invitation.${approval}`, decided_at, { by: decider ? fullName(decider) : '', reason: invitation.reason }),
    )
  return found
}

const letterEntries = ({ letters }: Invitation): Entry[] =>
  letters.flatMap((letter) => [
    entry('queued', letter.created_at, letter.template.includes('reminder') ? { note: 'The reminder' } : {}),
    ...letter.answers.map(({ kind, at, answer }) => entry(kind, at, { answer })),
  ])

/** The latest entries that a panel shows. */
const most = 100

/** What happened to the invitation, oldest first; that it expired is a matter of the clock. */
export function timelineOf(invitation: Invitation, now: Date): Entry[] {
  const entries = [...toldEntries(invitation), ...letterEntries(invitation)]
  if (statusAt(invitation, now) === 'expired' && invitation.expires_at)
    entries.push(entry('expired', invitation.expires_at))
  const rank = (one: Entry) => (one.act.includes('.') ? 0 : 1)
  return entries.sort((a, b) => a.at.getTime() - b.at.getTime() || rank(a) - rank(b)).slice(-most)
}
