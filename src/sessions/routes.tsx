import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { Sessions } from '../../views/sessions/sessions.tsx'
import { anyone, signedIn } from '../platform/access/allow.ts'
import { confirmed } from '../platform/access/confirmed.ts'
import { withoutQuery } from '../platform/web/address.ts'
import type { App } from '../platform/web/app-context.ts'
import { causeOf } from '../platform/web/cause.ts'
import { takeTrail } from '../platform/web/cookie.ts'
import { SignInFirst } from '../platform/web/failures.ts'
import { type Form, readForm, refuse } from '../platform/web/form.ts'
import { show } from '../platform/web/show.ts'
import { endOthers, signOut } from './commands.ts'
import { blankCookie } from './lucia.ts'
import { ownSessions } from './queries.ts'

/** `end`: the stored hash of a session, which opens nothing, or all but this one. */
const ended = z.object({ end: z.string().regex(/^(others|[\w-]{43})$/, 'Use the buttons') })
const gone = 'This session had ended already, or goes on under a new number. These are the ones that there are now.'

async function list(c: Context<App>, form?: Form): Promise<Response> {
  const { db, now, visitor } = c.var
  if (!visitor) throw new SignInFirst()
  const sessions = await ownSessions(db, visitor.account.id, now)
  return show(c, 'Sessions', <Sessions visitor={visitor} sessions={sessions} now={now} form={form} />, form ? 422 : 200)
}

export const sessions = new Hono<App>()
  // At any stage, and without a session too: whoever wants to be signed out then is. "cache" is not cleared, or style and script
  // would be asked for again.
  .post('/sign-out', anyone(), async (c) => {
    const { db, now, config, visitor } = c.var
    if (visitor) await signOut(db, causeOf(c), visitor)
    c.header('Set-Cookie', blankCookie(db, now, config.secure))
    takeTrail(c)
    c.header('Clear-Site-Data', '"storage"')
    return c.redirect('/sign-in', 303)
  })
  .get('/profile/sessions', signedIn(), withoutQuery, (c) => list(c))
  .post('/profile/sessions', signedIn(), confirmed(), async (c) => {
    const form = await readForm(c, ended)
    if (!form.input) return list(c, form)
    if (!c.var.visitor) throw new SignInFirst()
    const { end } = form.input
    const which = end === 'others' ? end : Buffer.from(end, 'base64url')
    const count = await endOthers(c.var.db, causeOf(c), c.var.visitor, which)
    if (count === 0 && end !== 'others') return list(c, refuse(form, { '': gone }))
    return c.redirect('/profile/sessions', 303)
  })
