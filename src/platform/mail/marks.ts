import { sql } from 'kysely'
import type { Db } from '../database/connect.ts'
import { crossing } from '../database/guard.ts'
import { newId } from '../ids.ts'
import { type Letter, mailRow } from './outbox.ts'

/** What became of a letter that was tried, or not even that: `kind` is the mail server's answer, if it gave one. */
export type Mark = {
  id: string
  state: 'waiting' | 'sent' | 'failed' | 'canceled'
  kind: 'accepted' | 'delayed' | 'refused' | null
  answer: string
  messageId: string
  /** Seconds until it is tried again, for one that waits on. */
  wait: number
  /** Letters about this one, such as to whoever sent it. */
  letters: Letter[]
}

/**
 * Writes down what became of letters, in one statement: with the answer, the jobs of those that wait on, and the letters about those
 * that failed. A letter that isn't waiting anymore stays as it is.
 */
export async function markLetters(db: Db, now: Date, marks: Mark[]): Promise<void> {
  const rows = marks.map(({ id, state, kind, answer, messageId, wait }) => ({
    ...{ id, state, kind, answer, wait },
    answer_id: newId(),
    message_id: messageId,
    next_try_at: state === 'waiting' && (kind || wait > 0) ? new Date(now.getTime() + wait * 1000) : null,
  }))
  const about = marks.flatMap(({ id, letters }) => letters.map((letter) => ({ about: id, ...mailRow(now, letter) })))
  await sql`with told as (
      select * from jsonb_to_recordset(${rows}::jsonb) as told(id uuid, state text, kind text, answer text, wait int, answer_id uuid,
        message_id text, next_try_at timestamptz)
    ), marked as (
      update mail set state = told.state, next_try_at = told.next_try_at,
        attempts = attempts + (told.kind is not null)::int,
        answer = case when told.answer = '' then mail.answer else told.answer end,
        message_id = case when told.kind is null then mail.message_id else told.message_id end,
        sent_at = case when told.state = 'sent' then ${now}::timestamptz end
      from told where mail.id = told.id and mail.state = 'waiting'
      returning mail.id, mail.organization_id
    ), answered as (
      insert into mail_answer (id, organization_id, mail_id, at, kind, answer)
      select told.answer_id, marked.organization_id, marked.id, ${now}::timestamptz, told.kind, told.answer
      from told join marked on marked.id = told.id where told.kind is not null
    ), written as (
      insert into mail (id, organization_id, template, data, to_address, to_key, invitation_id, generation, created_at)
      select w.id, w.organization_id, w.template, w.data, w.to_address, w.to_key, w.invitation_id, w.generation, w.created_at
      from jsonb_to_recordset(${about}::jsonb) as w(about uuid, id uuid, organization_id uuid, template text, data jsonb, to_address text,
        to_key text, invitation_id uuid, generation int, created_at timestamptz)
      join marked on marked.id = w.about
    )
    select queue_mail(array_agg(told.id), array_agg(told.wait * interval '1s'))
    from told join marked on marked.id = told.id where told.state = 'waiting' having count(*) > 0`.execute(
    crossing(db, 'letters of every organization are sent'),
  )
}

/**
 * Makes jobs for letters that wait without one: written before there was a queue, or put back by a restore. One process at a time.
 * Gives how many.
 */
export const queueForgotten = (db: Db): Promise<number> =>
  crossing(db, 'letters of every organization are sent')
    .transaction()
    .execute(async (trx) => {
      await sql`select pg_advisory_xact_lock(hashtextextended('mail without a job', 0))`.execute(trx)
      const { rows } = await sql<{ count: number }>`with forgotten as (
          select id from mail m where state = 'waiting'
            and not exists (select from pgboss.job j where j.name = 'mail' and j.singleton_key = m.id::text and j.state < 'active')
            and not exists (select from pgboss.job j where j.name = 'mail' and j.singleton_key = m.id::text and j.state = 'active')
          order by created_at limit 10000
        ), queued as (
          select queue_mail(array_agg(id), array_agg(interval '0')) from forgotten having count(*) > 0
        )
        select (select count(*) from forgotten)::int as count, (select count(*) from queued) as queued`.execute(trx)
      return rows[0]?.count ?? 0
    })
