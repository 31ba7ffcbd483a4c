import { type Context, Hono } from 'hono'
import { CountedOptions } from '../../views/invitations/filters.tsx'
import { History, InvitationsSwap } from '../../views/invitations/history.tsx'
import { InvitationActs, InvitationPanel } from '../../views/invitations/panel.tsx'
import { nameOf } from '../../views/invitations/words.ts'
import { actorOf, allow } from '../platform/access/allow.ts'
import { readId } from '../platform/ids.ts'
import type { App } from '../platform/web/app-context.ts'
import { NotFound } from '../platform/web/failures.ts'
import { asksCounts } from '../platform/web/query.ts'
import { isSwap, show } from '../platform/web/show.ts'
import { around, baseOf } from './act.tsx'
import { facetsOf } from './count.ts'
import { placeIn, readInvitationList } from './list-state.ts'
import { invitationPage } from './page.ts'
import { type Invitation, invitationPanel } from './panel.ts'
import { aroundTheList, customRoles } from './queries.ts'

const address = (c: Context<App>) => new URL(c.req.url)

/** The history, and as a page the panel of one invitation beside it. */
async function listScreen(c: Context<App>, panelId: string | null): Promise<Response> {
  const { db, now } = c.var
  const actor = actorOf(c)
  const base = baseOf(c)
  const { list, noticed } = readInvitationList(address(c))
  const counted = asksCounts(address(c)) && !isSwap(c)
  const [page, found] = await Promise.all([
    invitationPage(db, actor, list, now),
    aroundTheList(db, actor, list, now, panelId, counted),
  ])
  if (!found) throw new NotFound()
  const { panel } = found
  const title = panel ? `${nameOf(panel)} – Invitation history` : 'Invitation history'
  const props = { actor, base, list, noticed, page, around: found, now }
  if (isSwap(c)) {
    c.header('HX-Push-Url', base + placeIn(list))
    return show(c, title, <InvitationsSwap {...props} />)
  }
  return show(
    c,
    title,
    <>
      <History {...props} />
      {panel ? (
        <InvitationPanel invitation={panel} {...around(c)} back={base + placeIn(list)} />
      ) : (
        <div id="panel" hidden />
      )}
    </>,
  )
}

async function named(c: Context<App>): Promise<Invitation> {
  const id = readId(c.req.param('id') ?? '')
  const invitation = id && (await invitationPanel(c.var.db, actorOf(c), id, c.var.now))
  if (!invitation) throw new NotFound()
  return invitation
}

/** One invitation: the panel alone for a swap, else beside the list. */
async function panelScreen(c: Context<App>): Promise<Response> {
  if (!isSwap(c)) {
    const id = readId(c.req.param('id') ?? '')
    if (!id) throw new NotFound()
    return listScreen(c, id)
  }
  const invitation = await named(c)
  return show(c, nameOf(invitation), <InvitationPanel invitation={invitation} {...around(c)} />)
}

/** A row's Actions; as a page the invitation beside the list, as without script. */
async function rowActs(c: Context<App>): Promise<Response> {
  if (!isSwap(c)) return panelScreen(c)
  const invitation = await named(c)
  const query = placeIn(readInvitationList(address(c)).list)
  return show(
    c,
    nameOf(invitation),
    <InvitationActs invitation={invitation} actor={actorOf(c)} now={c.var.now} query={query} />,
  )
}

/** How many each option of the filters would show: htmx asks for it once the page is there. */
async function counts(c: Context<App>): Promise<Response> {
  const actor = actorOf(c)
  const { db, now } = c.var
  const { list } = readInvitationList(address(c))
  if (!isSwap(c)) return c.redirect(baseOf(c) + placeIn(list), 303)
  const { facets, roles } = await facetsOf({ db, actor, now }, list, customRoles(db, actor))
  const options = <CountedOptions base={baseOf(c)} list={list} roles={roles} facets={facets} />
  return c.body(`${options}`.replaceAll('/>', '>'), 200, { 'Content-Type': 'text/html; charset=utf-8' })
}

export const invitations = new Hono<App>()
  .get('/', allow('invitations.view'), (c) => listScreen(c, null))
  .get('/counts', allow('invitations.view'), counts)
  .get('/:id', allow('invitations.view'), panelScreen)
  .get('/:id/actions', allow('invitations.view'), rowActs)
