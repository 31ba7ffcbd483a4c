import { sql } from 'kysely'

/** The statuses shown for a member, in the order that lists them (product.md). */
export const statuses = {
  active: 'Active',
  invited: 'Invited',
  blocked: 'Blocked',
  suspended: 'Suspended',
  ended: 'Ended',
  not_started: 'Not started',
  removed: 'Removed',
} as const
export type Status = keyof typeof statuses

type Facts = {
  removed_at: Date | null
  account_id: string | null
  blocked_at: Date | null
  suspended_at: Date | null
  starts_on: string
  ends_on: string
}

/** The calendar day, in UTC, that start and end dates are compared with. The end date is the last day inside. */
export const dayOf = (now: Date): string => now.toISOString().slice(0, 10)

/** The day so many days after another. */
export const daysAfter = (day: string, count: number): string =>
  dayOf(new Date(Date.parse(`${day}T00:00:00Z`) + count * 86_400_000))

/** The first that applies (product.md, "Status shown for a member"). Dates are YYYY-MM-DD or ±infinity. */
export function statusOf(member: Facts, today: string): Status {
  if (member.removed_at) return 'removed'
  if (!member.account_id) return 'invited'
  if (member.blocked_at) return 'blocked'
  if (member.suspended_at) return 'suspended'
  if (member.ends_on !== 'infinity' && member.ends_on < today) return 'ended'
  if (member.starts_on !== '-infinity' && member.starts_on > today) return 'not_started'
  return 'active'
}

/** The same in SQL, over the columns of the membership that is updated; `blocked` says whether its account is blocked. */
export const currentStatus = (today: string, blocked: boolean) => sql<Status>`case
  when removed_at is not null then 'removed'
  when account_id is null then 'invited'
  when ${blocked} then 'blocked'
  when suspended_at is not null then 'suspended'
  when ends_on < ${today}::date then 'ended'
  when starts_on > ${today}::date then 'not_started'
  else 'active' end`
