import type { Context } from 'hono'
import type { Cause } from '../events/record.ts'
import type { App } from './app-context.ts'

/** Who did what a request does, for the log: whoever is signed in, at whatever stage. */
export const causeOf = (c: Context<App>): Cause => ({
  now: c.get('now'),
  how: 'screen',
  actorId: c.get('visitor')?.account.id ?? null,
  requestId: c.get('requestId'),
  ip: c.get('ip'),
})

/** The same for what strangers do, whoever else may be signed in in that browser. */
export const strangerCause = (c: Context<App>): Cause => ({ ...causeOf(c), actorId: null })
