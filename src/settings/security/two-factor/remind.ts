import { type RawBuilder, sql } from 'kysely'
import { dayOf, daysAfter } from '../../../platform/access/status.ts'
import { atMost } from '../../../platform/database/compiled-once.ts'
import type { Db } from '../../../platform/database/connect.ts'
import { crossing } from '../../../platform/database/guard.ts'
import { newId } from '../../../platform/ids.ts'

/** So many people are looked at in one statement. */
export const lookedAtOnce = { people: 500 }

/**
 * Letters to those who will need two-factor and lack it, 7 days and 1 day before, to whoever comes later at once; and to the Admins
 * 7 days before an exemption ends. For an hourly run: nothing depends on it but the letters. Each is written once, whoever runs, and
 * however often the day is moved: one of each kind to a person a day, and of the last day the next morning. What fails with one organization is thrown when all others are done.
 */
export async function remindOfTwoFactor(db: Db, now: Date): Promise<void> {
  const wide = crossing(db, 'two-factor is required from a day on, whoever is there')
  const due = wide
    .selectFrom('organization')
    .where('two_factor_from', 'is not', null)
    .where('two_factor_from', '<=', daysAfter(dayOf(now), 7))
    .select(['id', 'two_factor_from'])
    .orderBy('id')
    .limit(100)
  let failure: unknown
  for (let page = await due.execute(); page.length > 0; ) {
    for (const { id, two_factor_from } of page)
      try {
        await writeToWhoLacks(wide, now, id, two_factor_from !== null && two_factor_from > dayOf(now))
        await writeToAdmins(wide, now, id)
      } catch (error) {
        failure ??= error
      }
    page = await due.where('id', '>', page.at(-1)?.id ?? '').execute()
  }
  if (failure) throw failure
}

type Position = { key: string; id: string }

/** Before the day everybody who lacks it is looked at; afterwards those alone whose exemption ends. In the order of an index each. */
async function writeToWhoLacks(db: Db, now: Date, organization: string, before: boolean): Promise<void> {
  const today = dayOf(now)
  let position: Position | null = null
  const after = (key: RawBuilder<unknown>) =>
    position ? sql`and (${key}, m.id) > (${position.key}, ${position.id}::uuid)` : sql``
  const everybody = () => sql`
    select m.sort_name as key, m.id, m.email, m.email_key, m.account_id, m.status, x.until
    from membership m
      left join two_factor_exemption x on x.organization_id = m.organization_id and x.membership_id = m.id
    where m.organization_id = ${organization}::uuid and m.status <> 'removed' and not m.has_two_factor ${after(sql`m.sort_name`)}
    order by m.sort_name, m.id limit ${atMost(lookedAtOnce.people)}`
  const exempt = () => sql`
    select x.until::text as key, m.id, m.email, m.email_key, m.account_id, m.status, x.until
    from two_factor_exemption x join membership m on m.organization_id = x.organization_id and m.id = x.membership_id
    where x.organization_id = ${organization}::uuid and x.until >= ${today}::date and x.until < ${daysAfter(today, 7)}::date
      and not m.has_two_factor ${position ? sql`and (x.until, m.id) > (${position.key}::date, ${position.id}::uuid)` : sql``}
    order by x.until, m.id limit ${atMost(lookedAtOnce.people)}`
  for (let more = true; more; ) {
    const { rows } = await sql<Position & { count: number }>`
      with looked as materialized (${before ? everybody() : exempt()}),
      due as (
        select l.*, greatest(o.two_factor_from, l.until + 1) as needed_from
        from looked l join organization o on o.id = ${organization}::uuid
        where l.status = 'active' and o.two_factor_from is not null),
      noted as (
        insert into two_factor_notice (organization_id, membership_id, needed_from, days_before, written_on)
        select ${organization}::uuid, id, needed_from, case when needed_from = ${daysAfter(today, 1)}::date then 1 else 7 end, ${today}::date
        from due where needed_from > ${today}::date and needed_from <= ${daysAfter(today, 7)}::date
        on conflict do nothing
        returning membership_id, needed_from),
      told as (select d.*, row_number() over () as n from noted join due d on d.id = noted.membership_id),
      written as (
        insert into mail (id, organization_id, template, data, to_address, to_key, created_at)
        select (${Array.from({ length: lookedAtOnce.people }, newId)}::uuid[])[n], ${organization}::uuid, ${'two_factor_required'},
          jsonb_build_object('account_id', account_id, 'membership_id', id, 'from', needed_from),
          email, email_key, ${now}::timestamptz from told)
      select key, id, (select count(*)::int from looked) as count from looked order by key desc, id desc limit 1`.execute(
      db,
    )
    const [last] = rows
    more = last?.count === lookedAtOnce.people
    position = last ? { key: last.key, id: last.id } : null
  }
}

/** One letter to each Admin about all whose exemption is about to end. */
async function writeToAdmins(db: Db, now: Date, organization: string): Promise<void> {
  const today = dayOf(now)
  for (let more = true; more; ) {
    const { rows } = await sql<{ count: number }>`
      with due as (
        select x.membership_id from two_factor_exemption x
          join membership m on m.organization_id = x.organization_id and m.id = x.membership_id
        where x.organization_id = ${organization}::uuid and x.told_at is null
          and x.until >= ${today}::date and x.until <= ${daysAfter(today, 7)}::date
          and m.status <> 'removed' and not m.has_two_factor
        order by x.until limit ${atMost(lookedAtOnce.people)}
        for update of x skip locked),
      changed as (
        update two_factor_exemption x set told_at = ${now}::timestamptz from due
        where x.organization_id = ${organization}::uuid and x.membership_id = due.membership_id
        returning x.membership_id, x.until),
      admins as (
        select email, email_key, row_number() over (order by id) as n from membership
        where organization_id = ${organization}::uuid and organization_role = 'admin' and status = 'active'
        order by id limit 100),
      written as (
        insert into mail (id, organization_id, template, data, to_address, to_key, created_at)
        select (${Array.from({ length: 100 }, newId)}::uuid[])[n], ${organization}::uuid, ${'two_factor_exemptions_ending'},
          jsonb_build_object('membership_ids', (select jsonb_agg(membership_id order by until, membership_id) from changed)),
          email, email_key, ${now}::timestamptz from admins where exists (select from changed))
      select count(*)::int as count from changed`.execute(db)
    more = rows[0]?.count === lookedAtOnce.people
  }
}

/** What says that a letter was written is of no use once the day has come. */
export async function forgetOldNotices(db: Db, now: Date): Promise<void> {
  const wide = crossing(db, 'two-factor is required from a day on, whoever is there')
  for (let count = 10_000; count === 10_000; ) {
    const { numAffectedRows } = await sql`
      delete from two_factor_notice where ctid = any(array(
        select ctid from two_factor_notice where needed_from <= ${dayOf(now)}::date limit 10000))`.execute(wide)
    count = Number(numAffectedRows ?? 0)
  }
}
