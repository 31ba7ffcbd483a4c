import { randomBytes } from 'node:crypto'

/** What nothing else in the database has: files share it, and 48 random bits don't meet. An id's end is zeros (`newId`). */
export const unique = (): string => randomBytes(6).toString('hex')
