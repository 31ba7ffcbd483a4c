import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { ChangeDates } from '../../../views/members/dates.tsx'
import { actorOf, allow } from '../../platform/access/allow.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { dayOr } from '../../platform/web/day.ts'
import { deciding } from '../../platform/web/deciding.ts'
import { type Form, readForm, refuse, version } from '../../platform/web/form.ts'
import { done, insist, keepPlace, panelHref, personOf, showAct } from '../act.tsx'
import { changedSince } from '../conflict.ts'
import type { Person } from '../person.ts'
import { mayChangeStatus } from '../rules.ts'
import { changeDates } from './commands.ts'
import { decideDates } from './rules.ts'

const asked = z.object({ version, starts_on: dayOr('-infinity'), ends_on: dayOr('infinity') })

const screen = (c: Context<App>, person: Person, form?: Form, status: 200 | 409 | 422 = form ? 422 : 200) =>
  showAct(
    c,
    person,
    { title: 'Start and end date' },
    <ChangeDates person={person} back={panelHref(c, person.id)} action={c.req.path} form={form} />,
    status,
  )

const now = (date: string) => (date.endsWith('infinity') ? 'There is none now.' : `It is ${date} now.`)

export const dates = new Hono<App>()
  .get('/:id/dates', allow('members.edit'), keepPlace, async (c) => {
    const person = await personOf(c, actorOf(c))
    insist(mayChangeStatus(actorOf(c), person))
    return screen(c, person)
  })
  .post('/:id/dates', allow('members.edit'), async (c) => {
    const form = await readForm(c, asked)
    return deciding(c, async (actor) => {
      const person = await personOf(c, actor)
      insist(mayChangeStatus(actor, person))
      const { input } = form
      if (!input) return screen(c, person, form)
      const { starts_on, ends_on } = input
      if (person.version !== input.version) {
        const errors = {
          '': await changedSince(c.var.db, actor, person, input.version),
          ...(starts_on !== person.starts_on && { starts_on: now(person.starts_on) }),
          ...(ends_on !== person.ends_on && { ends_on: now(person.ends_on) }),
        }
        const values = { ...form.values, version: String(person.version) }
        return screen(c, person, { input: null, values, errors }, 409)
      }
      const decision = decideDates(person, input, c.var.now)
      if (decision.errors) return screen(c, person, refuse(form, decision.errors))
      if (starts_on === person.starts_on && ends_on === person.ends_on)
        return done(c, person.id, 'Nothing was different.')
      const { errors } = await changeDates(c.var.db, causeOf(c), actor, person, input, decision.status)
      return errors ? screen(c, person, refuse(form, errors)) : done(c, person.id, 'Dates changed.')
    })
  })
