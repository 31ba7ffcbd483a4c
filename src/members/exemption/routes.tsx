import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { EndExemption, Exempt } from '../../../views/members/exemption.tsx'
import { actorOf, allow } from '../../platform/access/allow.ts'
import { confirmed } from '../../platform/access/confirmed.ts'
import { dayOf } from '../../platform/access/status.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { dayOr } from '../../platform/web/day.ts'
import { type Form, line, readForm, refuse, version } from '../../platform/web/form.ts'
import { deciding, done, insist, insistOnVersion, keepPlace, panelHref, personOf, showAct } from '../act.tsx'
import type { Person } from '../person.ts'
import { mayEndExemption, mayExempt } from '../rules.ts'
import { endExemption, exempt } from './commands.ts'
import { whyNotUntil } from './rules.ts'

const given = z.object({
  version,
  until: dayOr<null>(null),
  reason: line(200, { needed: 'Say why they are exempt', label: 'The reason' }),
})
const asked = z.object({ version })

const placed = (c: Context<App>, person: Person, form?: Form) => ({
  person,
  back: panelHref(c, person.id),
  action: c.req.path,
  today: dayOf(c.var.now),
  form,
})

const exemptScreen = (c: Context<App>, person: Person, form?: Form) =>
  showAct(c, person, { title: 'Exempt from two-factor' }, <Exempt {...placed(c, person, form)} />, form ? 422 : 200)
const endScreen = (c: Context<App>, person: Person, form?: Form) =>
  showAct(c, person, { title: 'End exemption' }, <EndExemption {...placed(c, person, form)} />, form ? 422 : 200)

export const exemption = new Hono<App>()
  .get('/:id/exempt', allow('settings.security'), confirmed(), keepPlace, async (c) => {
    const person = await personOf(c, actorOf(c))
    insist(mayExempt(actorOf(c), person))
    return exemptScreen(c, person)
  })
  .post('/:id/exempt', allow('settings.security'), confirmed(), async (c) => {
    const form = await readForm(c, given)
    return deciding(c, async (actor) => {
      const person = await personOf(c, actor)
      insist(mayExempt(actor, person))
      if (!form.input) return exemptScreen(c, person, form)
      insistOnVersion(person, form.input.version)
      const { until, reason } = form.input
      const error = whyNotUntil(until, dayOf(c.var.now))
      if (error || until === null) return exemptScreen(c, person, refuse(form, { until: error ?? '' }))
      await exempt(c.var.db, causeOf(c), actor, person, { until, reason })
      return done(c, person.id, 'Exempt from two-factor.')
    })
  })
  .get('/:id/end-exemption', allow('settings.security'), confirmed(), keepPlace, async (c) => {
    const person = await personOf(c, actorOf(c))
    insist(mayEndExemption(actorOf(c), person, c.var.now))
    return endScreen(c, person)
  })
  .post('/:id/end-exemption', allow('settings.security'), confirmed(), async (c) => {
    const form = await readForm(c, asked)
    return deciding(c, async (actor) => {
      const person = await personOf(c, actor)
      insist(mayEndExemption(actor, person, c.var.now))
      if (!form.input) return endScreen(c, person, form)
      insistOnVersion(person, form.input.version)
      await endExemption(c.var.db, causeOf(c), actor, person)
      return done(c, person.id, 'Exemption ended.')
    })
  })
