import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { Approve, Decided, Deny } from '../../../views/invitations/decide.tsx'
import { type Actor, can } from '../../platform/access/actor.ts'
import { actorOf, allow } from '../../platform/access/allow.ts'
import { confirmed } from '../../platform/access/confirmed.ts'
import { readId } from '../../platform/ids.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { NotAllowed, NotFound } from '../../platform/web/failures.ts'
import { type Form, lines, meanwhile, readForm, version } from '../../platform/web/form.ts'
import { around, deciding, done, insist, keepPlace, panelHref, showAct } from '../act.tsx'
import { offersAdmin } from '../admin-offered.ts'
import { mayDecide } from '../may.ts'
import { approve, deny } from './commands.ts'
import { type Decidable, invitationToDecide } from './queries.ts'
import { mayGive } from './rules.ts'

/*
 * Approve and Deny: each has its page, which says what is decided about. Two who decide at once: the first does, the second is told.
 */

type Act = 'approve' | 'deny'
const approveForm = z.object({ version })
const denyForm = z.object({
  version,
  reason: lines(500, { needed: 'Enter the reason: the sender reads it', label: 'The reason' }),
})

async function found(c: Context<App>, actor: Actor): Promise<Decidable> {
  if (!can(actor, 'invitations.approve')) throw new NotAllowed('invitations.approve')
  const id = readId(c.req.param('id') ?? '')
  const one = id && (await invitationToDecide(c.var.db, actor, id))
  if (!one) throw new NotFound()
  return one
}

const rule = (act: Act, actor: Actor, one: Decidable) =>
  mayDecide(actor, one) ?? (act === 'approve' ? mayGive(actor, one) : null)

const words = { approve: { title: 'Approve' }, deny: { title: 'Deny' } } as const
const outcome = { approve: 'approved', deny: 'denied' } as const
const said = { approve: 'Invitation approved.', deny: 'Invitation denied.' } as const

function screen(c: Context<App>, actor: Actor, act: Act, one: Decidable, form?: Form, status: 409 | 422 = 422) {
  const { now, mails } = around(c)
  const back = panelHref(c, one)
  const draw = { invitation: one, action: c.req.path, back, form, now, zone: actor.timeZone }
  const body = act === 'approve' ? <Approve {...draw} mails={mails} /> : <Deny {...draw} />
  return showAct(c, one, words[act], body, form ? status : 200)
}

/** It was decided already: one's own second press leads to what the first one did, anybody else is told who was quicker. */
function decided(c: Context<App>, actor: Actor, act: Act, one: Decidable): Response | Promise<Response> {
  if (one.decided_by === actor.membership.id && one.approval === outcome[act]) return done(c, one, said[act])
  if (!one.decided_at) {
    insist(mayDecide(actor, one))
    throw new NotFound()
  }
  const back = panelHref(c, one)
  return showAct(c, one, words[act], <Decided invitation={one} back={back} zone={actor.timeZone} />, 409)
}

const decide =
  (act: Act) =>
  async (c: Context<App>): Promise<Response> => {
    const form = await readForm(c, act === 'approve' ? approveForm : denyForm)
    return deciding(c, async (actor) => {
      const one = await found(c, actor)
      if (one.status !== 'pending_approval') return decided(c, actor, act, one)
      insist(rule(act, actor, one))
      const { input } = form
      if (!input) return screen(c, actor, act, one, form)
      if (input.version !== one.version) return screen(c, actor, act, one, meanwhile(form), 409)
      if (act === 'approve') await approve(c.var.db, causeOf(c), actor, one)
      else await deny(c.var.db, causeOf(c), actor, one, 'reason' in input ? String(input.reason) : '')
      return done(c, one, said[act])
    })
  }

const ask =
  (act: Act) =>
  async (c: Context<App>): Promise<Response> => {
    const actor = actorOf(c)
    const one = await found(c, actor)
    if (one.status !== 'pending_approval') return decided(c, actor, act, one)
    insist(rule(act, actor, one))
    return screen(c, actor, act, one)
  }

export const approval = new Hono<App>()
  .get('/:id/approve', allow('invitations.approve'), keepPlace, ask('approve'))
  .post(
    '/:id/approve',
    allow('invitations.approve'),
    confirmed({ when: offersAdmin('invitations.approve') }),
    decide('approve'),
  )
  .get('/:id/deny', allow('invitations.approve'), keepPlace, ask('deny'))
  .post('/:id/deny', allow('invitations.approve'), decide('deny'))
