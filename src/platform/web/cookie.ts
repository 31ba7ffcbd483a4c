import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { App } from './app-context.ts'

/** With https the prefix makes browsers refuse it from any other host (contract.md). */
const named = (c: Context<App>, name: string) => (c.var.config.secure ? `__Host-${name}` : name)

/** Lax, not Strict: who comes by a link from elsewhere needs them on the page that a redirect leads to. */
const kept = (c: Context<App>) => ({ httpOnly: true, sameSite: 'Lax', path: '/', secure: c.var.config.secure }) as const

export const readCookie = (c: Context<App>, name: string): string | undefined => getCookie(c, named(c, name))

export const giveCookie = (c: Context<App>, name: string, value: string, seconds: number): void =>
  setCookie(c, named(c, name), value, { ...kept(c), maxAge: seconds })

/** Takes it from a browser that has it. */
export function takeCookie(c: Context<App>, name: string): void {
  if (readCookie(c, name) !== undefined) deleteCookie(c, named(c, name), kept(c))
}

const places = ['place', 'place-invited'] as const
export type PlaceCookie = (typeof places)[number]

/** At sign-out: what tells the browser's next user where this one was going, looking or invited (next.ts, place.ts, joining), and what they did (said.ts). */
export function takeTrail(c: Context<App>): void {
  for (const name of ['next', 'join', 'invite', 'said', ...places]) takeCookie(c, name)
}
