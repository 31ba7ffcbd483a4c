import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import type { App } from './app-context.ts'

/** True for an htmx swap; Back, boosted pages and everything else want the whole page (stack.md). */
export const isSwap = (c: Context<App>): boolean => c.req.header('hx-request-type') === 'partial'

/** A swap that takes the place of everything in the frame, what stands above the screen too. */
const fillsMain = (c: Context<App>): boolean => c.req.header('hx-target') === 'main#main'

/** To the screen at `path` after a form that is one itself: as a page, because in a swap that screen would be a part of it alone. */
export const leadTo = (c: Context<App>, path: string): Response =>
  isSwap(c) ? c.body(null, 200, { 'HX-Redirect': path }) : c.redirect(path, 303)

/** The text of an answer, for whoever packs it: to get it out of the answer again costs as much as packing it. */
export const drawn = new WeakMap<Response, string>()

/** The screen alone for a swap, or inside its page. They are the same component, so they can't differ. */
export function show(c: Context<App>, title: string, body: Child, status = 200): Response {
  const html = isSwap(c)
    ? `<title>${escapeTitle(title)} – Rollcall</title>${fillsMain(c) ? (c.var.above() ?? '') : ''}${body}`
    : `<!doctype html>${c.var.draw({ title, body, status })}`
  // JSX ends void elements as XML does. Nothing else holds these two characters: what people wrote is escaped.
  const text = html.replaceAll('/>', '>')
  const answer = c.body(text, status as 200, { 'Content-Type': 'text/html; charset=utf-8' })
  drawn.set(answer, text)
  return answer
}

const escapeTitle = (text: string) => text.replace(/[&<]/g, (letter) => (letter === '&' ? '&amp;' : '&lt;'))
