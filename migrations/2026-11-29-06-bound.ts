// Who is bound by the fields that their group locks is one rule: whoever couldn't change the field for everybody else either. That is an
// email or username by members.credentials, as contact details are by members.edit (profile/rules.ts); Admin was only one way to hold it.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create or replace function is_locked_for_account_now(whose uuid, which text) returns boolean language sql volatile as $$
    select places_of_account_now(whose) = 1 and exists (
      select from account a join membership m on m.account_id = a.id and m.removed_at is null
      join group_locked_field l on l.organization_id = m.organization_id and l.group_id = m.group_id
      where a.id = whose and not a.is_support and l.field = which
        and m.organization_role <> 'admin' and not (m.organization_role = 'member' and 'members.credentials' in (
          select permission from group_permission
            where organization_id = m.organization_id and group_id = m.group_id
          union all select permission from membership_permission
            where organization_id = m.organization_id and membership_id = m.id
          union all select p.permission from membership_role r join custom_role_permission p
            on p.organization_id = r.organization_id and p.role_id = r.role_id
            where r.organization_id = m.organization_id and r.membership_id = m.id))) $$`.execute(db)
}
