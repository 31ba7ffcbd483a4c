import { createHash, randomBytes } from 'node:crypto'
import type { Db } from '../platform/database/connect.ts'

/*
 * A browser that has signed in fully keeps tries of its own, so that strangers who guess at somebody's password can't keep
 * them out. Its cookie holds one id for each account that was used there, so that people who share a computer don't make
 * each other unknown; it opens nothing by itself.
 */

const days = 90
export const deviceSeconds = days * 24 * 60 * 60
const mostAccounts = 5

export const deviceCookie = 'device'

/** The ids in a device cookie, the newest first; anything else in it is left out. */
export const readDevices = (cookie: string | undefined): string[] =>
  (cookie ?? '')
    .slice(0, 500)
    .split('.')
    .filter((id) => /^[\w-]{22}$/.test(id))
    .slice(0, mostAccounts)

export const hashOfDevice = (id: string): Buffer => createHash('sha256').update(id).digest()

/** What stands for the devices of a browser that shows none, so that the statement is the same. */
export const hashesOf = (devices: readonly string[]): Buffer[] =>
  devices.length > 0 ? devices.map(hashOfDevice) : [hashOfDevice('')]

/** Makes this browser known to the account for 90 days from now, and gives the new value of its cookie. */
export async function rememberDevice(
  db: Db,
  now: Date,
  accountId: string,
  devices: readonly string[],
): Promise<string> {
  const expires_at = new Date(now.getTime() + deviceSeconds * 1000)
  await db.deleteFrom('known_device').where('account_id', '=', accountId).where('expires_at', '<=', now).execute()
  const known = await db
    .updateTable('known_device')
    .set({ expires_at })
    .where('account_id', '=', accountId)
    .where('id_hash', 'in', hashesOf(devices))
    .returning('id_hash')
    .executeTakeFirst()
  const old = devices.find((id) => known && hashOfDevice(id).equals(known.id_hash))
  const id = old ?? randomBytes(16).toString('base64url')
  if (!old)
    await db
      .insertInto('known_device')
      .values({ id_hash: hashOfDevice(id), account_id: accountId, created_at: now, expires_at })
      .execute()
  return [id, ...devices.filter((one) => one !== id)].slice(0, mostAccounts).join('.')
}
