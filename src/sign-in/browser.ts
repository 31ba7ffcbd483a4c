import type { Context } from 'hono'
import type { App } from '../platform/web/app-context.ts'
import { giveCookie, readCookie } from '../platform/web/cookie.ts'
import type { Browser, SignedIn } from './commands.ts'
import { deviceCookie, deviceSeconds, readDevices } from './devices.ts'

/** What a request tells of the browser that it comes from. */
export const browserOf = (c: Context<App>): Browser => ({
  userAgent: c.req.header('user-agent') ?? '',
  devices: readDevices(readCookie(c, deviceCookie)),
  session: c.var.visitor?.session.idHash ?? null,
})

/** Gives the browser its session, and after a full sign-in its device cookie. */
export function letIn(c: Context<App>, { session, device }: SignedIn): void {
  c.header('Set-Cookie', session, { append: true })
  if (device) giveCookie(c, deviceCookie, device, deviceSeconds)
}
