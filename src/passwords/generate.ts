import { randomBytes } from 'node:crypto'
import { passwordProblem, type Whose } from './rules.ts'

/** 32 letters and figures, so that each carries 5 bits; i, l, o and u are left out, which are misread or make words. */
const letters = '0123456789abcdefghjkmnpqrstvwxyz'
const length = 20

/** A password of 100 random bits that the rules take: a short name of an organization can turn up by chance. */
export function generatePassword(whose: Whose): string {
  for (;;) {
    const password = Array.from(randomBytes(length), (byte) => letters[byte % letters.length]).join('')
    if (!passwordProblem(password, whose)) return password
  }
}
