import { sql } from 'kysely'
import type { Actor } from '../../platform/access/actor.ts'
import { countingMany, type Quota, quotaKey, usedOf } from '../../platform/web/limits.ts'
import { inMinutes } from '../../platform/web/waiting.ts'

/** People whom one member invites or adds: several lists of a hundred an hour. */
const perInviter: Quota = { kind: 'inviter', free: 300, minutes: 60 }
/** And all members of one organization together. */
const perPlace: Quota = { kind: 'invited', free: 2000, minutes: 24 * 60 }

const quotas = [perInviter, perPlace]
const keysOf = (key: Buffer, { membership, organization }: Actor) => [
  quotaKey(key, perInviter, membership.id),
  quotaKey(key, perPlace, organization.id),
]

type Used = { count: number; seconds: number }
/** How many people the actor may still invite or add, as it was read with the rest that an act is decided by. */
export type Room = { keys: Buffer[]; used: Used[] }

/** What was counted so far, as a column of a query; `roomOf` reads it. */
export const usedRoom = (key: Buffer, actor: Actor, now: Date) =>
  sql<Used[]>`json_build_array(${sql.join(keysOf(key, actor).map((row) => usedOf(row, now)))})`.as('used_room')

export const roomOf = (key: Buffer, actor: Actor, used: Used[]): Room => ({ keys: keysOf(key, actor), used })

/**
 * Counts so many people, as a part of the statement that invites or adds them, after `changed`. An act has its turn only while nobody
 * else in the organization had one since the room was read, so what was left then is left still.
 */
export const takingRoom = ({ keys }: Room, many: number, now: Date) =>
  sql<{ key: Buffer }>`(${countingMany(
    keys.map((key, n) => ({ key, minutes: quotas[n]?.minutes ?? 0 })),
    many,
    now,
    sql<boolean>`exists (select from changed)`,
  )})`

/** Why so many can't be invited now, and in how many seconds there is room again; null when they can. */
export function noRoom({ used }: Room, many: number): { because: string; seconds: number } | null {
  const lefts = used.map(({ count, seconds }, n) => ({
    seconds: Math.max(1, Math.ceil(seconds)),
    left: Math.max(0, (quotas[n]?.free ?? 0) - count),
    whose:
      n === 0
        ? `One member can invite or add ${perInviter.free} people an hour`
        : `An organization can invite or add ${perPlace.free.toLocaleString('en-US')} people a day`,
  }))
  const full = lefts.filter(({ left }) => left < many).toSorted((a, b) => a.left - b.left)[0]
  if (!full) return null
  const { left, seconds, whose } = full
  const room = left === 0 ? 'none is left now' : `${left} of them ${left === 1 ? 'is' : 'are'} left now`
  const rest = left === 0 ? '' : `, or make it ${left === 1 ? 'one' : `at most ${left}`}`
  return {
    because: `${whose}, and ${room}${many > 1 ? `: this would be ${many}` : ''}. Nobody was invited or added. Send it again in ${inMinutes(seconds)}${rest}.`,
    seconds,
  }
}
