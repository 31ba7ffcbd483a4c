import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import { InvitationAct } from '../../views/invitations/act.tsx'
import { InvitationNews, InvitationPanel } from '../../views/invitations/panel.tsx'
import { nameOf } from '../../views/invitations/words.ts'
import type { ActWords } from '../../views/parts/act-frame.tsx'
import type { Actor } from '../platform/access/actor.ts'
import { actorOf } from '../platform/access/allow.ts'
import { TurnLost } from '../platform/access/turn.ts'
import { readId } from '../platform/ids.ts'
import type { App } from '../platform/web/app-context.ts'
import { NotFound } from '../platform/web/failures.ts'
import { placeKeeper } from '../platform/web/place.ts'
import { leadOn } from '../platform/web/said.ts'
import { isSwap, show } from '../platform/web/show.ts'
import { placeIn, readInvitationList } from './list-state.ts'
import { type Invitation, invitationPanel } from './panel.ts'
import { type InvitationToChange, invitationToChange } from './to-change.ts'
import { maySee, pathOf } from './where.ts'

/*
 * What every act on an invitation shares, like members/act.tsx: each has a page of its own under the invitation's address; with
 * htmx the same page stands in the place of the panel.
 */

export { insist, insistOnVersion } from '../members/act.tsx'
export { deciding } from '../platform/web/deciding.ts'

export const baseOf = (c: Context<App>) => `/o/${actorOf(c).organization.slug}/invitations`

const { keepPlace, placeOf } = placeKeeper('place-invited', (address) => placeIn(readInvitationList(address).list))

export { keepPlace }

/** The invitation that the address names, as of now; every other id is the same 404. */
export async function invitationOf(c: Context<App>, actor: Actor): Promise<Invitation> {
  const id = readId(c.req.param('id') ?? '')
  const invitation = id && (await invitationPanel(c.var.db, actor, id, c.var.now))
  if (!invitation) throw new NotFound()
  // Somebody's access changed after the actor was read: what is decided now might not hold.
  if (invitation.access_version !== actor.organization.accessVersion) throw new TurnLost()
  return invitation
}

/** The same for an act of whoever may invite, with all that says whether they could give what it offers. */
export async function toChange(c: Context<App>, actor: Actor): Promise<InvitationToChange> {
  const id = readId(c.req.param('id') ?? '')
  const invitation = id && (await invitationToChange(c.var.db, actor, id))
  if (!invitation) throw new NotFound()
  return invitation
}

/** The invitation's panel at the list's place, or the page for whoever may not see that. */
export function panelHref(c: Context<App>, invitation: Pick<Invitation, 'id' | 'group_id'>): string {
  const actor = actorOf(c)
  return pathOf(actor, invitation) + (maySee(actor, invitation) ? placeOf(c) : '')
}

/** What the panel needs beside the invitation itself. */
export const around = (c: Context<App>) => ({
  actor: actorOf(c),
  now: c.var.now,
  mails: c.var.mailing,
  beside: 'history' as const,
  back: baseOf(c) + placeOf(c),
})

/** A form about one invitation, in the place of its panel, or as a page. */
export function showAct(
  c: Context<App>,
  invitation: Pick<Invitation, 'id' | 'group_id' | 'first_name' | 'last_name' | 'email' | 'status' | 'expires_at'>,
  words: ActWords,
  body: Child,
  status: 200 | 409 | 422 | 429 = 200,
): Response {
  const back = panelHref(c, invitation)
  return show(
    c,
    `${words.title} – ${nameOf(invitation)}`,
    <InvitationAct invitation={invitation} now={c.var.now} words={words} back={back} alone={!isSwap(c)}>
      {body}
    </InvitationAct>,
    status,
  )
}

/**
 * After an act: with htmx the invitation's fresh panel, its fresh row of the table and `said` as a toast; otherwise the panel's
 * page.
 */
export async function done(c: Context<App>, of: Pick<Invitation, 'id' | 'group_id'>, said: string): Promise<Response> {
  const href = panelHref(c, of)
  if (!isSwap(c)) return leadOn(c, href, said)
  const invitation = await invitationPanel(c.var.db, actorOf(c), of.id, c.var.now)
  if (!invitation) return c.body(null, 200, { 'HX-Redirect': href })
  // In the form's place: Back from here leads to where the form was opened, and not to a form that is done with.
  c.header('HX-Replace-Url', href)
  return show(
    c,
    nameOf(invitation),
    <InvitationPanel invitation={invitation} {...around(c)}>
      <InvitationNews said={said} invitation={invitation} href={href} {...around(c)} />
    </InvitationPanel>,
  )
}
