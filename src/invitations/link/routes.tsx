import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { CopyLink, LinkCopied } from '../../../views/invitations/link.tsx'
import type { Actor } from '../../platform/access/actor.ts'
import { actorOf, allow } from '../../platform/access/allow.ts'
import { confirmed } from '../../platform/access/confirmed.ts'
import type { Refusal } from '../../platform/access/subject.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { type Form, readForm, version } from '../../platform/web/form.ts'
import { deciding, insist, insistOnVersion, keepPlace, panelHref, showAct, toChange } from '../act.tsx'
import { offersAdmin } from '../admin-offered.ts'
import { whyNotAllowed } from '../domain.ts'
import { mayCopyLink } from '../may.ts'
import { overtaken, stillCovered, whyNotGiven } from '../sending.ts'
import type { InvitationToChange } from '../to-change.ts'
import { copyLink } from './commands.ts'

const asked = z.object({ version })
const words = { title: 'Copy link' }

/** The link of what nobody answers for anymore leads nowhere: it is sent again instead. */
const uncovered =
  'Neither its sender nor its approver could still give what it offers, so its link stopped. Send it again.'

function may(actor: Actor, invitation: InvitationToChange, now: Date): Refusal {
  const refusal = mayCopyLink(actor, invitation, now) ?? overtaken(invitation)
  const shut = whyNotAllowed(invitation.email_key, invitation.allowed_domains)
  const why = refusal
    ? null
    : (whyNotGiven(actor, invitation) ?? (stillCovered(invitation) ? shut && `${shut}.` : uncovered))
  return refusal ?? (why === null ? null : { because: why })
}

const placed = (c: Context<App>, invitation: InvitationToChange, form?: Form) => ({
  invitation,
  zone: actorOf(c).timeZone,
  action: c.req.path,
  back: panelHref(c, invitation),
  form,
})

const screen = (c: Context<App>, invitation: InvitationToChange, form?: Form) =>
  showAct(c, invitation, words, <CopyLink {...placed(c, invitation, form)} />, form ? 422 : 200)

export const copying = new Hono<App>()
  .get('/:id/link', allow('members.invite'), keepPlace, async (c) => {
    const invitation = await toChange(c, actorOf(c))
    insist(may(actorOf(c), invitation, c.var.now))
    return screen(c, invitation)
  })
  .post('/:id/link', allow('members.invite'), confirmed({ when: offersAdmin('members.invite') }), async (c) => {
    const form = await readForm(c, asked)
    return deciding(c, async (actor) => {
      const invitation = await toChange(c, actor)
      if (form.input) insistOnVersion(invitation, form.input.version)
      insist(may(actor, invitation, c.var.now))
      if (!form.input) return screen(c, invitation, form)
      const token = await copyLink(c.var.db, causeOf(c), c.var.key, actor, invitation)
      // On this answer alone, which nobody keeps (no-store).
      const link = new URL(`/join/${token}`, c.var.config.publicUrl).href
      return showAct(c, invitation, words, <LinkCopied {...placed(c, invitation)} link={link} />)
    })
  })
