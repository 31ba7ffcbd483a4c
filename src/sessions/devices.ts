import { hash, randomBytes } from 'node:crypto'

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

const hashOfDevice = (id: string): Buffer => hash('sha256', id, 'buffer')

/** What stands for the devices of a browser that shows none, so that the statement is the same. */
export const hashesOf = (devices: readonly string[]): Buffer[] =>
  devices.length > 0 ? devices.map(hashOfDevice) : [hashOfDevice('')]

/** A place in a statement for each device that a browser may show: its text is the same for any number of them. */
const places = ['device0', 'device1', 'device2', 'device3', 'device4'] as const satisfies {
  length: typeof mostAccounts
}
export type DevicePlaces = Record<(typeof places)[number], Buffer>

/** These devices (hashes; one to five) in their places, the first one in those that are left. */
export const placesOf = (devices: readonly Buffer[]): DevicePlaces =>
  Object.fromEntries(places.map((one, n) => [one, devices[n] ?? devices[0]])) as DevicePlaces

export const inPlaces = (asked: DevicePlaces): Buffer[] => places.map((one) => asked[one])

/** An id for a browser that becomes known: what is stored of it, and the id. */
export function newDevice(): { id: string; hash: Buffer } {
  const id = randomBytes(16).toString('base64url')
  return { id, hash: hashOfDevice(id) }
}

/** The new value of a browser's cookie, after a full sign-in: the id that the account knows it by (its hash), or else `made`. */
export function withDevice(devices: readonly string[], known: Buffer | null, made: string): string {
  const id = devices.find((one) => known && hashOfDevice(one).equals(known)) ?? made
  return [id, ...devices.filter((one) => one !== id)].slice(0, mostAccounts).join('.')
}
