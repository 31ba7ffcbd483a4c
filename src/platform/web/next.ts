import type { Context } from 'hono'
import { safeNext } from './address.ts'
import type { App } from './app-context.ts'
import { giveCookie, readCookie, takeCookie } from './cookie.ts'

/*
 * Where somebody was going who has to sign in first. A short cookie carries it to the page with the form, whose address has
 * no query (see `withoutQuery`); from there on the form carries it, so that each of two tabs leads where it was going itself.
 * It is taken away at sign-in and sign-out: whoever uses the browser next isn't led to a page of the one before.
 */

const name = 'next'
const seconds = 10 * 60
/** Browsers drop a cookie beyond 4,096 bytes, and would keep an older one. */
const most = 3800

/** The page to come back to, or none when it is the first one. */
export function goal(c: Context<App>, next: string | undefined): string | undefined {
  const path = safeNext(next, c.var.config.publicUrl)
  return path === '/' ? undefined : path
}

/** Remembers this page, the last one of several; nothing that leads elsewhere than to a page of ours. */
export function keepNext(c: Context<App>, next: string | undefined): void {
  const path = goal(c, next)
  if (path && encodeURIComponent(path).length <= most) giveCookie(c, name, path, seconds)
  else forgetNext(c)
}

export const keptNext = (c: Context<App>): string | undefined => goal(c, readCookie(c, name))

export const forgetNext = (c: Context<App>): void => takeCookie(c, name)
