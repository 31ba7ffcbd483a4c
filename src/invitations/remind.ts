import { sql } from 'kysely'
import { atMost } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'
import { newId } from '../platform/ids.ts'

/** So many letters are written in one statement. */
const atOnce = 200

/**
 * One reminder before an invitation expires, where its organization wants that: two days before, or when half of a shorter validity is
 * over; not of what wasn't sent yet. Letter, event and mark are one statement, which passes over what another process is about to do: sent once, whoever runs.
 */
export async function remindOfInvitations(db: Db, now: Date): Promise<void> {
  for (let count = atOnce; count === atOnce; ) count = await remindSome(db, now)
}

async function remindSome(db: Db, now: Date): Promise<number> {
  const ids = () => sql`${Array.from({ length: atOnce }, newId)}::uuid[]`
  const at = sql`${now}::timestamptz`
  const { rows } = await sql<{ count: number }>`
    with due as (
      select i.organization_id, i.id
      from invitation i join organization o on o.id = i.organization_id
      where i.status = 'pending_activation' and i.reminded_at is null and o.invitation_reminder
        and i.expires_at > ${at} and i.expires_at <= ${at} + interval '2 days'
        and i.expires_at - ${at} <= (i.expires_at - coalesce(i.last_sent_at, i.created_at)) / 2
        and not exists (select from mail l where l.organization_id = i.organization_id and l.invitation_id = i.id
          and l.state = 'waiting' and l.template = 'invitation')
      order by i.expires_at
      limit ${atMost(atOnce)}
      for update of i skip locked),
    changed as (
      update invitation i set reminded_at = ${at} from due
      where i.organization_id = due.organization_id and i.id = due.id
      returning i.id, i.organization_id, i.email, i.email_key, i.generation),
    reminded as (select changed.*, row_number() over () as n from changed),
    told as (
      insert into event (id, organization_id, at, how, act, subject, subject_id)
      select (${ids()})[n], organization_id, ${at}, 'system', ${'invitation.reminded'}, 'invitation', id from reminded),
    written as (
      insert into mail (id, organization_id, template, to_address, to_key, invitation_id, generation, created_at)
      select (${ids()})[n], organization_id, 'invitation_reminder', email, email_key, id, generation, ${at} from reminded)
    select count(*)::int as count from reminded`.execute(
    crossing(db, 'invitations of every organization end by the clock'),
  )
  return rows[0]?.count ?? 0
}
