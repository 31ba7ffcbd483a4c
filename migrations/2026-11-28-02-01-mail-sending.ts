// What sending needs: which link a letter carries, when it is tried again, every answer of the mail server, and the job of pg-boss
// that comes with each letter, made in the letter's own transaction: most letters are a part of one statement.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table mail
    add column to_key text collate "C" not null default '',
    add column invitation_id uuid,
    add column generation int,
    add column next_try_at timestamptz(3),
    drop constraint mail_state_check,
    add constraint mail_state_check check (state in ('waiting', 'sent', 'failed', 'bounced', 'canceled')),
    add foreign key (organization_id, invitation_id) references invitation (organization_id, id)
      on delete set null (invitation_id)`.execute(db)
  // Letters of before have their address in lower case; the app folds those that come.
  await sql`update mail set to_key = lower(to_address)`.execute(db)
  await sql`create index mail_of_invitation on mail (organization_id, invitation_id, created_at)
    where invitation_id is not null`.execute(db)
  await sql`create index mail_to on mail (to_key, created_at)`.execute(db)
  await sql`drop index mail_waiting`.execute(db)
  await sql`create index mail_open on mail (state, created_at) where state in ('waiting', 'failed', 'bounced')`.execute(
    db,
  )

  await sql`create table mail_answer (
    id uuid primary key,
    organization_id uuid references organization on delete cascade,
    mail_id uuid not null,
    at timestamptz(3) not null,
    kind text collate "C" not null check (kind in ('accepted', 'delayed', 'refused', 'bounced')),
    answer text not null default '',
    unique (organization_id, id),
    foreign key (organization_id, mail_id) references mail (organization_id, id) on delete cascade
  )`.execute(db)
  await sql`create index mail_answer_of_mail on mail_answer (mail_id, at)`.execute(db)
  await sql`create index mail_answer_of_organization on mail_answer (organization_id, mail_id)`.execute(db)

  // As pg-boss 12 inserts itself: what a queue is set to goes with the job. Without the queue the letter waits until a worker
  // looks for letters that have none.
  await sql`create function queue_mail(ids uuid[], waits interval[]) returns void language plpgsql as $$
    begin
      insert into pgboss.job (id, name, data, start_after, created_on, singleton_key, expire_seconds, deletion_seconds,
        keep_until, retry_limit, retry_delay, retry_backoff, retry_delay_max, policy, dead_letter, heartbeat_seconds)
      select gen_random_uuid(), q.name, jsonb_build_object('id', one), pgboss.job_now() + wait, pgboss.job_now(), one::text,
        q.expire_seconds, q.deletion_seconds, pgboss.job_now() + wait + q.retention_seconds * interval '1s',
        q.retry_limit, q.retry_delay, q.retry_backoff, q.retry_delay_max, q.policy, q.dead_letter, q.heartbeat_seconds
      from unnest(ids, waits) as u(one, wait), pgboss.queue q
      where q.name = 'mail';
    end $$`.execute(db)
  await sql`create function queue_new_mail() returns trigger language plpgsql as $$
    declare
      fresh uuid[];
    begin
      select array_agg(id order by id) into fresh from written where state = 'waiting';
      if fresh is not null then
        perform queue_mail(fresh, array_fill(interval '0', array[cardinality(fresh)]));
      end if;
      return null;
    end $$`.execute(db)
  await sql`create trigger queue_new_mail after insert on mail referencing new table as written
    for each statement execute function queue_new_mail()`.execute(db)
}
