import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import type { App } from '../platform/web/app-context.ts'
import type { Browser, SignedIn } from './commands.ts'
import { deviceCookie, deviceSeconds, readDevices } from './devices.ts'

/** What a request tells of the browser that it comes from. */
export const browserOf = (c: Context<App>): Browser => ({
  userAgent: c.req.header('user-agent') ?? '',
  devices: readDevices(getCookie(c, deviceCookie(c.var.config.secure))),
  session: c.var.visitor?.session.idHash ?? null,
})

/** Gives the browser its session, and after a full sign-in its device cookie. */
export function letIn(c: Context<App>, { session, device }: SignedIn): void {
  const { secure } = c.var.config
  c.header('Set-Cookie', session, { append: true })
  if (device)
    setCookie(c, deviceCookie(secure), device, {
      httpOnly: true,
      sameSite: 'Lax',
      path: '/',
      secure,
      maxAge: deviceSeconds,
    })
}
