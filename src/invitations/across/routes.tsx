import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { Across, AcrossCounts, AcrossInvitation, AcrossResend, AcrossSwap } from '../../../views/invitations/across.tsx'
import { nameOf } from '../../../views/invitations/words.ts'
import { insist } from '../../members/act.tsx'
import { support } from '../../platform/access/allow.ts'
import { confirmed } from '../../platform/access/confirmed.ts'
import { takingTurns } from '../../platform/access/turn.ts'
import { recordLooks } from '../../platform/events/looked.ts'
import { readId } from '../../platform/ids.ts'
import { withoutQuery } from '../../platform/web/address.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { NotFound } from '../../platform/web/failures.ts'
import { type Form, readForm, refuse, version } from '../../platform/web/form.ts'
import { asksCounts } from '../../platform/web/query.ts'
import { isSwap, show } from '../../platform/web/show.ts'
import { whyNotAllowed } from '../domain.ts'
import { wasSent } from '../may.ts'
import { often } from '../resend/form.tsx'
import { sendAnew } from '../send-anew.ts'
import { fullUntil, howSent, overtaken } from '../sending.ts'
import type { InvitationToChange } from '../to-change.ts'
import { validDays } from '../valid-days.ts'
import { type AcrossList, placeIn, readAcrossList } from './list-state.ts'
import { acrossFacets, acrossOffersAdmin, acrossPage, acrossPanel, acrossToSend } from './queries.ts'

const asked = z.object({ version, days: validDays })

const supportCause = (c: Context<App>) => ({ ...causeOf(c), how: 'support' as const })
const zoneOf = (c: Context<App>) => c.var.visitor?.account.timeZone ?? 'UTC'

const idOf = (c: Context<App>): string => {
  const id = readId(c.req.param('id') ?? '')
  if (!id) throw new NotFound()
  return id
}

/** For confirmed(): what is sent again makes an Admin. */
const offersAdmin = async (_fields: URLSearchParams, c: Context<App>) => {
  const id = readId(c.req.param('id') ?? '')
  return id !== null && (await acrossOffersAdmin(c.var.db, id))
}

async function toSend(c: Context<App>): Promise<InvitationToChange> {
  const invitation = await acrossToSend(c.var.db, idOf(c))
  if (!invitation) throw new NotFound()
  // Whatever comes of it, they see whom it is about.
  const look = {
    organizationId: invitation.organization.id,
    subject: 'invitation' as const,
    subjectId: invitation.id,
  }
  await recordLooks(c.var.db, supportCause(c), c.var.key, [look])
  insist(wasSent(invitation, c.var.now) ?? overtaken(invitation))
  return invitation
}

const panelHref = (c: Context<App>) => `/support/invitations/${c.req.param('id')}`

function resendScreen(c: Context<App>, invitation: InvitationToChange, form?: Form, status: 409 | 422 | 429 = 422) {
  return show(
    c,
    `Resend invitation – ${nameOf(invitation)}`,
    <AcrossResend
      invitation={invitation}
      sending={howSent(null, invitation, false)}
      full={fullUntil(invitation, c.var.now)}
      now={c.var.now}
      zone={zoneOf(c)}
      mails={c.var.mailing}
      action={c.req.path}
      back={panelHref(c)}
      form={form}
    />,
    form ? status : 200,
  )
}

const sentMeanwhile = {
  '': 'The invitation was changed or sent after this form was opened, so nothing was sent now. Send it once more if it is still needed.',
}

/** A page of the history; the organizations of what is on it hear that it was looked at. */
async function pageSeen(c: Context<App>, list: AcrossList) {
  const { db, now, key } = c.var
  const page = await acrossPage(db, list, now)
  const organizations = new Set(page.rows.map((row) => row.organization_id))
  const looks = [...organizations].map((id) => ({
    organizationId: id,
    subject: 'organization' as const,
    subjectId: id,
  }))
  await recordLooks(db, supportCause(c), key, looks)
  return page
}

/** The history as support staff see it: across the organizations that allow it. Resend is all that they may do to an invitation. */
export const acrossOrganizations = new Hono<App>()
  .get('/invitations', support(), async (c) => {
    const { db, now } = c.var
    const address = new URL(c.req.url)
    const { list, noticed } = readAcrossList(address)
    const page = await pageSeen(c, list)
    const facets = asksCounts(address) && !isSwap(c) ? await acrossFacets(db, list, now) : undefined
    const props = { list, noticed, page, facets, now, zone: zoneOf(c) }
    if (!isSwap(c)) return show(c, 'Support', <Across {...props} />)
    c.header('HX-Push-Url', c.req.path + placeIn(list))
    return show(c, 'Support', <AcrossSwap {...props} />)
  })
  // How many each option of the filters would show: htmx asks for it once the page is there.
  .get('/invitations/counts', support(), async (c) => {
    const { db, now } = c.var
    const { list } = readAcrossList(new URL(c.req.url))
    if (!isSwap(c)) return c.redirect(`/support/invitations${placeIn(list)}`, 303)
    // They tell whether somebody is there, so a search for them is a look, whether or not its page was asked for.
    if (list.q) await pageSeen(c, list)
    const options = <AcrossCounts list={list} facets={await acrossFacets(db, list, now)} />
    return c.body(`${options}`.replaceAll('/>', '>'), 200, { 'Content-Type': 'text/html; charset=utf-8' })
  })
  .get('/invitations/:id', support(), async (c) => {
    const { db, now, key } = c.var
    const invitation = await acrossPanel(db, idOf(c))
    if (!invitation) throw new NotFound()
    const look = {
      organizationId: invitation.organization_id,
      subject: 'invitation' as const,
      subjectId: invitation.id,
    }
    await recordLooks(db, supportCause(c), key, [look])
    return show(
      c,
      nameOf(invitation),
      <AcrossInvitation invitation={invitation} now={now} zone={zoneOf(c)} mails={c.var.mailing} />,
    )
  })
  .get('/invitations/:id/resend', support(), withoutQuery, async (c) => {
    return resendScreen(c, await toSend(c))
  })
  .post('/invitations/:id/resend', support(), confirmed({ when: offersAdmin }), async (c) => {
    const form = await readForm(c, asked)
    return takingTurns(
      null,
      async () => null,
      async () => {
        const invitation = await toSend(c)
        if (!form.input) return resendScreen(c, invitation, form)
        if (form.input.version !== invitation.version)
          return resendScreen(c, invitation, refuse(form, sentMeanwhile), 409)
        if (fullUntil(invitation, c.var.now)) return resendScreen(c, invitation, refuse(form, often), 429)
        const shut = whyNotAllowed(invitation.email_key, invitation.allowed_domains)
        if (shut) return resendScreen(c, invitation, refuse(form, { '': shut }))
        await sendAnew(c.var.db, supportCause(c), null, invitation, form.input.days)
        return c.redirect(panelHref(c), 303)
      },
    )
  })
