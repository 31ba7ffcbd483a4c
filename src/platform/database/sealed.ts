import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { derive } from './key.ts'

/*
 * Secrets that must be read again, at rest: AES-256-GCM under a key of APP_KEY. `about` is bound in, so that what is one
 * account's, or for one purpose, can't be put in another's place in the database.
 */

const algorithm = 'aes-256-gcm'
const keyFor = (key: Buffer) => derive(key, 'secrets at rest')

/** Tells which key it was, and nothing about the key. */
const keyIdOf = (key: Buffer) =>
  createHash('sha256').update(derive(key, 'id of the key').export()).digest('hex').slice(0, 8)

/** How every text sealed with this key begins. */
export const sealedBy = (key: Buffer) => `1.${keyIdOf(key)}.`

let others: () => readonly Buffer[] = () => []
/** Keys that a secret may be sealed with beside the present one: while APP_KEY is changed there are two (`rotate-key`). */
export const alsoOpenedBy = (keys: () => readonly Buffer[]): void => {
  others = keys
}

/** `1.key id.iv, cipher text and tag in base64url`. */
export function seal(key: Buffer, about: string, secret: string): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv(algorithm, keyFor(key), iv).setAAD(Buffer.from(about))
  const sealed = Buffer.concat([iv, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `${sealedBy(key)}${sealed.toString('base64url')}`
}

/** Throws when it was sealed with another APP_KEY or about something else, or was changed. */
export function unseal(key: Buffer, about: string, text: string): string {
  const [version, id, body = ''] = text.split('.')
  const right = [key, ...(id === keyIdOf(key) ? [] : others())].find((one) => keyIdOf(one) === id)
  if (version !== '1' || !right) throw new Error('This secret was sealed with another APP_KEY.')
  const sealed = Buffer.from(body, 'base64url')
  const open = createDecipheriv(algorithm, keyFor(right), sealed.subarray(0, 12)).setAAD(Buffer.from(about))
  open.setAuthTag(sealed.subarray(-16))
  return open.update(sealed.subarray(12, -16), undefined, 'utf8') + open.final('utf8')
}
