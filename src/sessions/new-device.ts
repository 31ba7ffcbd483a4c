import { sql } from 'kysely'
import { asPart, partOf } from '../platform/database/part.ts'
import type { Cause } from '../platform/events/record.ts'
import { newId } from '../platform/ids.ts'
import { mailColumns, type Template } from '../platform/mail/outbox.ts'
import { deviceOf } from './device.ts'

const minute = 60_000
const hour = 60 * minute
/** Whoever signs in anew again and again fills no mailbox by it. */
const mostAnHour = 10

/** What stands in the letter, and since when others count that are like it. */
export type NewDevice = { letterId: string; letterData: object; minuteAgo: Date; hourAgo: Date }

export const newDeviceOf = ({ now, ip }: Cause, accountId: string, userAgent: string): NewDevice => ({
  letterId: newId(),
  letterData: { account_id: accountId, device: deviceOf(userAgent), address: ip },
  minuteAgo: new Date(now.getTime() - minute),
  hourAgo: new Date(now.getTime() - hour),
})

/**
 * The letter to somebody whose account was signed in to by a browser that it didn't know, as a part of `admit`: after a whole
 * sign-in alone. Not the very first one, which comes of their own joining: until then the account has known no browser. A second press
 * of the same button isn't another browser.
 */
export function newDeviceLetter(of: unknown, asked: NewDevice & { accountId: string; full: boolean; now: Date }) {
  const template: Template = 'new_device'
  return asPart(
    partOf(of)
      .insertInto('mail')
      .columns([...mailColumns])
      .expression(
        sql<never>`select ${asked.letterId}::uuid, null::uuid, ${template}, ${asked.letterData}::jsonb, a.email, a.email_key,
        null::uuid, null::int, ${asked.now}::timestamptz
        from account a where a.id = ${asked.accountId}::uuid and case
          when ${asked.full} and exists (select from changed) and not exists (select from known)
            and exists (select from known_device d where d.account_id = a.id)
            and (select count(*) from known_device d where d.account_id = a.id and d.created_at > ${asked.hourAgo}::timestamptz) < ${mostAnHour}::int
          then not told_of_device(a.email_key, ${asked.letterData}::jsonb, ${asked.minuteAgo}::timestamptz) else false end`,
      ),
  )
}
