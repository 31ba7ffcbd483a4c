// What an invitation needs to be sent, joined and found: who sent it and what it offered as they were, how the history sorts and
// searches it, how often it was sent on a day, who copied its link. What an organization decides about its invitations.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table invitation
    add column sender_name text not null default '',
    add column group_id uuid,
    add column role_ids uuid[] not null default '{}',
    add column valid_days int not null default 7 check (valid_days between 1 and 60),
    add column opened_at timestamptz(3),
    add column accepted_at timestamptz(3),
    add column link_copied_by uuid,
    add column resend_day date not null default '-infinity',
    add column resends int not null default 0,
    add column reminded_at timestamptz(3),
    add column sort_name text collate "C" not null default '',
    add column sort_first text collate "C" not null default '',
    add column sort_sender text collate "C" not null default '',
    add column search text not null default '',
    add foreign key (organization_id, link_copied_by) references membership (organization_id, id)
      on delete set null (link_copied_by)`.execute(db)
  await sql`update invitation as i set
      sort_name = m.sort_name,
      sort_first = m.sort_first,
      sort_sender = coalesce(s.sort_first, ''),
      sender_name = coalesce(nullif(trim(s.first_name || ' ' || s.last_name), ''), s.email, ''),
      search = left(m.search || coalesce(s.search, ''), 800),
      group_id = coalesce((i.offer ->> 'group_id')::uuid, m.group_id),
      role_ids = case when jsonb_typeof(i.offer -> 'role_ids') = 'array'
        then array(select jsonb_array_elements_text(i.offer -> 'role_ids'))::uuid[] else '{}' end
    from invitation as old
      join membership as m on m.organization_id = old.organization_id and m.id = old.membership_id
      left join membership as s on s.organization_id = old.organization_id and s.id = old.invited_by
    where old.organization_id = i.organization_id and old.id = i.id`.execute(db)
  await sql`create index invitation_link_copied_by on invitation (organization_id, link_copied_by)
    where link_copied_by is not null`.execute(db)
  await sql`create index invitation_decided_by on invitation (organization_id, decided_by)
    where decided_by is not null`.execute(db)

  await sql`alter table organization
    add column allowed_domains text[] not null default '{}',
    add column invitation_reminder boolean not null default true,
    add column support_access boolean not null default true`.execute(db)
  await sql`alter table draft drop constraint draft_kind_check,
    add check (kind in ('add', 'several'))`.execute(db)
}
