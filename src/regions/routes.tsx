import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { DeletePlace, EditArea, EditRegion, NewArea, NewRegion, Regions } from '../../views/regions/regions.tsx'
import type { Actor } from '../platform/access/actor.ts'
import { actorOf, allow } from '../platform/access/allow.ts'
import { sortKey } from '../platform/fold.ts'
import { readId, shortId } from '../platform/ids.ts'
import { withoutQuery } from '../platform/web/address.ts'
import type { App } from '../platform/web/app-context.ts'
import { causeOf } from '../platform/web/cause.ts'
import { deciding } from '../platform/web/deciding.ts'
import { NotFound } from '../platform/web/failures.ts'
import { type Form, formKey, line, meanwhile, readForm, refuse, version } from '../platform/web/form.ts'
import { leadOn } from '../platform/web/said.ts'
import { isSwap, show } from '../platform/web/show.ts'
import { createPlace, deletePlace, renamePlace } from './commands.ts'
import { type Area, areaToChange, type Region, regionList, regionNow, regionToChange } from './queries.ts'

const fields = (noun: string) => ({ name: line(100, { needed: `Enter a name for the ${noun}`, label: 'The name' }) })
const newRegion = z.object({ key: formKey, ...fields('region') })
const newArea = z.object({ key: formKey, ...fields('area') })
const changed = { region: z.object({ version, ...fields('region') }), area: z.object({ version, ...fields('area') }) }
const asked = z.object({ version })

const listOf = (c: Context<App>) => `/o/${actorOf(c).organization.slug}/regions`
const regionHref = (c: Context<App>, id: string) => `${listOf(c)}/${shortId(id)}`

async function found<T>(c: Context<App>, one: (id: string) => Promise<T | null>): Promise<T> {
  const id = readId(c.req.param('id') ?? '')
  const place = id && (await one(id))
  if (!place) throw new NotFound()
  return place
}
const regionOf = (c: Context<App>, actor: Actor) => found(c, (id) => regionToChange(c.var.db, actor, id))
const areaOf = (c: Context<App>, actor: Actor) => found(c, (id) => areaToChange(c.var.db, actor, id))

const listScreen = async (c: Context<App>, actor: Actor, said?: string) =>
  show(c, 'Regions', <Regions actor={actor} rows={await regionList(c.var.db, actor)} said={said} />)

/** After an act: the list, and with htmx what was done as a toast. Back leads to where the form was opened. */
function toList(c: Context<App>, actor: Actor, said: string) {
  if (!isSwap(c)) return leadOn(c, listOf(c), said)
  c.header('HX-Replace-Url', listOf(c))
  return listScreen(c, actor, said)
}

/** The same with the page of a region, where its areas are. */
async function toRegion(c: Context<App>, actor: Actor, which: Region | string, said: string) {
  const href = regionHref(c, typeof which === 'string' ? which : which.id)
  if (!isSwap(c)) return leadOn(c, href, said)
  const region = typeof which === 'string' ? await regionNow(c.var.db, actor, which) : which
  if (!region) return toList(c, actor, said)
  c.header('HX-Replace-Url', href)
  const props = { actor, action: href, said }
  return show(c, `${region.name} – Regions`, <EditRegion {...props} region={region} />)
}

/** The region as it was read, with one area more: to read it again would be a fifth statement. */
const withArea = (region: Region, id: string, name: string): Region => ({
  ...region,
  areas: [...region.areas.filter((area) => area.id !== id), { id, name, people: 0 }].sort((one, other) =>
    sortKey(one.name) < sortKey(other.name) ? -1 : 1,
  ),
})

const newScreen = (c: Context<App>, form?: Form) =>
  show(c, 'Create region', <NewRegion actor={actorOf(c)} action={c.req.path} form={form} />, form ? 422 : 200)

const newAreaScreen = (c: Context<App>, region: Region, form?: Form) =>
  show(
    c,
    `Add area – ${region.name}`,
    <NewArea actor={actorOf(c)} action={c.req.path} region={region} form={form} />,
    form ? 422 : 200,
  )

const editScreen = (c: Context<App>, place: Region | Area, form?: Form, status = form ? 422 : 200) => {
  const props = { actor: actorOf(c), action: c.req.path, form }
  return show(
    c,
    `${place.name} – Regions`,
    place.kind === 'region' ? <EditRegion {...props} region={place} /> : <EditArea {...props} area={place} />,
    status,
  )
}

const deleteScreen = (c: Context<App>, place: Region | Area, form?: Form, status = form ? 422 : 200) =>
  show(
    c,
    `Delete ${place.kind} – ${place.name}`,
    <DeletePlace actor={actorOf(c)} action={c.req.path} place={place} form={form} />,
    status,
  )

/** Renames what `of` finds at the address. */
const rename = async (
  c: Context<App>,
  kind: 'region' | 'area',
  of: (c: Context<App>, actor: Actor) => Promise<Region | Area>,
) => {
  const form = await readForm(c, changed[kind])
  return deciding(c, async (actor) => {
    const place = await of(c, actor)
    const { input } = form
    if (!input) return editScreen(c, place, form)
    if (input.version !== place.version) return editScreen(c, place, meanwhile(form), 409)
    const { errors } = await renamePlace(c.var.db, causeOf(c), actor, place, input.name)
    if (errors) return editScreen(c, place, refuse(form, errors))
    const said = `${input.name} was saved.`
    return place.kind === 'area' ? toRegion(c, actor, place.region_id, said) : toList(c, actor, said)
  })
}

/** Deletes what `of` finds at the address. */
const remove = async (c: Context<App>, of: (c: Context<App>, actor: Actor) => Promise<Region | Area>) => {
  const form = await readForm(c, asked)
  return deciding(c, async (actor) => {
    const place = await of(c, actor)
    const { input } = form
    if (!input) return deleteScreen(c, place, form)
    if (input.version !== place.version) return deleteScreen(c, place, meanwhile(form), 409)
    await deletePlace(c.var.db, causeOf(c), actor, place)
    const said = `${place.name} was deleted.`
    return place.kind === 'area' ? toRegion(c, actor, place.region_id, said) : toList(c, actor, said)
  })
}

export const regions = new Hono<App>()
  .get('/', allow('regions.manage'), (c) => listScreen(c, actorOf(c)))
  .get('/new', allow('regions.manage'), withoutQuery, (c) => newScreen(c))
  .post('/new', allow('regions.manage'), async (c) => {
    const form = await readForm(c, newRegion)
    const { input } = form
    if (!input) return newScreen(c, form)
    return deciding(c, async (actor) => {
      const { id, errors } = await createPlace(c.var.db, causeOf(c), actor, input.key, input.name)
      // To the region itself: its areas come next.
      return errors ? newScreen(c, refuse(form, errors)) : toRegion(c, actor, id, `${input.name} was created.`)
    })
  })
  .get('/:id', allow('regions.manage'), withoutQuery, async (c) => editScreen(c, await regionOf(c, actorOf(c))))
  .post('/:id', allow('regions.manage'), (c) => rename(c, 'region', regionOf))
  .get('/:id/delete', allow('regions.manage'), withoutQuery, async (c) =>
    deleteScreen(c, await regionOf(c, actorOf(c))),
  )
  .post('/:id/delete', allow('regions.manage'), (c) => remove(c, regionOf))
  .get('/:id/new-area', allow('regions.manage'), withoutQuery, async (c) =>
    newAreaScreen(c, await regionOf(c, actorOf(c))),
  )
  .post('/:id/new-area', allow('regions.manage'), async (c) => {
    const form = await readForm(c, newArea)
    return deciding(c, async (actor) => {
      const region = await regionOf(c, actor)
      const { input } = form
      if (!input) return newAreaScreen(c, region, form)
      const { id, errors } = await createPlace(c.var.db, causeOf(c), actor, input.key, input.name, region)
      if (errors) return newAreaScreen(c, region, refuse(form, errors))
      return toRegion(c, actor, withArea(region, id, input.name), `${input.name} was added.`)
    })
  })
  .get('/areas/:id', allow('regions.manage'), withoutQuery, async (c) => editScreen(c, await areaOf(c, actorOf(c))))
  .post('/areas/:id', allow('regions.manage'), (c) => rename(c, 'area', areaOf))
  .get('/areas/:id/delete', allow('regions.manage'), withoutQuery, async (c) =>
    deleteScreen(c, await areaOf(c, actorOf(c))),
  )
  .post('/areas/:id/delete', allow('regions.manage'), (c) => remove(c, areaOf))
