import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { Revoke } from '../../../views/invitations/revoke.tsx'
import type { Actor } from '../../platform/access/actor.ts'
import { actorOf, allow } from '../../platform/access/allow.ts'
import type { Refusal } from '../../platform/access/subject.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { type Form, readForm, version } from '../../platform/web/form.ts'
import { deciding, done, insist, insistOnVersion, keepPlace, panelHref, showAct, toChange } from '../act.tsx'
import { mayRevoke } from '../may.ts'
import { overtaken } from '../sending.ts'
import type { InvitationToChange } from '../to-change.ts'
import { revoke } from './commands.ts'

const asked = z.object({ version })

const may = (actor: Actor, invitation: InvitationToChange, now: Date): Refusal =>
  mayRevoke(actor, invitation, now) ?? overtaken(invitation)

const screen = (c: Context<App>, invitation: InvitationToChange, form?: Form) =>
  showAct(
    c,
    invitation,
    { title: 'Revoke' },
    <Revoke invitation={invitation} action={c.req.path} back={panelHref(c, invitation)} form={form} />,
    form ? 422 : 200,
  )

export const revoking = new Hono<App>()
  .get('/:id/revoke', allow('members.invite'), keepPlace, async (c) => {
    const invitation = await toChange(c, actorOf(c))
    insist(may(actorOf(c), invitation, c.var.now))
    return screen(c, invitation)
  })
  .post('/:id/revoke', allow('members.invite'), async (c) => {
    const form = await readForm(c, asked)
    return deciding(c, async (actor) => {
      const invitation = await toChange(c, actor)
      // A second press is told that it was changed, and not that there is nothing to revoke.
      if (form.input) insistOnVersion(invitation, form.input.version)
      insist(may(actor, invitation, c.var.now))
      if (!form.input) return screen(c, invitation, form)
      await revoke(c.var.db, causeOf(c), actor, invitation)
      return done(c, invitation, 'Revoked.')
    })
  })
