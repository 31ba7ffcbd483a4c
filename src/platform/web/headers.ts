import type { MiddlewareHandler } from 'hono'
import type { App } from './app-context.ts'

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

/** The headers of every answer, errors too. Static files say their own Cache-Control. */
export const secureHeaders =
  (secure: boolean): MiddlewareHandler<App> =>
  async (c, next) => {
    await next()
    const set = (name: string, value: string) => c.res.headers.set(name, value)
    if (!c.res.headers.has('Content-Security-Policy')) set('Content-Security-Policy', policy)
    set('X-Content-Type-Options', 'nosniff')
    if (!c.res.headers.has('Referrer-Policy')) set('Referrer-Policy', 'same-origin')
    set('Cross-Origin-Opener-Policy', 'same-origin')
    set('Cross-Origin-Resource-Policy', 'same-origin')
    set('Permissions-Policy', 'camera=(), microphone=(), geolocation=(), payment=(), usb=()')
    if (secure) set('Strict-Transport-Security', 'max-age=31536000; includeSubDomains')
    if (!c.res.headers.has('Cache-Control')) {
      set('Cache-Control', 'no-store')
      set('Vary', 'Cookie, HX-Request-Type, Accept-Encoding')
    }
  }
