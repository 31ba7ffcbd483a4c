import type { Context, MiddlewareHandler } from 'hono'
import type { Child } from 'hono/jsx'
import { Act, type ActWords } from '../../views/members/act.tsx'
import { News, Panel } from '../../views/members/panel.tsx'
import { type Actor, can, fullName } from '../platform/access/actor.ts'
import { actorOf } from '../platform/access/allow.ts'
import { readId } from '../platform/ids.ts'
import type { App } from '../platform/web/app-context.ts'
import { giveCookie, readCookie } from '../platform/web/cookie.ts'
import { Conflict, NotAllowed, NotFound, Refused } from '../platform/web/failures.ts'
import { isSwap, show } from '../platform/web/show.ts'
import { placeIn, readMemberList } from './list-state.ts'
import { type Person, personToChange } from './person.ts'
import { memberPanel } from './queries.ts'
import type { Refusal } from './rules.ts'

/*
 * What every act on a person shares: who it is about, how it refuses, where it shows and where it leads. Each act has a page of
 * its own under the person's address; with htmx the same page stands in the place of the panel.
 */

export { deciding } from '../platform/web/deciding.ts'

export const baseOf = (c: Context<App>) => `/o/${actorOf(c).organization.slug}/members`

/** The person that the address names, as of now; every other id is the same 404. */
export async function personOf(c: Context<App>, actor: Actor): Promise<Person> {
  const id = readId(c.req.param('id') ?? '')
  const person = id && (await personToChange(c.var.db, actor, id, c.var.now))
  if (!person) throw new NotFound()
  return person
}

/** Stops a request that the rules refuse. */
export function insist(refusal: Refusal): void {
  if (!refusal) return
  throw 'needs' in refusal ? new NotAllowed(refusal.needs) : new Refused(refusal.because)
}

/** Somebody else changed the person after the form was opened. */
export function insistOnVersion(person: { version: number }, version: number): void {
  if (person.version !== version) throw new Conflict()
}

const queryOf = (address: string | undefined): string => {
  if (!address || !URL.canParse(address, 'http://x')) return ''
  const { list } = readMemberList(new URL(address, 'http://x'))
  return placeIn(list)
}

/**
 * The place in the list that an act began from, which it leads back to: in the address with htmx. Elsewhere the form's address
 * has no query (web/address.ts, `withoutQuery`), and a short cookie keeps it.
 */
export const keepPlace: MiddlewareHandler<App> = async (c, next) => {
  const url = new URL(c.req.url)
  if (url.search && c.req.method === 'GET' && !isSwap(c)) {
    giveCookie(c, 'place', encodeURIComponent(queryOf(c.req.url)), 3600)
    return c.redirect(url.pathname, 303)
  }
  await next()
}

const placeOf = (c: Context<App>): string =>
  isSwap(c)
    ? queryOf(c.req.method === 'GET' ? c.req.url : c.req.header('hx-current-url'))
    : queryOf(`/${decodeURIComponent(readCookie(c, 'place') ?? '')}`)

/** The person's panel, at the list's place. */
export const panelHref = (c: Context<App>, id: string): string => `${baseOf(c)}/${id}${placeOf(c)}`

/** A form about one person, in the place of their panel, or as a page. */
export function showAct(
  c: Context<App>,
  person: Person,
  words: ActWords,
  body: Child,
  status: 200 | 409 | 422 = 200,
): Response {
  const back = panelHref(c, c.req.param('id') ?? '')
  return show(
    c,
    `${words.title} – ${fullName(person)}`,
    <Act person={person} words={words} back={back} alone={!isSwap(c)}>
      {body}
    </Act>,
    status,
  )
}

/**
 * After an act: with htmx the person's fresh panel, their fresh row of the table and `said` as a toast; otherwise the panel's
 * page. Somebody who is out of sight now leads back to the list.
 */
export async function done(c: Context<App>, id: string, said: string): Promise<Response> {
  const actor = actorOf(c)
  const named = c.req.param('id') ?? id
  if (!isSwap(c)) return c.redirect(panelHref(c, named), 303)
  const person = await memberPanel(c.var.db, actor, id)
  if (!person) return c.body(null, 200, { 'HX-Redirect': baseOf(c) + placeOf(c) })
  // In the form's place: Back from here leads to where the form was opened, and not to a form that is done with.
  c.header('HX-Replace-Url', panelHref(c, named))
  const back = can(actor, 'members.view') ? baseOf(c) + placeOf(c) : null
  return show(
    c,
    fullName(person),
    <Panel person={person} back={back} actor={actor} now={c.var.now} zone={actor.timeZone}>
      <News said={said} person={person} href={panelHref(c, named)} now={c.var.now} zone={actor.timeZone} />
    </Panel>,
  )
}
