import { generateSecret, generateSync, generateURI, verifySync } from 'otplib'

/*
 * Codes by time (RFC 6238): SHA-1, six figures, 30 s, a secret of 160 bits. Times are instants, steps are counted from 1970.
 */

const period = 30

/** A new secret in base32. */
export const newSecret = (): string => generateSecret({ length: 20 })

/** What an authenticator app reads from the QR code, or opens as a link. */
export const addressOf = (secret: string, email: string): string =>
  generateURI({ issuer: 'Rollcall', label: email, secret })

/** Six figures as typed, wide ones too, with spaces and dashes left out; null for anything else. */
export function readCode(typed: string): string | null {
  const code = typed.normalize('NFKC').replace(/[\s\p{Pd}]/gu, '')
  return /^\d{6}$/.test(code) ? code : null
}

const seconds = (now: Date) => Math.floor(now.getTime() / 1000)

/** The step that a code is of: this one, the one before or the next, and later than `after`, the last that was used. Else null. */
export function stepOfCode(secret: string, code: string, now: Date, after: number): number | null {
  const step = Math.floor(seconds(now) / period)
  // Somebody's clock, or ours, was set back by more than a step: no code of now can be later, and otplib throws.
  if (after > step + 1) return null
  const found = verifySync({
    secret,
    token: code,
    epoch: seconds(now),
    epochTolerance: period,
    ...(after > 0 ? { afterTimeStep: after } : {}),
  }) as { valid: boolean; timeStep?: number }
  return found.valid ? (found.timeStep ?? null) : null
}

const farthest = 20

/** By how many minutes the clock that made a code is ahead (or, below zero, behind): up to ten; null when no clock so near did. */
export function driftOf(secret: string, code: string, now: Date): number | null {
  const step = Math.floor(seconds(now) / period)
  for (let off = 2; off <= farthest; off++)
    for (const side of [off, -off])
      if (generateSync({ secret, epoch: (step + side) * period }) === code)
        return Math.sign(side) * Math.max(1, Math.round((off * period) / 60))
  return null
}
