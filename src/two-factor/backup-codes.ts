import { createHmac } from 'node:crypto'
import { hashWithSalt } from '../platform/hash.ts'

/** Crockford's base32: 32 letters and figures without i, l, o and u, so that each carries 5 bits. */
const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const howMany = 10

/**
 * The ten codes of a seed of 128 random bits, as XXXXX-XXXXX (50 bits each, R-09). Until they are saved the page can be shown again
 * with them; the seed is kept sealed. They hang on it alone: whoever is saving them while APP_KEY changes saves the right ones.
 */
export function codesOf(seed: string): string[] {
  return Array.from({ length: howMany }, (_, n) => {
    const bytes = createHmac('sha256', seed).update(String(n)).digest()
    const text = Array.from(bytes.subarray(0, 10), (byte) => letters[byte % 32]).join('')
    return `${text.slice(0, 5)}-${text.slice(5)}`
  })
}

/** A code as typed, in one spelling: small letters, spaces and dashes don't matter, and O, I and L are what they look like. Else null. */
export function readBackupCode(typed: string): string | null {
  const code = typed
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\p{Pd}]/gu, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1')
  return /^[0-9A-HJKMNP-TV-Z]{10}$/.test(code) ? `${code.slice(0, 5)}-${code.slice(5)}` : null
}

/** What is stored of a code: one hash a try, compared with all of the set, for they share their salt. Throws Unavailable (503). */
export const hashOfCode = (code: string, salt: Buffer): Promise<Buffer> => hashWithSalt(code, salt)
