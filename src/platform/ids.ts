import { createHash } from 'node:crypto'
import { v7 } from 'uuid'

const last = Buffer.alloc(4)

/**
 * A new row's id: UUID v7 (RFC 9562), so that ids made later sort later; PostgreSQL 15 can't make them itself. Its last 32 bits are
 * zero: 42 random bits in each millisecond are enough for ids, which open nothing, and make addresses six letters shorter.
 * What mustn't be guessed is not made of it.
 */
export const newId = (): string => {
  const bytes = Buffer.alloc(16)
  v7(undefined, bytes)
  last.copy(bytes, 12)
  return uuidOf(bytes)
}

const uuidOf = (bytes: Buffer): string =>
  bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/
/** Anything else in an address is an unknown id, and is answered like one. */
export const isId = (text: string): boolean => uuid.test(text)

/** An id as addresses have it: 16 letters, or 22 where its last bits aren't zero; fifty of them are the heaviest part of a page. */
export const shortId = (id: string): string => {
  const text = Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url')
  return text.endsWith('AAAAAA') ? text.slice(0, 16) : text
}

/** The id that an address names, short or as a UUID; null for anything else, which is answered like an unknown one. */
export function readId(text: string): string | null {
  if (isId(text)) return text
  if (!/^[\w-]{16}([\w-]{5}[AQgw])?$/.test(text)) return null
  return uuidOf(Buffer.from(text.padEnd(22, 'A'), 'base64url'))
}

/**
 * The id of what a form makes, from the key that the form carries and from who sends it: sent twice, it names the same row, and
 * nobody chooses the id of anything.
 */
export function idFromKey(key: string, ...sender: string[]): string {
  const bytes = Buffer.from(key.replaceAll('-', ''), 'hex')
  createHash('sha256')
    .update([key, ...sender].join(' '))
    .digest()
    .copy(bytes, 6, 0, 6)
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
  last.copy(bytes, 12)
  return uuidOf(bytes)
}
