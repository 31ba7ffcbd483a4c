import { Hono } from 'hono'
import { z } from 'zod'
import { Resend } from '../../../views/invitations/resend.tsx'
import { actorOf, allow } from '../../platform/access/allow.ts'
import { confirmed } from '../../platform/access/confirmed.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { readForm, refuse, version } from '../../platform/web/form.ts'
import { around, deciding, done, insist, keepPlace, toChange } from '../act.tsx'
import { offersAdmin } from '../admin-offered.ts'
import { whyNotAllowed } from '../domain.ts'
import { sendAnew } from '../send-anew.ts'
import { fullUntil, maySend } from '../sending.ts'
import { validDays } from '../valid-days.ts'
import { often, saidOf, sendScreen } from './form.tsx'

const asked = z.object({ version, days: validDays })

const screen = sendScreen({ title: 'Resend invitation', Body: Resend, corrects: false })

const sentMeanwhile = {
  '': 'The invitation was changed or sent after this form was opened, so nothing was sent now. Send it once more if it is still needed.',
}

export const resending = new Hono<App>()
  .get('/:id/resend', allow('members.invite'), keepPlace, async (c) => {
    const actor = actorOf(c)
    const invitation = await toChange(c, actor)
    insist(maySend(actor, invitation, false, c.var.now))
    return screen(c, actor, invitation)
  })
  .post('/:id/resend', allow('members.invite'), confirmed({ when: offersAdmin('members.invite') }), async (c) => {
    const form = await readForm(c, asked)
    return deciding(c, async (actor) => {
      const invitation = await toChange(c, actor)
      insist(maySend(actor, invitation, false, c.var.now))
      if (!form.input) return screen(c, actor, invitation, form)
      if (form.input.version !== invitation.version)
        return screen(c, actor, invitation, refuse(form, sentMeanwhile), 409)
      if (fullUntil(invitation, c.var.now)) return screen(c, actor, invitation, refuse(form, often), 429)
      const shut = whyNotAllowed(invitation.email_key, invitation.allowed_domains)
      if (shut) return screen(c, actor, invitation, refuse(form, { '': `${shut}. Correct the address.` }))
      const sending = await sendAnew(c.var.db, causeOf(c), actor, invitation, form.input.days)
      return done(c, invitation, saidOf(sending, around(c).mails))
    })
  })
