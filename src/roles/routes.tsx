import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { DeleteRole, EditRole, NewRole, Roles } from '../../views/roles/roles.tsx'
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
import { changeRole, createRole, deleteRole } from './commands.ts'
import { firstHolders, type Role, roleList, roleToChange } from './queries.ts'

const fields = {
  name: line(100, { needed: 'Enter a name for the role', label: 'The name' }),
  description: line(200, { label: 'The description' }),
  permissions: z.array(z.enum(allPermissions, 'Choose from the list')).default([]),
}
const newRole = z.object({ key: formKey, ...fields })
const changedRole = z.object({ version, ...fields })
const asked = z.object({ version })

const listOf = (c: Context<App>) => `/o/${actorOf(c).organization.slug}/roles`

async function roleOf(c: Context<App>, actor: Actor): Promise<Role> {
  const id = readId(c.req.param('id') ?? '')
  const role = id && (await roleToChange(c.var.db, actor, id))
  if (!role) throw new NotFound()
  return role
}

const listScreen = async (c: Context<App>, actor: Actor, said?: string) =>
  show(c, 'Roles', <Roles actor={actor} rows={await roleList(c.var.db, actor)} said={said} />)

/** After an act: the list, and with htmx what was done as a toast. Back leads to where the form was opened. */
function done(c: Context<App>, actor: Actor, said: string) {
  if (!isSwap(c)) return leadOn(c, listOf(c), said)
  c.header('HX-Replace-Url', listOf(c))
  return listScreen(c, actor, said)
}

const newScreen = (c: Context<App>, form?: Form) =>
  show(c, 'Create role', <NewRole actor={actorOf(c)} action={c.req.path} form={form} />, form ? 422 : 200)

const editScreen = (c: Context<App>, role: Role, form?: Form, status = form ? 422 : 200) =>
  show(c, `${role.name} – Roles`, <EditRole actor={actorOf(c)} action={c.req.path} role={role} form={form} />, status)

const deleteScreen = async (c: Context<App>, actor: Actor, role: Role, form?: Form, status = form ? 422 : 200) =>
  show(
    c,
    `Delete role – ${role.name}`,
    <DeleteRole
      actor={actor}
      action={c.req.path}
      role={role}
      people={await firstHolders(c.var.db, actor, role)}
      form={form}
    />,
    status,
  )

/** Permissions stay as they are where they must; everything else of the role may change. */
const insistOnOpen = (actor: Actor, role: Role) => {
  const because = closedTo(actor, role)
  if (because) throw new Refused(because)
}

export const roles = new Hono<App>()
  .get('/', allow('roles.manage'), (c) => listScreen(c, actorOf(c)))
  .get('/new', allow('roles.manage'), withoutQuery, (c) => newScreen(c))
  .post('/new', allow('roles.manage'), async (c) => {
    const form = await readForm(c, newRole)
    const input = inOrder(form.input)
    if (!input) return newScreen(c, form)
    return deciding(c, async (actor) => {
      const { errors } = await createRole(c.var.db, causeOf(c), actor, input.key, input)
      return errors ? newScreen(c, refuse(form, errors)) : done(c, actor, `${input.name} was created.`)
    })
  })
  .get('/:id', allow('roles.manage'), withoutQuery, async (c) => editScreen(c, await roleOf(c, actorOf(c))))
  .post('/:id', allow('roles.manage'), async (c) => {
    const form = await readForm(c, changedRole)
    return deciding(c, async (actor) => {
      const role = await roleOf(c, actor)
      const input = inOrder(form.input)
      if (!input) return editScreen(c, role, form)
      if (input.version !== role.version) return editScreen(c, role, meanwhile(form), 409)
      if (input.permissions.join() !== role.permissions.join()) insistOnOpen(actor, role)
      const { errors, ended } = await changeRole(c.var.db, causeOf(c), actor, role, input)
      if (errors) return editScreen(c, role, refuse(form, errors))
      return done(c, actor, `${input.name} was saved.${givenHasEndedFor(ended)}`)
    })
  })
  .get('/:id/delete', allow('roles.manage'), withoutQuery, async (c) => {
    const role = await roleOf(c, actorOf(c))
    insistOnOpen(actorOf(c), role)
    return deleteScreen(c, actorOf(c), role)
  })
  .post('/:id/delete', allow('roles.manage'), async (c) => {
    const form = await readForm(c, asked)
    return deciding(c, async (actor) => {
      const role = await roleOf(c, actor)
      insistOnOpen(actor, role)
      const { input } = form
      if (!input) return deleteScreen(c, actor, role, form)
      if (input.version !== role.version) return deleteScreen(c, actor, role, meanwhile(form), 409)
      const { errors } = await deleteRole(c.var.db, causeOf(c), actor, role)
      return errors ? deleteScreen(c, actor, role, refuse(form, errors)) : done(c, actor, `${role.name} was deleted.`)
    })
  })
