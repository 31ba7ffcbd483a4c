// What the hourly run asks of open invitations: which to remind of, and which nobody answers for anymore. An organization's are
// looked through only when somebody's access has changed since, or on a new day, whose dates end memberships too.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table organization
    add column invitations_as_of int not null default 0,
    add column invitations_day date not null default '-infinity'`.execute(db)
  await sql`create index invitation_expiring on invitation (organization_id, expires_at, id)
    where status = 'pending_activation'`.execute(db)
  await sql`create index invitation_to_remind on invitation (expires_at)
    where status = 'pending_activation' and reminded_at is null`.execute(db)
}
