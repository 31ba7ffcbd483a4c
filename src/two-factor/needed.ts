import { type RawBuilder, sql } from 'kysely'

/** Whether one of the account's open organizations requires two-factor on this day, as sessions/current.ts decides it too. */
export const neededBy = (accountId: RawBuilder<unknown>, today: string) =>
  sql<boolean>`coalesce(two_factor_needed_from(${accountId}, ${today}::date) <= ${today}::date, false)`

/** Whether the account `a` lacks it then. */
export const lacksTwoFactor = (today: string) =>
  sql<boolean>`(a.two_factor_at is null and ${neededBy(sql`a.id`, today)})`
