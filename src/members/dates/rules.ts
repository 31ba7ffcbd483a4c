import { dayOf, type Status, statusOf } from '../../platform/access/status.ts'
import { lastAdmin } from '../last-admin.ts'

/** First and last day inside, YYYY-MM-DD; without one, -infinity and infinity. */
export type Dates = { starts_on: string; ends_on: string }
export type DateErrors = Partial<Record<keyof Dates, string>>

type Person = Dates & {
  account_id: string | null
  blocked_at: Date | null
  suspended_at: Date | null
  removed_at: Date | null
  lastAdmin: boolean
}

/** What becomes of somebody with these dates, or why they can't have them. */
export function decideDates(
  person: Person,
  dates: Dates,
  now: Date,
): { errors: DateErrors } | { errors?: never; status: Status } {
  const { starts_on, ends_on } = dates
  const today = dayOf(now)
  if (starts_on !== '-infinity' && ends_on !== 'infinity' && starts_on > ends_on)
    return { errors: { ends_on: 'The end date is before the start date.' } }
  if (person.lastAdmin && ends_on !== 'infinity') return { errors: { ends_on: lastAdmin } }
  if (person.lastAdmin && starts_on !== '-infinity' && starts_on > today) return { errors: { starts_on: lastAdmin } }
  return { status: statusOf({ ...person, ...dates }, today) }
}
