import { Hono } from 'hono'
import { actorOf, member } from '../platform/access/allow.ts'
import type { App } from '../platform/web/app-context.ts'
import { NotFound } from '../platform/web/failures.ts'
import { avatarNamed } from './queries.ts'
import { isName, sizes } from './rules.ts'

/**
 * Kept by a browser for a day, and for one session alone, since Vary names the cookie: under its name it is never another picture.
 * Whoever is no member anymore gets none that they don't have yet.
 */
export const avatars = new Hono<App>().get('/:name/:size', member(), async (c) => {
  const { name = '', size: asked } = c.req.param()
  const size = sizes.find((one) => String(one) === asked)
  const picture = size && isName(name) && (await avatarNamed(c.var.db, actorOf(c), name, size))
  if (!picture) throw new NotFound()
  return c.body(new Uint8Array(picture), 200, {
    'Content-Type': 'image/webp',
    'Content-Length': String(picture.byteLength),
    'Cache-Control': 'private, max-age=86400, immutable',
    Vary: 'Cookie',
    'Content-Security-Policy': "default-src 'none'; sandbox",
  })
})
