import type { Context } from 'hono'
import { pageOfStage } from '../platform/access/actor.ts'
import { safeNext } from '../platform/web/address.ts'
import type { App } from '../platform/web/app-context.ts'
import { giveCookie, readCookie } from '../platform/web/cookie.ts'
import { forgetNext, keepNext } from '../platform/web/next.ts'
import type { Browser, SignedIn } from './admission.ts'
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

/** The answer to whoever has come a step further: where they were going, or the page of the next stage, which remembers that. */
export function entered(c: Context<App>, done: SignedIn, next: string | undefined): Response {
  letIn(c, done)
  if (done.stage === 'full') {
    forgetNext(c)
    return c.redirect(safeNext(next, c.var.config.publicUrl), 303)
  }
  keepNext(c, next)
  return c.redirect(pageOfStage[done.stage], 303)
}
