import { Hono } from 'hono'
import { z } from 'zod'
import { CorrectAddress } from '../../../views/invitations/address.tsx'
import { noRoom } from '../../members/new/room.ts'
import { actorOf, allow } from '../../platform/access/allow.ts'
import { confirmed } from '../../platform/access/confirmed.ts'
import { emailKey } from '../../platform/fold.ts'
import { readId } from '../../platform/ids.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { NotFound } from '../../platform/web/failures.ts'
import { email, readForm, refuse, version } from '../../platform/web/form.ts'
import { around, deciding, done, insist, keepPlace, toChange } from '../act.tsx'
import { offersAdmin } from '../admin-offered.ts'
import { anyway } from '../new/form.ts'
import { often, saidOf, sendScreen } from '../resend/form.tsx'
import { sendAnew } from '../send-anew.ts'
import { fullUntil, maySend } from '../sending.ts'
import { validDays } from '../valid-days.ts'
import { invitationAndAddress } from './present.ts'
import { whyNotTo } from './why-not.ts'

const asked = z.object({ version, email, days: validDays, anyway })

const screen = sendScreen({ title: 'Correct address', Body: CorrectAddress, corrects: true })

const changedMeanwhile = {
  '': 'The invitation was changed or sent after this form was opened, so nothing was sent now. Look at it again, then send it.',
}

export const correcting = new Hono<App>()
  .get('/:id/address', allow('members.invite'), keepPlace, async (c) => {
    const actor = actorOf(c)
    const invitation = await toChange(c, actor)
    insist(maySend(actor, invitation, true, c.var.now))
    return screen(c, actor, invitation)
  })
  .post('/:id/address', allow('members.invite'), confirmed({ when: offersAdmin('members.invite') }), async (c) => {
    const form = await readForm(c, asked)
    const id = readId(c.req.param('id'))
    return deciding(c, async (actor) => {
      const key = form.input ? emailKey(form.input.email) : ''
      const found = id && (await invitationAndAddress(c.var.db, actor, c.var, id, key))
      if (!found) throw new NotFound()
      const { invitation, known, room } = found
      insist(maySend(actor, invitation, true, c.var.now))
      if (!form.input) return screen(c, actor, invitation, form)
      if (form.input.version !== invitation.version)
        return screen(c, actor, invitation, refuse(form, changedMeanwhile), 409)
      if (fullUntil(invitation, c.var.now)) return screen(c, actor, invitation, refuse(form, often), 429)
      const errors = whyNotTo(invitation, known, key, form.input.anyway === 'on', c.var.now)
      if (errors) return screen(c, actor, invitation, refuse(form, errors))
      // Whoever is written to now wasn't invited before.
      const full = noRoom(room, 1)
      if (full) {
        c.header('Retry-After', String(full.seconds))
        return screen(c, actor, invitation, refuse(form, { '': full.because }), 429)
      }
      const address = { email: form.input.email, email_key: key }
      const sending = await sendAnew(c.var.db, causeOf(c), actor, invitation, form.input.days, { address, room })
      return done(c, invitation, `Address corrected. ${saidOf(sending, around(c).mails)}`)
    })
  })
