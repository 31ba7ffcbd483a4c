import type { Context, MiddlewareHandler } from 'hono'
import type { App } from './app-context.ts'
import { giveCookie, type PlaceCookie, readCookie } from './cookie.ts'
import { isSwap } from './show.ts'

/**
 * The place in a list that an act began from, which it leads back to: in the address with htmx. Elsewhere the form's address
 * has no query (address.ts, `withoutQuery`), and a short cookie keeps it. `read` gives the query of a list's address.
 */
export function placeKeeper(cookie: PlaceCookie, read: (address: URL) => string) {
  const queryOf = (address: string | undefined): string =>
    address && URL.canParse(address, 'http://x') ? read(new URL(address, 'http://x')) : ''
  const keepPlace: MiddlewareHandler<App> = async (c, next) => {
    const url = new URL(c.req.url)
    if (url.search && c.req.method === 'GET' && !isSwap(c)) {
      giveCookie(c, cookie, encodeURIComponent(queryOf(c.req.url)), 3600)
      return c.redirect(url.pathname, 303)
    }
    await next()
  }
  const placeOf = (c: Context<App>): string =>
    isSwap(c)
      ? queryOf(c.req.method === 'GET' ? c.req.url : c.req.header('hx-current-url'))
      : queryOf(`/${decodeURIComponent(readCookie(c, cookie) ?? '')}`)
  return { keepPlace, placeOf }
}
