import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { ChangeAccess } from '../../../views/members/access.tsx'
import { givenHasEnded } from '../../accounts/given.ts'
import type { Actor } from '../../platform/access/actor.ts'
import { actorOf, allow } from '../../platform/access/allow.ts'
import { confirmed, forAdmin } from '../../platform/access/confirmed.ts'
import { organizationRoles, permissions } from '../../platform/access/permissions.ts'
import { readId, shortId } from '../../platform/ids.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { deciding } from '../../platform/web/deciding.ts'
import { NotFound } from '../../platform/web/failures.ts'
import { type Form, readForm, refuse, version } from '../../platform/web/form.ts'
import { done, insist, keepPlace, panelHref, showAct } from '../act.tsx'
import { changedSince } from '../conflict.ts'
import { mayChangeAccess } from '../rules.ts'
import { changeAccess } from './commands.ts'
import { accessFields, accessIn } from './form.ts'
import { personWithChoices } from './queries.ts'
import { type Access, type AccessErrors, accessOf, type Choices, decideAccess } from './rules.ts'

const asked = z.object({ version, ...accessFields })
type Found = NonNullable<Awaited<ReturnType<typeof personWithChoices>>>

async function found(c: Context<App>, actor: Actor): Promise<Found> {
  const named = readId(c.req.param('id') ?? '')
  const one = named && (await personWithChoices(c.var.db, actor, named, c.var.now))
  if (!one) throw new NotFound()
  insist(mayChangeAccess(actor, one.person))
  return one
}

const screen = (
  c: Context<App>,
  actor: Actor,
  { person, choices }: Found,
  form?: Form,
  status: 200 | 409 | 422 = form ? 422 : 200,
) =>
  showAct(
    c,
    person,
    { title: 'Change access' },
    <ChangeAccess
      person={person}
      actor={actor}
      now={accessOf(person, choices)}
      choices={choices}
      back={panelHref(c, shortId(person.id))}
      action={c.req.path}
      form={form}
    />,
    status,
  )

const names = (list: string[]) => (list.length > 0 ? list.join(', ') : 'none')

/** What stands there now, beside each field in which somebody else's change and this form differ. */
function differences(now: Access, mine: Access, choices: Choices): AccessErrors {
  const groupName = choices.groups.find(({ id }) => id === now.group)?.name ?? ''
  const held = choices.roles.filter(({ id }) => now.customRoles.includes(id)).map(({ name }) => name)
  const differ = (a: string[], b: string[]) => a.toSorted().join() !== b.toSorted().join()
  return {
    ...(now.role !== mine.role && { role: `It is ${organizationRoles[now.role].label} now.` }),
    ...(now.group !== mine.group && { group: `It is ${groupName} now.` }),
    ...(now.manages !== mine.manages && {
      group_manager: now.manages ? 'They are Group manager now.' : 'They aren’t Group manager now.',
    }),
    ...(differ(now.customRoles, mine.customRoles) && { custom_role: `Now: ${names(held)}.` }),
    ...(differ(now.permissions, mine.permissions) && {
      permission: `Now: ${names(now.permissions.map((name) => permissions[name].label))}.`,
    }),
  }
}

export const access = new Hono<App>()
  .get('/:id/access', allow('members.access'), keepPlace, async (c) => {
    const actor = actorOf(c)
    return screen(c, actor, await found(c, actor))
  })
  .post('/:id/access', allow('members.access'), confirmed({ when: forAdmin }), async (c) => {
    const form = await readForm(c, asked)
    return deciding(c, async (actor) => {
      const one = await found(c, actor)
      const { person, choices } = one
      if (!form.input) return screen(c, actor, one, form)
      const now = accessOf(person, choices)
      const mine = accessIn(form.input)
      if (person.version !== form.input.version) {
        const told = await changedSince(c.var.db, actor, person, form.input.version)
        const values = { ...form.values, version: String(person.version) }
        const errors = { '': told, ...differences(now, mine, choices) }
        return screen(c, actor, one, { input: null, values, errors }, 409)
      }
      const decision = decideAccess(actor, person, choices, mine)
      if (decision.errors) return screen(c, actor, one, refuse(form, decision.errors))
      if (decision.changed) {
        const { errors, ended } = await changeAccess(c.var.db, causeOf(c), actor, person, now, decision.access)
        if (errors) return screen(c, actor, one, refuse(form, errors))
        if (ended) return done(c, person.id, `${decision.said} ${givenHasEnded}`)
      }
      return done(c, person.id, decision.said)
    })
  })
