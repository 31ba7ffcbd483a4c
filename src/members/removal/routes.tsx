import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { Remove, TakeBack } from '../../../views/members/removal.tsx'
import { givenHasEnded } from '../../accounts/given.ts'
import type { Actor } from '../../platform/access/actor.ts'
import { actorOf, allow } from '../../platform/access/allow.ts'
import { confirmed } from '../../platform/access/confirmed.ts'
import type { Db } from '../../platform/database/connect.ts'
import { readId } from '../../platform/ids.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { deciding } from '../../platform/web/deciding.ts'
import { NotFound } from '../../platform/web/failures.ts'
import { type Form, line, readForm, refuse, version } from '../../platform/web/form.ts'
import { done, insist, insistOnVersion, keepPlace, panelHref, showAct } from '../act.tsx'
import { mayRemove, mayTakeBack } from '../rules.ts'
import { comingBack, inTheWay } from './coming-back.ts'
import { remove, takeBack } from './commands.ts'
import {
  type PersonAndRemoval,
  type PersonAndReturn,
  personAndRemoval,
  personAndReturn,
  removedAdmin,
} from './queries.ts'

const removing = z.object({ version, reason: line(200, { label: 'Reason' }).default('') })
const taking = z.object({ version })

/** The person that the address names; every other id is the same 404. */
async function personOf<P>(
  c: Context<App>,
  actor: Actor,
  load: (db: Db, actor: Actor, id: string, now: Date) => Promise<P | null>,
): Promise<P> {
  const id = readId(c.req.param('id') ?? '')
  const person = id && (await load(c.var.db, actor, id, c.var.now))
  if (!person) throw new NotFound()
  return person
}

const placed = (c: Context<App>, form?: Form) => ({
  action: c.req.path,
  back: panelHref(c, c.req.param('id') ?? ''),
  form,
})

const removeScreen = (c: Context<App>, person: PersonAndRemoval, form?: Form) =>
  showAct(
    c,
    person,
    { title: 'Remove from organization' },
    <Remove person={person} {...placed(c, form)} />,
    form ? 422 : 200,
  )

function takeBackScreen(c: Context<App>, actor: Actor, person: PersonAndReturn, form?: Form) {
  const back = comingBack(actor, person)
  return showAct(
    c,
    person,
    { title: 'Take back' },
    <TakeBack person={person} returning={back} stopped={inTheWay(person, back)} {...placed(c, form)} />,
    form ? 422 : 200,
  )
}

/** For confirmed(): whom the address names was an Admin, and would be one again. */
const wasAdmin = async (_fields: URLSearchParams, c: Context<App>) => {
  const id = readId(c.req.param('id') ?? '')
  return id !== null && (await removedAdmin(c.var.db, actorOf(c), id)) !== undefined
}

export const removal = new Hono<App>()
  .get('/:id/remove', allow('members.remove'), confirmed(), keepPlace, async (c) => {
    const person = await personOf(c, actorOf(c), personAndRemoval)
    insist(mayRemove(actorOf(c), person))
    return removeScreen(c, person)
  })
  .post('/:id/remove', allow('members.remove'), confirmed(), async (c) => {
    const form = await readForm(c, removing)
    return deciding(c, async (actor) => {
      const person = await personOf(c, actor, personAndRemoval)
      insist(mayRemove(actor, person))
      if (!form.input) return removeScreen(c, person, form)
      insistOnVersion(person, form.input.version)
      const { errors } = await remove(c.var.db, causeOf(c), actor, person, form.input.reason)
      return errors ? removeScreen(c, person, refuse(form, errors)) : done(c, person.id, 'Removed.')
    })
  })
  .get('/:id/take-back', allow('members.remove'), keepPlace, async (c) => {
    const person = await personOf(c, actorOf(c), personAndReturn)
    insist(mayTakeBack(actorOf(c), person, c.var.now))
    return takeBackScreen(c, actorOf(c), person)
  })
  .post('/:id/take-back', allow('members.remove'), confirmed({ when: wasAdmin }), async (c) => {
    const form = await readForm(c, taking)
    return deciding(c, async (actor) => {
      const person = await personOf(c, actor, personAndReturn)
      insist(mayTakeBack(actor, person, c.var.now))
      if (!form.input) return takeBackScreen(c, actor, person, form)
      insistOnVersion(person, form.input.version)
      const { errors, ended } = await takeBack(c.var.db, causeOf(c), actor, person, comingBack(actor, person))
      if (errors) return takeBackScreen(c, actor, person, refuse(form, errors))
      return done(c, person.id, ended ? `Taken back. ${givenHasEnded}` : 'Taken back.')
    })
  })
