import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { z } from 'zod'
import { InviteScreen, SentScreen } from '../../../views/invitations/new.tsx'
import { noRoom } from '../../members/new/room.ts'
import type { Actor } from '../../platform/access/actor.ts'
import { actorOf, allow } from '../../platform/access/allow.ts'
import { confirmed, forAdmin } from '../../platform/access/confirmed.ts'
import { emailKey } from '../../platform/fold.ts'
import { idFromKey, newId, readId, shortId } from '../../platform/ids.ts'
import { withoutQuery } from '../../platform/web/address.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { giveCookie, readCookie, takeCookie } from '../../platform/web/cookie.ts'
import { deciding } from '../../platform/web/deciding.ts'
import { NotFound } from '../../platform/web/failures.ts'
import { email, type Form, formKey, line, readForm, refuse } from '../../platform/web/form.ts'
import { leadTo, show } from '../../platform/web/show.ts'
import { pathOf } from '../where.ts'
import { sendInvitations } from './commands.ts'
import { anyway, offerFields, offerIn, termsFields } from './form.ts'
import { type Inviting, inviting, placesToInvite, sentBy } from './queries.ts'
import { decideOffer, judge, ownGroupOnly, type See } from './rules.ts'

/*
 * Invite member: one form. Nothing is there before it is sent, and sent twice it makes one invitation.
 */

const slug = z.string().max(60, 'Choose an organization').optional()
const personal = {
  key: formKey,
  /** Where the form was drawn, and where it is to go: a form that moved is looked at before it is sent. */
  here: slug,
  organization: slug,
  email,
  first_name: line(100, { label: 'First name' }),
  last_name: line(100, { label: 'Last name' }),
  ...termsFields,
  anyway,
}
const narrow = z.object(personal)
const wide = z.object({ ...personal, ...offerFields })

type Seen = {
  form?: Form | undefined
  see?: See | null
  moved?: boolean
  address?: string | undefined
  status?: 429
}

async function screen(
  c: Context<App>,
  actor: Actor,
  around: Inviting,
  { form, see = null, moved = false, address = '', status }: Seen = {},
) {
  const several = (c.var.visitor?.organizations.length ?? 0) > 1
  const places = several ? await placesToInvite(c.var.db, actor) : []
  return show(
    c,
    form && !moved ? 'Error: Invite member' : 'Invite member',
    <InviteScreen
      actor={actor}
      action={c.req.path}
      around={around}
      places={places}
      mailing={c.var.mailing}
      form={form}
      address={address}
      see={see}
      moved={moved}
    />,
    form && !moved ? (status ?? 422) : 200,
  )
}

/** What of a form can go along to another organization: not what only the first one has. */
const carried = (form: Form, around: Inviting): Form => {
  const { group: _, group_manager: __, custom_role: ___, region: ____, area: _____, ...values } = form.values
  const group = around.choices.groups.find(({ is_default }) => is_default)
  return { input: null, values: { role: 'member', ...values, group: group ? shortId(group.id) : '' }, errors: {} }
}

const usedBefore = { '': 'This form has sent an invitation already. Send it again to invite another person' }

async function invite(c: Context<App>): Promise<Response> {
  const { db, now } = c.var
  const first = actorOf(c)
  const form = await readForm(c, ownGroupOnly(first) ? narrow : wide)
  const { organization, here } = form.values
  const own = first.organization.slug
  const key = form.input && emailKey(form.input.email)
  // The same body goes along, to an organization that this person is in; each asks for itself whether they may.
  if (organization && organization !== own && c.var.visitor?.organizations.some((one) => one.slug === organization))
    return c.redirect(`/o/${organization}/invitations/new`, 307)
  return deciding(c, async (actor) => {
    const id = form.input && idFromKey(form.input.key, actor.organization.id, actor.accountId)
    const around = await inviting(db, actor, c.var, key ? [key] : [], id)
    if (here !== undefined && here !== own)
      return screen(c, actor, around, { form: carried(form, around), moved: true })
    if (!form.input || !key || !id) return screen(c, actor, around, { form })
    const { input } = form
    if (around.made?.email_key === key) return leadTo(c, pathOf(actor, { id, group_id: around.made.group_id }))
    if (around.made) {
      const again = { ...form, values: { ...form.values, key: newId() } }
      return screen(c, actor, around, { form: refuse(again, usedBefore) })
    }
    const { outcome, why, see, membership } = judge(around.known, key, now)
    const decision = decideOffer(actor, around, 'role' in input ? offerIn(input as never) : undefined)
    const errors = {
      ...(why && (outcome !== 'looks' || !input.anyway) && { [outcome === 'looks' ? 'anyway' : 'email']: why }),
      ...decision.errors,
    }
    if (decision.errors || Object.keys(errors).length > 0)
      return screen(c, actor, around, { form: refuse(form, errors), see })
    const { email: address, first_name, last_name, days, message } = input
    const person = { invitation: id, email: address, email_key: key, first_name, last_name, membership }
    const { access } = decision
    const full = noRoom(around.room, 1)
    if (full) {
      c.header('Retry-After', String(full.seconds))
      return screen(c, actor, around, { form: refuse(form, { '': full.because }), see, status: 429 })
    }
    await sendInvitations(db, causeOf(c), actor, around, [person], { access, days, message })
    return leadTo(c, pathOf(actor, { id, group_id: access.group }))
  })
}

/** Whom to invite, where a link says so: by a cookie for the page that follows alone, because its address has no query. */
const cookie = 'invite'
const keepAddress: MiddlewareHandler<App> = async (c, next) => {
  const address = c.req.query('email')
  if (address) giveCookie(c, cookie, address.slice(0, 254), 60)
  await next()
}

export const newInvitation = new Hono<App>()
  .get('/new', allow('members.invite'), keepAddress, withoutQuery, async (c) => {
    const actor = actorOf(c)
    const address = readCookie(c, cookie)
    takeCookie(c, cookie)
    return screen(c, actor, await inviting(c.var.db, actor, c.var, []), { address })
  })
  .post('/new', allow('members.invite'), confirmed({ when: forAdmin }), invite)
  .get('/new/sent/:id', allow('members.invite'), async (c) => {
    const actor = actorOf(c)
    const id = readId(c.req.param('id'))
    const sent = id && (await sentBy(c.var.db, actor, id))
    if (!sent) throw new NotFound()
    return show(c, 'Invitation', <SentScreen actor={actor} sent={sent} mailing={c.var.mailing} now={c.var.now} />)
  })
