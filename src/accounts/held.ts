import { type ExpressionBuilder, sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import type { Db } from '../platform/database/connect.ts'
import type { DB } from '../platform/database/schema.ts'
import { searchText } from '../platform/fold.ts'

/** Begins an act that an account's organizations keep a copy of: their turns, then the account, which nobody else changes now. */
export const onAccount = (db: Db, accountId: string, { turns = true } = {}) =>
  db
    .with('turns', () =>
      turns
        ? sql<{ places: number }>`(select take_turns_of_account(${accountId}::uuid) as places)`
        : sql<{ places: number }>`(select 0 as places)`,
    )
    .with('held', (of) =>
      of
        .selectFrom('account')
        .select('id')
        .where('id', '=', accountId)
        .where(sql<boolean>`(select places from turns) >= 0`)
        .forUpdate(),
    )

export const isHeld = sql<boolean>`exists (select from held)`

/** The memberships of the account a, in which copies of its email and username stand. A removed one gets them when it is taken back. */
export const placesOf = (eb: unknown) =>
  jsonArrayFrom(
    (eb as ExpressionBuilder<DB & { a: DB['account'] }, 'a'>)
      .selectFrom('membership as m')
      .whereRef('m.account_id', '=', 'a.id')
      .where('m.removed_at', 'is', null)
      .select(['m.id', 'm.organization_id', 'm.first_name', 'm.last_name', 'm.version'])
      .orderBy('m.id'),
  )
type Place = { id: string; first_name: string; last_name: string; version: number }

/** Whether the places of the account, which is held, are still those that were read, with the names that stand in the copies; from here on they are held too. */
export const placesStill = (accountId: string, places: Place[]) =>
  sql<boolean>`places_seen_of_account_now(${accountId}::uuid) = ${places.map(({ id, version }) => `${id}.${version}`).join(' ')}`

/** The copies in all of them, after the part of the statement called `turned`, if that gave a row. */
export const copiesAfter = (
  places: Place[],
  {
    email,
    email_key,
    username,
    username_key,
  }: Record<'email' | 'email_key', string> & Record<'username' | 'username_key', string | null>,
  when = sql<boolean>`true`,
) => {
  const rows = places.map(({ id, first_name, last_name }) => ({
    id,
    search: searchText(first_name, last_name, email, username ?? ''),
  }))
  return sql<{ id: string }>`(update membership m set email = ${email}, email_key = ${email_key},
      username_key = ${username_key ?? ''}, search = one.search, version = m.version + 1
    from jsonb_to_recordset(${rows}::jsonb) as one(id uuid, search text)
    where m.id = one.id and exists (select from turned) and ${when} returning m.id)`
}
