import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import type { Actor } from '../../platform/access/actor.ts'
import type { App } from '../../platform/web/app-context.ts'
import type { Form } from '../../platform/web/form.ts'
import { around, panelHref, showAct } from '../act.tsx'
import { fullUntil, howSent, type Sending } from '../sending.ts'
import type { InvitationToChange } from '../to-change.ts'

/* What resending and correcting the address share: both send anew. */

export const often = { '': 'It was sent again five times today, and nothing was sent now.' }

export const saidOf = ({ waits }: Sending, mails: boolean): string =>
  waits
    ? 'It waits for approval. Nothing was sent.'
    : mails
      ? 'Invitation sent again.'
      : 'It has a new link. Nothing was sent: copy the link.'

/** What their forms are drawn with. */
export type SendProps = {
  invitation: InvitationToChange
  sending: Sending
  /** When it can be sent again, where that isn't now. */
  full: Date | null
  zone: string
  /** A mail server is configured. */
  mails: boolean
  action: string
  back: string
  form?: Form | undefined
}

type Act = { title: string; Body: (props: SendProps) => Child; corrects: boolean }

/** The act's form, or why it isn't done; at 429 with the time after which it can be. */
export const sendScreen =
  ({ title, Body, corrects }: Act) =>
  (c: Context<App>, actor: Actor, invitation: InvitationToChange, form?: Form, status: 409 | 422 | 429 = 422) => {
    const { now } = c.var
    const full = fullUntil(invitation, now)
    if (full && status === 429) c.header('Retry-After', String(Math.ceil((full.getTime() - now.getTime()) / 1000)))
    return showAct(
      c,
      invitation,
      { title },
      <Body
        invitation={invitation}
        sending={howSent(actor, invitation, corrects)}
        full={full}
        zone={actor.timeZone}
        mails={around(c).mails}
        action={c.req.path}
        back={panelHref(c, invitation)}
        form={form}
      />,
      form ? status : 200,
    )
  }
