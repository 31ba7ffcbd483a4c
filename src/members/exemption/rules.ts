import { daysAfter } from '../../platform/access/status.ts'
import { mostExemptDays } from '../rules.ts'

/** Why an exemption can't last until this day; null: it can. */
export function whyNotUntil(until: string | null, today: string): string | null {
  if (until === null) return 'Enter the last day on which they are exempt'
  if (until < today) return 'This day has passed. Choose today or a later one'
  return until > daysAfter(today, mostExemptDays) ? `Choose a day within ${mostExemptDays} days from now` : null
}
