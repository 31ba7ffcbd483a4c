import type { Child } from 'hono/jsx'
import type { Invitation } from '../../src/invitations/panel.ts'
import { whereIs } from '../../src/invitations/where.ts'
import { shortly } from '../parts/time.tsx'
import { firstNameOf } from './words.ts'

type Props = { invitation: Invitation; now: Date; zone: string; mails: boolean }

const domainOf = (address: string) => address.slice(address.lastIndexOf('@') + 1)
const quote = (reason: string) =>
  reason && (
    <>
      {' '}
      The reason given: <q>{reason}</q>.
    </>
  )

/** One plain paragraph: where the mail is, and what to do next. */
export function Where({ invitation, now, zone, mails }: Props): Child {
  const where = whereIs(invitation, now, mails)
  const name = <bdi>{firstNameOf(invitation)}</bdi>
  const at = (moment: Date) => shortly(moment, now, zone)
  const said = (answer: string) => answer && <> It said “{answer}”.</>
  switch (where.is) {
    case 'waiting':
      return (
        <>
          It has waited for approval{where.again && ' again'} since {at(where.since)}, and nothing{' '}
          {where.again ? 'more' : ''} is sent before. Anybody who may approve invitations
          {!invitation.sole_admin && ', except its sender,'} can approve or deny it.
        </>
      )
    case 'accepted':
      return (
        <>
          {name} accepted it{where.at && ` on ${at(where.at)}`} and is a member. There is nothing to do.
        </>
      )
    case 'declined':
      return (
        <>
          {name} declined it.{quote(where.reason)} If that was a mistake, invite them again.
        </>
      )
    case 'denied':
      return (
        <>
          It was denied{where.by && ' by '}
          {where.by && <bdi>{where.by}</bdi>}, so nothing was sent.{quote(where.reason)}
        </>
      )
    case 'revoked':
      return <>It was revoked, and its link stopped working. To have {name} join after all, invite them again.</>
    case 'expired_opened':
      return <>The link was opened and not used in time. It has expired; send it again for a new one.</>
    case 'expired_unopened':
      return (
        <>It was not opened in time and has expired. Check the address and send it again, which makes a new link.</>
      )
    case 'opened':
      return (
        <>
          The mail arrived: its link was opened on {at(where.at)}, and {name} has not accepted yet. Ask them to go on
          where they stopped; the link still works.
        </>
      )
    case 'no_mail':
      return (
        <>
          Nothing was sent by mail{!mails && ', because no mail server is set up'}. Copy the link and give it to {name}{' '}
          yourself.
        </>
      )
    case 'queued':
      return <>The mail has waited to be sent since {at(where.at)}. This takes a minute at most; look again then.</>
    case 'delayed':
      return (
        <>
          The mail server put the mail off on {at(where.at)}.{said(where.answer)} It is tried again by itself; if it is
          urgent, copy the link.
        </>
      )
    case 'refused':
    case 'bounced':
      return (
        <>
          The mail to {where.to} {where.is === 'refused' ? 'was refused' : 'came back'} on {at(where.at)}.
          {said(where.answer)} Correct the address, which sends it again, or copy the link.
        </>
      )
    case 'delivered':
      return (
        <>
          The mail server took the mail to {domainOf(where.to)} on {at(where.at)} and has not sent it back.
          {said(where.answer)} The link has not been opened. Ask {name} to look for it, also under junk, or copy the
          link.
        </>
      )
  }
}
