import { sql } from 'kysely'
import type { Cause } from '../platform/events/record.ts'
import { newId } from '../platform/ids.ts'
import { deviceOf } from './device.ts'

/** Whoever signs in anew again and again fills no mailbox by it. */
const mostAnHour = 10

/** The letter's id, and what stands in it. */
export type NewDevice = { letterId: string; letterData: object }

export const newDeviceOf = ({ ip }: Cause, accountId: string, userAgent: string): NewDevice => ({
  letterId: newId(),
  letterData: { account_id: accountId, device: deviceOf(userAgent), address: ip },
})

/**
 * Writes to somebody whose account was signed in to by a browser that it didn't know, where a whole sign-in has `changed` the
 * account: a column of `admitting`. Not at the very first one, which comes of their own joining: until then the account has known
 * no browser. A second press of the same button isn't another browser.
 */
export const tellOfDevice = (asked: NewDevice & { accountId: string; full: boolean; device: Buffer; now: Date }) =>
  sql<boolean | null>`case when ${asked.full} and not exists (select from known)
    and exists (select from known_device d where d.account_id = ${asked.accountId}::uuid)
    then tell_of_device(${asked.accountId}::uuid, ${asked.device}::bytea, ${asked.letterId}::uuid, ${asked.letterData}::jsonb,
      ${asked.now}::timestamptz, ${mostAnHour}::int) end`
