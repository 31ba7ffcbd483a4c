import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { RequireTwoFactor } from '../../../../views/settings/two-factor.tsx'
import { type Actor, can } from '../../../platform/access/actor.ts'
import { actorOf, allow } from '../../../platform/access/allow.ts'
import { confirmed } from '../../../platform/access/confirmed.ts'
import { dayOf } from '../../../platform/access/status.ts'
import { withoutQuery } from '../../../platform/web/address.ts'
import type { App } from '../../../platform/web/app-context.ts'
import { causeOf } from '../../../platform/web/cause.ts'
import { dayOr } from '../../../platform/web/day.ts'
import { deciding } from '../../../platform/web/deciding.ts'
import { NotAllowed } from '../../../platform/web/failures.ts'
import { type Form, meanwhile, readForm, refuse, version } from '../../../platform/web/form.ts'
import { leadOn } from '../../../platform/web/said.ts'
import { isSwap, show } from '../../../platform/web/show.ts'
import { requireTwoFactor } from './commands.ts'
import { type Requirement, requirement } from './queries.ts'
import { whyNotFrom } from './rules.ts'

const asked = z.object({ version, from: dayOr<null>(null) })

const screen = (
  c: Context<App>,
  actor: Actor,
  now: Requirement,
  { form, said, status = form ? 422 : 200 }: { form?: Form; said?: string; status?: number } = {},
) =>
  show(
    c,
    `${form ? 'Error: ' : ''}Require two-factor`,
    <RequireTwoFactor
      actor={actor}
      action={c.req.path}
      requirement={now}
      today={dayOf(c.var.now)}
      lacks={c.var.visitor?.twoFactor.on === false}
      form={form}
      said={said}
    />,
    status,
  )

export const requiredTwoFactor = new Hono<App>()
  .get('/security/two-factor', allow('settings.security'), withoutQuery, confirmed(), async (c) => {
    const actor = actorOf(c)
    return screen(c, actor, await requirement(c.var.db, actor, c.var.now))
  })
  .post('/security/two-factor', allow('settings.security'), confirmed(), async (c) => {
    const form = await readForm(c, asked)
    return deciding(c, async (actor) => {
      const { db, now } = c.var
      if (!can(actor, 'settings.security')) throw new NotAllowed('settings.security')
      const before = await requirement(db, actor, now)
      const { input } = form
      if (!input) return screen(c, actor, before, { form })
      const different = input.from !== before.two_factor_from
      // A second press of the same button finds what the first one saved.
      const second = input.version !== before.version
      if (second && different) return screen(c, actor, before, { form: meanwhile(form), status: 409 })
      const error = whyNotFrom(input.from, before.two_factor_from, dayOf(now))
      if (error) return screen(c, actor, before, { form: refuse(form, { from: error }) })
      if (different) await requireTwoFactor(db, causeOf(c), actor, before, input.from)
      const said = different || second ? 'Saved.' : 'Nothing was changed.'
      if (!isSwap(c)) return leadOn(c, c.req.path, said)
      const fresh = { ...before, two_factor_from: input.from, version: before.version + (different ? 1 : 0) }
      return screen(c, actor, fresh, { said })
    })
  })
