import { sql } from 'kysely'
import { asPart, partOf } from '../platform/database/part.ts'
import type { Cause } from '../platform/events/record.ts'
import { type Letter, mailColumns, mailRow } from '../platform/mail/outbox.ts'
import { deviceOf } from './device.ts'

const minute = 60_000
const hour = 60 * minute
/** Whoever signs in anew again and again fills no mailbox by it. */
const mostAnHour = 10

/**
 * The letter to somebody whose account was signed in to by a browser that it didn't know, as a part of `admit`: after a whole
 * sign-in alone. Not the very first one, which comes of their own joining: until then the account has known no browser. A second press
 * of the same button isn't another browser.
 */
export function newDeviceLetter(
  of: unknown,
  { now, ip }: Pick<Cause, 'now' | 'ip'>,
  { accountId, userAgent, full }: { accountId: string; userAgent: string; full: boolean },
) {
  const data = { account_id: accountId, device: deviceOf(userAgent), address: ip }
  const letter: Letter = { organizationId: null, template: 'new_device', data, to: '' }
  const row = mailRow(now, letter)
  const since = (ago: number) => sql`${new Date(now.getTime() - ago)}::timestamptz`
  return asPart(
    partOf(of)
      .insertInto('mail')
      .columns([...mailColumns])
      .expression(
        sql<never>`select ${row.id}::uuid, null::uuid, ${row.template}, ${data}::jsonb, a.email, a.email_key,
        null::uuid, null::int, ${now}::timestamptz
        from account a where a.id = ${accountId}::uuid and case
          when ${full} and exists (select from changed) and not exists (select from known)
            and exists (select from known_device d where d.account_id = a.id)
            and (select count(*) from known_device d where d.account_id = a.id and d.created_at > ${since(hour)}) < ${mostAnHour}::int
          then not told_of_device(a.email_key, ${data}::jsonb, ${since(minute)}) else false end`,
      ),
  )
}
