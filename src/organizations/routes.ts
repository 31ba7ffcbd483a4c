import { Hono } from 'hono'
import { NoOrganization } from '../../views/organizations/none.tsx'
import { type Actor, can } from '../platform/access/actor.ts'
import { actorOf, member, signedIn } from '../platform/access/allow.ts'
import type { App } from '../platform/web/app-context.ts'
import { show } from '../platform/web/show.ts'

const firstScreen = (actor: Actor): string =>
  `/o/${actor.organization.slug}/members${can(actor, 'members.view') ? '' : '/me'}`

/** `/` and `/o/:slug` are no screens: they lead to the first one that the person may see. */
export const organizations = new Hono<App>()
  .get('/', signedIn(), (c) => {
    const { actor, closed, visitor } = c.var
    // Straight to the screen: on a slow line each redirect is a second.
    if (actor) return c.redirect(firstScreen(actor), 303)
    // Its page says why it is closed, and whom to ask.
    if (closed) return c.redirect(`/o/${closed.slug}`, 303)
    if (visitor?.account.isSupport) return c.redirect('/support', 303)
    return show(c, 'No organization', NoOrganization({}))
  })
  .get('/o/:slug', member(), (c) => c.redirect(firstScreen(actorOf(c)), 303))
