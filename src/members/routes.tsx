import { type Context, Hono } from 'hono'
import { Members, PeopleSwap } from '../../views/members/members.tsx'
import { Panel, RowActs } from '../../views/members/panel.tsx'
import { WhoCan } from '../../views/members/who.tsx'
import { type Actor, can, fullName } from '../platform/access/actor.ts'
import { actorOf, allow, member } from '../platform/access/allow.ts'
import { readId, shortId } from '../platform/ids.ts'
import type { App } from '../platform/web/app-context.ts'
import { NotFound } from '../platform/web/failures.ts'
import { isSwap, show } from '../platform/web/show.ts'
import { baseOf } from './act.tsx'
import { placeIn, readMemberList } from './list-state.ts'
import { memberPage } from './page.ts'
import { aroundTheList, type MemberPanel, memberPanel } from './queries.ts'
import { seesInvitation } from './rules.ts'

const address = (c: Context<App>) => new URL(c.req.url)

/** Somebody Invited is their invitation, to whoever may see it (invitations/of-member.tsx). */
const hasInvitation = (actor: Actor, person: MemberPanel): boolean =>
  person.status === 'invited' && seesInvitation(actor, person)

const toInvitation = (c: Context<App>, id: string) =>
  c.redirect(`${baseOf(c)}/${shortId(id)}/invitation${address(c).search}`, 303)

/** The list, and as a page the panel of one person beside it. */
async function listScreen(c: Context<App>, panelId: string | null): Promise<Response> {
  const { db, now } = c.var
  const actor = actorOf(c)
  const base = baseOf(c)
  const { list, noticed } = readMemberList(address(c))
  const [page, around] = await Promise.all([
    memberPage(db, actor, list, now),
    aroundTheList(db, actor, list, now, panelId),
  ])
  const person = around.panel
  if (panelId && !person) throw new NotFound()
  if (person && hasInvitation(actor, person)) return toInvitation(c, panelId ?? '')
  const title = person ? `${fullName(person)} – Organization members` : 'Organization members'
  const props = { actor, base, list, noticed, page, around, now }
  if (isSwap(c)) {
    c.header('HX-Push-Url', base + placeIn(list))
    return show(c, title, <PeopleSwap {...props} />)
  }
  return show(
    c,
    title,
    <>
      <Members {...props} />
      {person ? (
        <Panel person={person} back={base + placeIn(list)} now={now} zone={actor.timeZone} actor={actor} />
      ) : (
        <div id="panel" hidden />
      )}
    </>,
  )
}

/** One person: the panel alone for a swap and for those who may see nobody else, beside the list for the others. */
async function panelScreen(c: Context<App>, named: string): Promise<Response> {
  const actor = actorOf(c)
  const id = readId(named)
  if (!id) throw new NotFound()
  const seesList = can(actor, 'members.view')
  if (seesList && !isSwap(c)) return listScreen(c, id)
  const person = await memberPanel(c.var.db, actor, id)
  if (!person) throw new NotFound()
  if (hasInvitation(actor, person)) return toInvitation(c, id)
  const { list } = readMemberList(address(c))
  const back = seesList ? baseOf(c) + placeIn(list) : null
  return show(
    c,
    fullName(person),
    <Panel person={person} back={back} now={c.var.now} zone={actor.timeZone} actor={actor} />,
  )
}

/** A row's Actions; as a page the person beside the list, as without script. */
async function rowActs(c: Context<App>): Promise<Response> {
  const named = c.req.param('id') ?? ''
  if (!isSwap(c)) return panelScreen(c, named)
  const actor = actorOf(c)
  const id = readId(named)
  const person = id && (await memberPanel(c.var.db, actor, id))
  if (!person) throw new NotFound()
  const { list } = readMemberList(address(c))
  return show(c, fullName(person), <RowActs person={person} actor={actor} now={c.var.now} query={placeIn(list)} />)
}

export const members = new Hono<App>()
  .get('/', allow('members.view'), (c) => listScreen(c, null))
  .get('/who', allow('members.view'), (c) => {
    const { list } = readMemberList(address(c))
    return show(c, 'Who can do this?', <WhoCan base={baseOf(c)} list={list} />)
  })
  .get('/me', member(), (c) => panelScreen(c, actorOf(c).membership.id))
  .get('/:id', allow('members.view', { orSelf: true }), (c) => panelScreen(c, c.req.param('id')))
  .get('/:id/actions', allow('members.view', { orSelf: true }), rowActs)
