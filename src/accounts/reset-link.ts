import { accountRow } from '../platform/database/part.ts'

/** How long a reset link works, in ms. */
export const resetFor = 30 * 60_000

/** What an account becomes when a link is made: the one before ends. */
export const nextResetLink = (eb: unknown, now: Date) => ({
  reset_generation: accountRow(eb)('reset_generation', '+', 1),
  reset_expires_at: new Date(now.getTime() + resetFor),
})
