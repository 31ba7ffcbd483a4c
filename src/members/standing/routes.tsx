import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { Reactivate, Suspend } from '../../../views/members/standing.tsx'
import { actorOf, allow } from '../../platform/access/allow.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { type Form, readForm, refuse, version } from '../../platform/web/form.ts'
import { deciding, done, insist, insistOnVersion, keepPlace, panelHref, personOf, showAct } from '../act.tsx'
import type { Person } from '../person.ts'
import { mayReactivate, maySuspend } from '../rules.ts'
import { reactivate, suspend } from './commands.ts'

const asked = z.object({ version })

const suspendScreen = (c: Context<App>, person: Person, form?: Form) =>
  showAct(
    c,
    person,
    { title: 'Suspend' },
    <Suspend person={person} back={panelHref(c, person.id)} action={c.req.path} form={form} />,
    form ? 422 : 200,
  )
const reactivateScreen = (c: Context<App>, person: Person, form?: Form) =>
  showAct(
    c,
    person,
    { title: 'Reactivate' },
    <Reactivate person={person} back={panelHref(c, person.id)} action={c.req.path} form={form} />,
    form ? 422 : 200,
  )

export const standing = new Hono<App>()
  .get('/:id/suspend', allow('members.edit'), keepPlace, async (c) => {
    const person = await personOf(c, actorOf(c))
    insist(maySuspend(actorOf(c), person))
    return suspendScreen(c, person)
  })
  .post('/:id/suspend', allow('members.edit'), async (c) => {
    const form = await readForm(c, asked)
    return deciding(c, async (actor) => {
      const person = await personOf(c, actor)
      insist(maySuspend(actor, person))
      if (!form.input) return suspendScreen(c, person, form)
      insistOnVersion(person, form.input.version)
      const { errors } = await suspend(c.var.db, causeOf(c), actor, person)
      return errors ? suspendScreen(c, person, refuse(form, errors)) : done(c, person.id, 'Suspended.')
    })
  })
  .get('/:id/reactivate', allow('members.edit'), keepPlace, async (c) => {
    const person = await personOf(c, actorOf(c))
    insist(mayReactivate(actorOf(c), person))
    return reactivateScreen(c, person)
  })
  .post('/:id/reactivate', allow('members.edit'), async (c) => {
    const form = await readForm(c, asked)
    return deciding(c, async (actor) => {
      const person = await personOf(c, actor)
      insist(mayReactivate(actor, person))
      if (!form.input) return reactivateScreen(c, person, form)
      insistOnVersion(person, form.input.version)
      await reactivate(c.var.db, causeOf(c), actor, person)
      return done(c, person.id, 'Reactivated.')
    })
  })
