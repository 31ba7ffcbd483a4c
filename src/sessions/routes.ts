import { Hono } from 'hono'
import { anyone } from '../platform/access/allow.ts'
import type { App } from '../platform/web/app-context.ts'
import { causeOf } from '../platform/web/cause.ts'
import { takeTrail } from '../platform/web/cookie.ts'
import { signOut } from './commands.ts'
import { blankCookie } from './lucia.ts'

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
