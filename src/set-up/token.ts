import { createHmac, timingSafeEqual } from 'node:crypto'
import { derive } from '../platform/database/key.ts'

/**
 * The token of the first start's link. It follows from the app's key, so that every start prints the same link until it is
 * used; it opens nothing once there is an organization.
 */
export const setUpToken = (key: Buffer): string =>
  createHmac('sha256', derive(key, 'set-up')).update('first organization').digest('base64url')

/** Where the first organization is made. */
export const setUpLink = (publicUrl: URL, key: Buffer): string =>
  new URL(`/setup?token=${setUpToken(key)}`, publicUrl).href

export function isSetUpToken(key: Buffer, token: string): boolean {
  const [right, given] = [Buffer.from(setUpToken(key)), Buffer.from(token)]
  return right.length === given.length && timingSafeEqual(right, given)
}
