import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { DeleteGroup, EditGroup, Groups, NewGroup } from '../../views/groups/groups.tsx'
import { givenHasEndedFor } from '../accounts/given.ts'
import type { Actor } from '../platform/access/actor.ts'
import { actorOf, allow } from '../platform/access/allow.ts'
import { closedTo, inOrder } from '../platform/access/permission-set.ts'
import { allPermissions } from '../platform/access/permissions.ts'
import { readId } from '../platform/ids.ts'
import { withoutQuery } from '../platform/web/address.ts'
import type { App } from '../platform/web/app-context.ts'
import { causeOf } from '../platform/web/cause.ts'
import { deciding } from '../platform/web/deciding.ts'
import { NotFound, Refused } from '../platform/web/failures.ts'
import { type Form, formKey, line, meanwhile, readForm, refuse, version } from '../platform/web/form.ts'
import { leadOn } from '../platform/web/said.ts'
import { isSwap, show } from '../platform/web/show.ts'
import { changeGroup, createGroup, deleteGroup } from './commands.ts'
import { type Group, groupList, groupToChange } from './queries.ts'
import { type LockableField, lockable } from './rules.ts'

const fields = {
  name: line(100, { needed: 'Enter a name for the group', label: 'The name' }),
  permissions: z.array(z.enum(allPermissions, 'Choose from the list')).default([]),
  locked: z.array(z.enum(Object.keys(lockable) as LockableField[], 'Choose from the list')).default([]),
}
const newGroup = z.object({ key: formKey, ...fields })
const changedGroup = z.object({ version, ...fields })
const asked = z.object({ version })

const listOf = (c: Context<App>) => `/o/${actorOf(c).organization.slug}/groups`

async function groupOf(c: Context<App>, actor: Actor): Promise<Group> {
  const id = readId(c.req.param('id') ?? '')
  const group = id && (await groupToChange(c.var.db, actor, id))
  if (!group) throw new NotFound()
  return group
}

const listScreen = async (c: Context<App>, actor: Actor, said?: string) =>
  show(c, 'Groups', <Groups actor={actor} rows={await groupList(c.var.db, actor)} said={said} />)

/** After an act: the list, and with htmx what was done as a toast. Back leads to where the form was opened. */
function done(c: Context<App>, actor: Actor, said: string) {
  if (!isSwap(c)) return leadOn(c, listOf(c), said)
  c.header('HX-Replace-Url', listOf(c))
  return listScreen(c, actor, said)
}

const newScreen = (c: Context<App>, form?: Form) =>
  show(c, 'Create group', <NewGroup actor={actorOf(c)} action={c.req.path} form={form} />, form ? 422 : 200)

const editScreen = (c: Context<App>, group: Group, form?: Form, status = form ? 422 : 200) =>
  show(
    c,
    `${group.name} – Groups`,
    <EditGroup actor={actorOf(c)} action={c.req.path} group={group} form={form} />,
    status,
  )

const deleteScreen = (c: Context<App>, actor: Actor, group: Group, form?: Form, status = form ? 422 : 200) =>
  show(
    c,
    `Delete group – ${group.name}`,
    <DeleteGroup actor={actor} action={c.req.path} group={group} form={form} />,
    status,
  )

/** What it gives and locks is as it was. */
const unchanged = (one: { permissions: string[]; locked: string[] }, other: Group) =>
  one.permissions.join() === other.permissions.join() && one.locked.join() === other.locked.join()

/** Default stays, and what nobody here may take from its members. */
const insistOnEnd = (actor: Actor, group: Group) => {
  if (group.is_default)
    throw new Refused('This group always exists: everybody who is in no other group is in it. It can be renamed.')
  insistOnOpen(actor, group)
}

/** Permissions and locks stay as they are where they must; the name may change. */
const insistOnOpen = (actor: Actor, group: Group) => {
  const because = closedTo(actor, group)
  if (because) throw new Refused(because)
}

export const groups = new Hono<App>()
  .get('/', allow('groups.manage'), (c) => listScreen(c, actorOf(c)))
  .get('/new', allow('groups.manage'), withoutQuery, (c) => newScreen(c))
  .post('/new', allow('groups.manage'), async (c) => {
    const form = await readForm(c, newGroup)
    const input = inOrder(form.input)
    if (!input) return newScreen(c, form)
    return deciding(c, async (actor) => {
      const { errors } = await createGroup(c.var.db, causeOf(c), actor, input.key, input)
      return errors ? newScreen(c, refuse(form, errors)) : done(c, actor, `${input.name} was created.`)
    })
  })
  .get('/:id', allow('groups.manage'), withoutQuery, async (c) => editScreen(c, await groupOf(c, actorOf(c))))
  .post('/:id', allow('groups.manage'), async (c) => {
    const form = await readForm(c, changedGroup)
    return deciding(c, async (actor) => {
      const group = await groupOf(c, actor)
      const input = inOrder(form.input)
      if (!input) return editScreen(c, group, form)
      if (input.version !== group.version) return editScreen(c, group, meanwhile(form), 409)
      if (!unchanged(input, group)) insistOnOpen(actor, group)
      const { errors, ended } = await changeGroup(c.var.db, causeOf(c), actor, group, input)
      if (errors) return editScreen(c, group, refuse(form, errors))
      return done(c, actor, `${input.name} was saved.${givenHasEndedFor(ended)}`)
    })
  })
  .get('/:id/delete', allow('groups.manage'), withoutQuery, async (c) => {
    const group = await groupOf(c, actorOf(c))
    insistOnEnd(actorOf(c), group)
    return deleteScreen(c, actorOf(c), group)
  })
  .post('/:id/delete', allow('groups.manage'), async (c) => {
    const form = await readForm(c, asked)
    return deciding(c, async (actor) => {
      const group = await groupOf(c, actor)
      insistOnEnd(actor, group)
      const { input } = form
      if (!input) return deleteScreen(c, actor, group, form)
      if (input.version !== group.version) return deleteScreen(c, actor, group, meanwhile(form), 409)
      const { errors, ended } = await deleteGroup(c.var.db, causeOf(c), actor, group)
      if (errors) return deleteScreen(c, actor, group, refuse(form, errors))
      return done(c, actor, `${group.name} was deleted.${givenHasEndedFor(ended)}`)
    })
  })
