import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import { Act } from '../../views/members/act.tsx'
import { News, Panel } from '../../views/members/panel.tsx'
import type { ActWords } from '../../views/parts/act-frame.tsx'
import { type Actor, can, fullName } from '../platform/access/actor.ts'
import { actorOf } from '../platform/access/allow.ts'
import type { Refusal } from '../platform/access/subject.ts'
import { readId } from '../platform/ids.ts'
import type { App } from '../platform/web/app-context.ts'
import { Conflict, NotAllowed, NotFound, Refused } from '../platform/web/failures.ts'
import { placeKeeper } from '../platform/web/place.ts'
import { leadOn } from '../platform/web/said.ts'
import { isSwap, show } from '../platform/web/show.ts'
import { placeIn, readMemberList } from './list-state.ts'
import { type Person, personToChange } from './person.ts'
import { type MemberPanel, memberPanel } from './queries.ts'

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

const { keepPlace, placeOf } = placeKeeper('place', (address) => placeIn(readMemberList(address).list))

export { keepPlace }

/** The person's panel, at the list's place. */
export const panelHref = (c: Context<App>, id: string): string => `${baseOf(c)}/${id}${placeOf(c)}`

/** A form about one person, in the place of their panel, or as a page. */
export function showAct(
  c: Context<App>,
  person: Person,
  words: ActWords,
  body: Child,
  status: 200 | 409 | 422 | 429 = 200,
): Response {
  const back = panelHref(c, c.req.param('id') ?? '')
  return show(
    c,
    `${words.title} – ${fullName(person)}`,
    <Act person={person} slug={actorOf(c).organization.slug} words={words} back={back} alone={!isSwap(c)}>
      {body}
    </Act>,
    status,
  )
}

/**
 * After an act: with htmx the person's fresh panel, their fresh row of the table and `said` as a toast; otherwise the panel's
 * page. Somebody who is out of sight now leads back to the list. `fresh`: the panel, when the act itself has given it.
 */
export async function done(c: Context<App>, id: string, said: string, fresh?: MemberPanel | null): Promise<Response> {
  const actor = actorOf(c)
  const now = c.get('now')
  const [base, place] = [baseOf(c), placeOf(c)]
  const href = `${base}/${c.req.param('id') ?? id}${place}`
  if (!isSwap(c)) return leadOn(c, href, said)
  const person = fresh ?? (await memberPanel(c.get('db'), actor, id))
  if (!person) return c.body(null, 200, { 'HX-Redirect': base + place })
  // In the form's place: Back from here leads to where the form was opened, and not to a form that is done with.
  c.header('HX-Replace-Url', href)
  const back = can(actor, 'members.view') ? base + place : null
  return show(
    c,
    fullName(person),
    <Panel person={person} back={back} actor={actor} now={now} zone={actor.timeZone}>
      <News said={said} person={person} href={href} now={now} zone={actor.timeZone} />
    </Panel>,
  )
}
