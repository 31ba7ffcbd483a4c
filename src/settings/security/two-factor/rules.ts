import { daysAfter } from '../../../platform/access/status.ts'

/** So many of those who lack it are on the page by name; the members table has all. */
export const mostNamed = 20

/** So many days ahead at most. */
const mostAhead = 366

/** Why two-factor can't be required from this day on; null: it can. A day that has passed stays while it isn't changed. */
export function whyNotFrom(from: string | null, before: string | null, today: string): string | null {
  if (from === null || from === before) return null
  if (from < today) return 'This day has passed. Choose today or a later one'
  return from > daysAfter(today, mostAhead) ? 'Choose a day within a year from now' : null
}
