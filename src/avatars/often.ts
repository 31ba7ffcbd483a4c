import type { Db } from '../platform/database/connect.ts'
import { countTry, limitKey, perPicture } from '../platform/web/limits.ts'

/*
 * How often an account sends pictures. Each is counted once it was worked on, in the statement that keeps it; which accounts are beyond
 * their limit a process remembers from the first that was refused, so that it works on no other one.
 */

const closedUntil = new Map<string, number>()
const mostClosed = 10_000

/** Seconds until this account's pictures are looked at again, as far as this process has seen. */
export function waitOf(account: string, now: Date): number {
  const left = (closedUntil.get(account) ?? 0) - now.getTime()
  if (left <= 0) closedUntil.delete(account)
  return Math.max(0, Math.ceil(left / 1000))
}

export function close(account: string, now: Date, seconds: number): void {
  if (closedUntil.size >= mostClosed) closedUntil.clear()
  closedUntil.set(account, now.getTime() + seconds * 1000)
}

export const pictureKey = (key: Buffer, account: string) => limitKey(key, perPicture, account)

/** Counts one that wasn't taken. */
export async function countRefused(db: Db, key: Buffer, account: string, now: Date): Promise<{ wait: number } | null> {
  const tried = await countTry(db, pictureKey(key, account), perPicture, now)
  return tried.counted ? null : { wait: tried.seconds }
}
