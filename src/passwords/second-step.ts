import { createHmac, timingSafeEqual } from 'node:crypto'
import { derive } from '../platform/database/key.ts'
import type { Link } from '../platform/links.ts'

/*
 * A reset link never passes the second step: the code is asked for before the new password. That it was right is kept by the
 * browser that gave it, in a short cookie which is worth something with that very link alone.
 */

export const cookie = 'reset'
/** How long there is to think of a password, in ms. */
export const proofFor = 15 * 60_000

const signature = (key: Buffer, { id, generation }: Link, until: number) =>
  createHmac('sha256', derive(key, 'second step of a reset'))
    .update([id, generation, until].join('\n'))
    .digest('base64url')

export function proofOf(key: Buffer, link: Link, now: Date): string {
  const until = now.getTime() + proofFor
  return `${until}.${signature(key, link, until)}`
}

export function isProven(key: Buffer, link: Link, proof: string | undefined, now: Date): boolean {
  const [until = '', given = ''] = (proof ?? '').split('.')
  if (!/^\d{13}$/.test(until) || Number(until) <= now.getTime()) return false
  const [right, typed] = [Buffer.from(signature(key, link, Number(until))), Buffer.from(given)]
  return right.length === typed.length && timingSafeEqual(right, typed)
}
