import { sql } from 'kysely'
import { dayOf } from '../platform/access/status.ts'
import { atMost } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'
import { newId } from '../platform/ids.ts'

/** So many letters are written in one statement. */
const atOnce = 200
/** So many days before the last one. */
const before = 7

/** Whether somebody inside hears at once of this last day. */
export const isToldNow = (endsOn: string, now: Date): boolean =>
  endsOn <= dayOf(new Date(now.getTime() + before * 86_400_000))

/**
 * One letter to each person inside whose membership ends within a week, of each end date that they get: while there is time to ask for
 * another one. Letter, event and mark are one statement, which passes over what another process is about to do: sent once, whoever runs.
 */
export async function tellOfEnding(db: Db, now: Date): Promise<void> {
  for (let count = atOnce; count === atOnce; ) count = await tellSome(db, now)
}

async function tellSome(db: Db, now: Date): Promise<number> {
  const ids = () => sql`${Array.from({ length: atOnce }, newId)}::uuid[]`
  const at = sql`${now}::timestamptz`
  const today = sql`${dayOf(now)}::date`
  const { rows } = await sql<{ count: number }>`
    with due as (
      select m.organization_id, m.id from membership m
      where m.status in ('active', 'blocked') and m.ends_on < 'infinity' and m.suspended_at is null
        and m.ends_on between ${today} and ${today} + ${before}::int and m.starts_on <= ${today}
        and m.told_ends_on is distinct from m.ends_on
      order by m.ends_on
      limit ${atMost(atOnce)}
      for no key update of m skip locked),
    changed as (
      update membership m set told_ends_on = m.ends_on from due
      where m.organization_id = due.organization_id and m.id = due.id
      returning m.id, m.organization_id, m.email, m.email_key, m.ends_on),
    ending as (select changed.*, row_number() over () as n from changed),
    told as (
      insert into event (id, organization_id, at, how, act, subject, subject_id)
      select (${ids()})[n], organization_id, ${at}, 'system', ${'membership.ending_told'}, 'membership', id from ending),
    written as (
      insert into mail (id, organization_id, template, data, to_address, to_key, created_at)
      select (${ids()})[n], organization_id, 'membership_ending',
        json_build_object('membership_id', id, 'ends_on', ends_on), email, email_key, ${at} from ending)
    select count(*)::int as count from ending`.execute(
    crossing(db, 'memberships of every organization end by the clock'),
  )
  return rows[0]?.count ?? 0
}
