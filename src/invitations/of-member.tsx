import { Hono } from 'hono'
import { InvitationPanel } from '../../views/invitations/panel.tsx'
import { nameOf } from '../../views/invitations/words.ts'
import { placeIn, readMemberList } from '../members/list-state.ts'
import { memberPanel } from '../members/queries.ts'
import { actorOf, allow } from '../platform/access/allow.ts'
import { readId, shortId } from '../platform/ids.ts'
import type { App } from '../platform/web/app-context.ts'
import { NotFound } from '../platform/web/failures.ts'
import { isSwap, show } from '../platform/web/show.ts'
import { around, baseOf } from './act.tsx'
import { invitationOfMember } from './panel.ts'

/**
 * Somebody Invited stands among the members, and is their newest invitation there: its panel beside the list in a swap, its own
 * address as a page.
 */
export const invitationsOfMembers = new Hono<App>().get('/:id/invitation', allow('invitations.view'), async (c) => {
  const id = readId(c.req.param('id'))
  if (!id) throw new NotFound()
  const actor = actorOf(c)
  const invitation = await invitationOfMember(c.var.db, actor, id)
  const members = `/o/${actor.organization.slug}/members`
  if (!invitation) {
    if (!(await memberPanel(c.var.db, actor, id))) throw new NotFound()
    return c.redirect(`${members}/${shortId(id)}`, 303)
  }
  if (!isSwap(c)) return c.redirect(`${baseOf(c)}/${shortId(invitation.id)}`, 303)
  const back = members + placeIn(readMemberList(new URL(c.req.url)).list)
  return show(
    c,
    nameOf(invitation),
    <InvitationPanel invitation={invitation} {...around(c)} beside="members" back={back} />,
  )
})
