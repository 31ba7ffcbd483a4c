import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { AvatarPage } from '../../views/profile/avatar.tsx'
import { OwnProfile } from '../../views/profile/profile.tsx'
import { removeAvatar, setAvatar } from '../avatars/commands.ts'
import { close, countRefused, waitOf } from '../avatars/often.ts'
import { picturesFrom } from '../avatars/picture.ts'
import { mostBytes, refusals } from '../avatars/rules.ts'
import { type ChangeSince, changesSince } from '../members/conflict.ts'
import { editProfile } from '../members/edit/commands.ts'
import { contactFields } from '../members/edit/form.ts'
import { contactNames, profileOf } from '../members/edit/rules.ts'
import { whomToAsk } from '../organizations/queries.ts'
import type { Actor } from '../platform/access/actor.ts'
import { actorOf, member } from '../platform/access/allow.ts'
import { withoutQuery } from '../platform/web/address.ts'
import type { App } from '../platform/web/app-context.ts'
import { causeOf } from '../platform/web/cause.ts'
import { deciding } from '../platform/web/deciding.ts'
import { NotFound, TooMany } from '../platform/web/failures.ts'
import { type Form, readForm, refuse, version } from '../platform/web/form.ts'
import { leadOn, sayAt } from '../platform/web/said.ts'
import { leadTo, show } from '../platform/web/show.ts'
import { readUpload } from '../platform/web/upload.ts'
import { inMinutes } from '../platform/web/waiting.ts'
import { type OwnPlace, ownPlace } from './queries.ts'
import { isBound } from './rules.ts'

/** Fields that were locked when the form was opened aren't in it. */
const ownDetails = z
  .object({ version, ...contactFields })
  .partial()
  .required({ version: true })
const removal = z.object({ remove: z.literal('on', 'Use the button') })

const baseOf = (c: Context<App>) => `/o/${actorOf(c).organization.slug}`

async function screen(c: Context<App>, actor: Actor, place: OwnPlace, form?: Form, since?: ChangeSince[]) {
  const { db, now } = c.var
  const admins = place.locked.length > 0 ? await whomToAsk(db, actor.organization.id, now) : []
  return show(
    c,
    `${form ? 'Error: ' : ''}Edit profile`,
    <OwnProfile actor={actor} place={place} admins={admins} form={form} since={since} now={now} />,
    since ? 409 : form ? 422 : 200,
  )
}

const avatarScreen = (c: Context<App>, error?: string, status: 200 | 413 | 422 | 429 = error ? 422 : 200) => {
  const form = error ? { input: null, values: {}, errors: { avatar: error } } : undefined
  return show(
    c,
    `${form ? 'Error: ' : ''}Your picture`,
    <AvatarPage actor={actorOf(c)} base={baseOf(c)} form={form} />,
    status,
  )
}

/** How many pictures of each account are on their way in this process: each is held in memory. */
const onTheirWay = new Map<string, number>()
const mostOnTheirWay = 2

async function oneAtATime(account: string, work: () => Promise<Response>): Promise<Response> {
  const count = onTheirWay.get(account) ?? 0
  if (count >= mostOnTheirWay) throw new TooMany(5)
  onTheirWay.set(account, count + 1)
  try {
    return await work()
  } finally {
    const left = (onTheirWay.get(account) ?? 1) - 1
    if (left > 0) onTheirWay.set(account, left)
    else onTheirWay.delete(account)
  }
}

function tooManyPictures(c: Context<App>, seconds: number): Response {
  c.header('Retry-After', String(seconds))
  return avatarScreen(c, refusals.many(inMinutes(seconds)), 429)
}

async function takePicture(c: Context<App>): Promise<Response> {
  const file = await readUpload(c, 'avatar', mostBytes)
  if (file === 'none') return avatarScreen(c, refusals.none)
  if (file === 'too large') {
    c.header('Connection', 'close')
    return avatarScreen(c, refusals.bytes, 413)
  }
  const { db, key, now } = c.var
  const actor = actorOf(c)
  const closed = waitOf(actor.accountId, now)
  if (closed > 0) return tooManyPictures(c, closed)
  const made = await picturesFrom(file)
  const refused = 'refused' in made
  const result = refused
    ? await countRefused(db, key, actor.accountId, now)
    : await setAvatar(db, causeOf(c), key, actor, made)
  if (result && 'wait' in result) {
    close(actor.accountId, now, result.wait)
    return tooManyPictures(c, result.wait)
  }
  if (refused) return avatarScreen(c, made.refused)
  if (result && 'gone' in result) throw new NotFound()
  return leadOn(c, `${baseOf(c)}/profile`, 'Picture saved.')
}

export const ownProfile = new Hono<App>()
  .get('/', member(), withoutQuery, async (c) => {
    const actor = actorOf(c)
    return screen(c, actor, await ownPlace(c.var.db, actor, c.var.now))
  })
  .post('/', member(), async (c) => {
    const form = await readForm(c, ownDetails)
    return deciding(c, async (actor) => {
      const { db, now } = c.var
      const place = await ownPlace(db, actor, now)
      const { person, locked } = place
      const { input } = form
      if (!input) return screen(c, actor, place, form)
      const before = profileOf(person)
      const forced = locked.filter((name) => input[name] !== undefined && input[name] !== before[name])
      if (forced.length > 0) {
        const error = 'Your group doesn’t let its members change this. Nothing was saved'
        return screen(c, actor, place, refuse(form, Object.fromEntries(forced.map((name) => [name, error]))))
      }
      if (person.version !== input.version) {
        const since = await changesSince(db, actor, person, input.version)
        return screen(c, actor, place, { ...form, values: { ...form.values, version: String(person.version) } }, since)
      }
      const after = { ...before }
      for (const name of contactNames) after[name] = input[name] ?? before[name]
      const fresh = await editProfile(db, causeOf(c), actor, person, after, { locks: isBound(actor) })
      // With htmx too this leads to another page.
      const own = `${baseOf(c)}/members/me`
      sayAt(c, own, fresh ? 'Saved.' : 'Nothing was changed.')
      return leadTo(c, own)
    })
  })
  .get('/avatar', member(), withoutQuery, (c) => avatarScreen(c))
  .post('/avatar', member(), (c) => oneAtATime(actorOf(c).accountId, () => takePicture(c)))
  .post('/avatar/remove', member(), async (c) => {
    const form = await readForm(c, removal)
    if (!form.input) return avatarScreen(c, form.errors.remove)
    await removeAvatar(c.var.db, causeOf(c), actorOf(c), actorOf(c).membership.id)
    return leadOn(c, `${baseOf(c)}/profile`, 'Picture removed.')
  })
