import { Hono } from 'hono'
import { NoOrganization } from '../../views/organizations/none.tsx'
import { type Actor, can } from '../platform/access/actor.ts'
import { actorOf, member, signedIn } from '../platform/access/allow.ts'
import type { App } from '../platform/web/app-context.ts'
import { show } from '../platform/web/show.ts'
import { findCurrent } from '../sessions/current.ts'

const firstScreen = (actor: Actor): string =>
  `/o/${actor.organization.slug}/members${can(actor, 'members.view') ? '' : '/me'}`

/** `/` and `/o/:slug` are no screens: they lead to the first one that the person may see. */
export const organizations = new Hono<App>()
  .get('/', signedIn(), async (c) => {
    const { visitor, db, now } = c.var
    const [first] = visitor?.organizations ?? []
    if (!visitor || !first) return show(c, 'No organization', NoOrganization({}))
    // Straight to the screen: on a slow line each redirect is a second.
    const current = await findCurrent(db, visitor.session.idHash, first.slug, now)
    return c.redirect(current?.actor ? firstScreen(current.actor) : `/o/${first.slug}`, 303)
  })
  .get('/o/:slug', member(), (c) => c.redirect(firstScreen(actorOf(c)), 303))
