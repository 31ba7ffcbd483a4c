import { hash, hashRaw, verify } from '@node-rs/argon2'
import { turns } from './turns.ts'

/** argon2id, 19 MiB, two passes, one lane (OWASP; R-02). argon2id and a 16-byte salt are the package's defaults. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Of no password: unknown logins cost the same as known ones. */
const dummy = '$argon2id$v=19$m=19456,t=2,p=1$s8iC+LNGfbvrfAVY2obp0w$ZCuMsyEbGSZtcAdH4yVIxiY2R8DLTHx3RuKJLhUG3Ww'

/** At most two at once, or a flood of sign-ins would take every thread and 19 MiB for each. */
const inTurn = turns(2, 20)

/** The PHC string to store. Throws Unavailable (503) when too many wait. */
export const hashPassword = (password: string): Promise<string> => inTurn(() => hash(password, cost))

/** Whether this is the password, exactly as typed. Without a hash it costs the same and is false. Throws as hashPassword. */
export const isPassword = (stored: string | null, password: string): Promise<boolean> =>
  inTurn(async () => (await verify(stored ?? dummy, password)) && stored !== null)

/** 32 bytes of something that was drawn at random, with a salt that others share. Throws as hashPassword. */
export const hashWithSalt = (text: string, salt: Buffer): Promise<Buffer> =>
  inTurn(() => hashRaw(text, { ...cost, salt }))

/** Whether it was made with less than today's cost. */
export function needsRehash(stored: string): boolean {
  const [, memory = 0, time = 0, lanes = 0] = (/^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$/.exec(stored) ?? []).map(
    Number,
  )
  return memory < cost.memoryCost || time < cost.timeCost || lanes < cost.parallelism
}
