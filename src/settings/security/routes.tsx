import { isDeepStrictEqual } from 'node:util'
import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { SecurityScreen } from '../../../views/settings/security.tsx'
import type { ApprovalRule } from '../../invitations/rules.ts'
import { validDays } from '../../invitations/valid-days.ts'
import { type Actor, can } from '../../platform/access/actor.ts'
import { actorOf, allow } from '../../platform/access/allow.ts'
import { withoutQuery } from '../../platform/web/address.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { deciding } from '../../platform/web/deciding.ts'
import { NotAllowed } from '../../platform/web/failures.ts'
import { type Form, lines, meanwhile, readForm, refuse, version } from '../../platform/web/form.ts'
import { leadOn } from '../../platform/web/said.ts'
import { isSwap, show } from '../../platform/web/show.ts'
import { changeSecurity } from './commands.ts'
import { securityOf } from './queries.ts'
import { approvalChoices, readDomains } from './rules.ts'

const ticked = z.literal('on', 'Tick it or leave it').optional()
const settingsForm = z.object({
  version,
  approval: z.enum(Object.keys(approvalChoices) as ApprovalRule[], 'Choose one of the three'),
  days: validDays,
  reminder: ticked,
  domains: lines(15_000, { label: 'The list' }),
  support_access: ticked,
})

type Settings = Awaited<ReturnType<typeof securityOf>>
const screen = (
  c: Context<App>,
  actor: Actor,
  settings: Settings,
  { form, said, status = form ? 422 : 200 }: { form?: Form; said?: string; status?: number } = {},
) =>
  show(
    c,
    `${form ? 'Error: ' : ''}Security settings`,
    <SecurityScreen actor={actor} action={c.req.path} settings={settings} form={form} said={said} />,
    status,
  )

export const securitySettings = new Hono<App>()
  .get('/security', allow('settings.security'), withoutQuery, async (c) => {
    const actor = actorOf(c)
    return screen(c, actor, await securityOf(c.var.db, actor))
  })
  .post('/security', allow('settings.security'), async (c) => {
    const form = await readForm(c, settingsForm)
    return deciding(c, async (actor) => {
      if (!can(actor, 'settings.security')) throw new NotAllowed('settings.security')
      const before = await securityOf(c.var.db, actor)
      const { input } = form
      if (!input) return screen(c, actor, before, { form })
      const { domains, error } = readDomains(input.domains)
      if (error !== undefined) return screen(c, actor, before, { form: refuse(form, { domains: error }) })
      const after = {
        invitation_approval: input.approval,
        invitation_days: input.days,
        invitation_reminder: input.reminder === 'on',
        allowed_domains: domains,
        support_access: input.support_access === 'on',
      }
      // A second press of the same button finds what the first one saved.
      const second = input.version !== before.version
      if (second && !isDeepStrictEqual({ ...before, ...after }, before))
        return screen(c, actor, before, { form: meanwhile(form), status: 409 })
      const changed = await changeSecurity(c.var.db, causeOf(c), actor, before, after)
      const said = changed || second ? 'Saved.' : 'Nothing was changed.'
      if (!isSwap(c)) return leadOn(c, c.req.path, said)
      const fresh = { ...before, ...after, version: before.version + (changed ? 1 : 0) }
      return screen(c, actor, fresh, { said })
    })
  })
