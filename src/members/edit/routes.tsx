import { isDeepStrictEqual } from 'node:util'
import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { Edit } from '../../../views/members/edit.tsx'
import type { Actor } from '../../platform/access/actor.ts'
import { reach } from '../../platform/access/actor.ts'
import { actorOf, allow } from '../../platform/access/allow.ts'
import { readId } from '../../platform/ids.ts'
import type { App } from '../../platform/web/app-context.ts'
import { causeOf } from '../../platform/web/cause.ts'
import { deciding } from '../../platform/web/deciding.ts'
import { NotFound } from '../../platform/web/failures.ts'
import { type Form, readForm, refuse, version } from '../../platform/web/form.ts'
import { done, insist, keepPlace, panelHref, personOf, showAct } from '../act.tsx'
import { type ChangeSince, changesSince } from '../conflict.ts'
import type { Person } from '../person.ts'
import { mayEdit, mayPlace } from '../rules.ts'
import { editProfile } from './commands.ts'
import { contactFields, placeFields } from './form.ts'
import { personWithRegions, regionsIn } from './queries.ts'
import { type Profile, placeErrors, profileOf, type Regions } from './rules.ts'

const contact = z.object({ version, ...contactFields })
const everything = contact.extend(placeFields)
type Asked = z.output<typeof everything>

type Found = { person: Person; regions: Regions }

const screen = (
  c: Context<App>,
  actor: Actor,
  { person, regions }: Found,
  form?: Form,
  since?: ChangeSince[],
): Response =>
  showAct(
    c,
    person,
    { title: 'Edit' },
    <Edit
      person={person}
      regions={mayPlace(actor, person) === null ? regions : null}
      actor={actor}
      back={panelHref(c, c.req.param('id') ?? '')}
      action={c.req.path}
      form={form}
      since={since}
      now={c.var.now}
    />,
    since ? 409 : form ? 422 : 200,
  )

/** The profile that the form asks for; a part that it doesn't hold stays. */
function profileIn({ version: _, region, area, ...rest }: Asked, before: Profile): Profile {
  return {
    ...rest,
    region_id: region === undefined ? before.region_id : region,
    area_id: area === undefined ? before.area_id : area,
  }
}

export const edit = new Hono<App>()
  .get('/:id/edit', allow('members.edit'), keepPlace, async (c) => {
    const actor = actorOf(c)
    const id = readId(c.req.param('id') ?? '')
    const found = id && (await personWithRegions(c.var.db, actor, id, c.var.now))
    if (!found) throw new NotFound()
    insist(mayEdit(actor, found.person))
    return screen(c, actor, found)
  })
  .post('/:id/edit', allow('members.edit'), async (c) => {
    // A Group manager's form has no region and area, so one that has them is no form of ours.
    const wide = reach(actorOf(c), 'members.edit') === 'organization'
    const form: Form<Asked> = await readForm(c, wide ? everything : contact)
    return deciding(c, async (actor) => {
      const { db } = c.var
      const person = await personOf(c, actor)
      insist(mayEdit(actor, person))
      // Most edits leave people where they are, and save; then nobody asks for the regions.
      const again = async (form: Form, since?: ChangeSince[]) =>
        screen(c, actor, { person, regions: await regionsIn(db, actor) }, form, since)
      if (!form.input) return again(form)
      if (wide) insist(mayPlace(actor, person))
      const after = profileIn(form.input, profileOf(person))
      // A second press of the same button finds what the first one saved.
      const already = isDeepStrictEqual(after, profileOf(person))
      if (person.version !== form.input.version && !already) {
        const since = await changesSince(db, actor, person, form.input.version)
        return again({ ...form, values: { ...form.values, version: String(person.version) } }, since)
      }
      if (after.region_id !== person.region_id || after.area_id !== person.area_id) {
        const regions = await regionsIn(db, actor)
        const errors = placeErrors(regions, after.region_id, after.area_id)
        if (errors) return screen(c, actor, { person, regions }, refuse(form, errors))
      }
      const fresh = await editProfile(db, causeOf(c), actor, person, after)
      const second = person.version !== form.input.version
      return done(c, person.id, fresh || second ? 'Saved.' : 'Nothing was changed.', fresh)
    })
  })
