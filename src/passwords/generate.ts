import { createHmac, randomBytes } from 'node:crypto'
import { derive } from '../platform/database/key.ts'
import { passwordProblem, type Whose } from './rules.ts'

/** 32 letters and figures, so that each carries 5 bits; i, l, o and u are left out, which are misread or make words. */
const letters = '0123456789abcdefghjkmnpqrstvwxyz'
const length = 20

/** A password of 100 random bits that the rules take: a short name of an organization can turn up by chance. */
export function generatePassword(whose: Whose): string {
  return generate(() => randomBytes(length), whose)
}

/**
 * The one of a seed of 128 random bits: who has the seed can be shown the password on another page, and nothing that is kept, here
 * or in the browser, tells it to anybody without APP_KEY.
 */
export const passwordOf = (key: Buffer, seed: string, whose: Whose): string =>
  generate((tries) => createHmac('sha256', derive(key, 'first passwords')).update(`${seed} ${tries}`).digest(), whose)

function generate(bytes: (tries: number) => Buffer, whose: Whose): string {
  for (let tries = 0; ; tries++) {
    const password = Array.from(bytes(tries).subarray(0, length), (byte) => letters[byte % letters.length]).join('')
    if (!passwordProblem(password, whose)) return password
  }
}
