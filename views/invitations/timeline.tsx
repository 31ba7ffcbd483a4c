import type { Child } from 'hono/jsx'
import type { Invitation } from '../../src/invitations/panel.ts'
import { type Entry, timelineOf } from '../../src/invitations/timeline.ts'
import { exactly, shortly } from '../parts/time.tsx'

type Words = { label: string; mark?: string; note?: (invitation: Invitation) => Child }

const quoted = (reason: string) =>
  reason && (
    <>
      : <q>{reason}</q>
    </>
  )

const words: Record<Entry['act'], Words> = {
  'invitation.sent': { label: 'Created' },
  'invitation.approved': { label: 'Approved', mark: 'active' },
  'invitation.denied': { label: 'Denied', mark: 'rejected' },
  'invitation.resent': { label: 'Sent again' },
  'invitation.reminded': { label: 'Reminded' },
  'invitation.opened': { label: 'Opened' },
  'invitation.address_corrected': { label: 'Address corrected' },
  'invitation.link_copied': { label: 'Link copied' },
  'invitation.link_asked': { label: 'New link asked for' },
  'invitation.accepted': { label: 'Accepted', mark: 'active' },
  'invitation.declined': { label: 'Declined', mark: 'rejected' },
  'invitation.revoked': { label: 'Revoked', mark: 'revoked' },
  'invitation.returned': { label: 'Back to approval', mark: 'approval' },
  queued: { label: 'Mail queued' },
  accepted: { label: 'Accepted by the mail server', mark: 'active' },
  delayed: { label: 'Delayed by the mail server', mark: 'suspended' },
  refused: { label: 'Refused by the mail server', mark: 'rejected' },
  bounced: { label: 'Sent back by a mail server', mark: 'rejected' },
  expired: { label: 'Expired', mark: 'expired' },
}

/** What happened to an invitation, in its order (design/README.md, ".time"). */
export const Timeline = ({ invitation, now, zone }: { invitation: Invitation; now: Date; zone: string }) => (
  <ol class="time">
    {timelineOf(invitation, now).map((entry) => {
      const { label, mark } = words[entry.act]
      return (
        <li class={mark ? `st ${mark}` : 'st'}>
          <b>{label}</b> <time datetime={entry.at.toISOString()}>{shortly(entry.at, now, zone)}</time>
          {(entry.by || entry.note || entry.reason) && (
            <p>
              {entry.by && (
                <>
                  by <bdi>{entry.by}</bdi>
                </>
              )}
              {quoted(entry.reason)}
              {entry.by && entry.note && '. '}
              {entry.note}
            </p>
          )}
          {entry.answer && <samp>{entry.answer}</samp>}
        </li>
      )
    })}
  </ol>
)

/** The zone of the times, said once. */
export const zoneOf = (now: Date, zone: string): string => {
  const { offset } = exactly(now, zone)
  return offset ? `UTC${offset}` : 'UTC'
}
