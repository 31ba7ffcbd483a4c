import { v7 } from 'uuid'

/** A new row's id: UUID v7, so that ids made later sort later (PostgreSQL 15 can't make them itself). */
export const newId = (): string => v7()

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/
/** Anything else in an address is an unknown id, and is answered like one. */
export const isId = (text: string): boolean => uuid.test(text)

/** An id as addresses have it: its 128 bits in 22 letters, for fifty of them on a page are its heaviest part. */
export const shortId = (id: string): string => Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url')

/** The id that an address names, short or as a UUID; null for anything else, which is answered like an unknown one. */
export function readId(text: string): string | null {
  if (isId(text)) return text
  if (!/^[\w-]{21}[AQgw]$/.test(text)) return null
  const hex = Buffer.from(text, 'base64url').toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
