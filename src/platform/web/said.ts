import type { Context } from 'hono'
import type { App } from './app-context.ts'
import { giveCookie, readCookie, takeCookie } from './cookie.ts'

/*
 * What an act did, for the page that it leads to where no script shows it as a toast. A short cookie carries it there, and says for
 * which page it is: another tab's doesn't tell it, and a reload doesn't tell it again.
 */

const name = 'said'
const seconds = 60

const pathOf = (href: string): string => new URL(href, 'http://x').pathname

export const sayAt = (c: Context<App>, href: string, said: string): void =>
  giveCookie(c, name, `${pathOf(href)} ${said}`, seconds)

/** To the page at `href`, which tells what was done. */
export function leadOn(c: Context<App>, href: string, said: string): Response {
  sayAt(c, href, said)
  return c.redirect(href, 303)
}

/** What is to be told on the page that is drawn now, this once. */
export function saidHere(c: Context<App>): string | null {
  const [, path, said] = /^(\S*) (.*)$/s.exec(readCookie(c, name) ?? '') ?? []
  if (path !== c.req.path || !said) return null
  takeCookie(c, name)
  return said
}
