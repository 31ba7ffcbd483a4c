// Who gave what somebody else may know: it works only while they may give it (accounts/giver.ts). An account is no organization's, so
// these are no foreign keys: whoever isn't there anymore may give nothing. Who copied the link of an invitation stands in the link.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table account
    add column added_by uuid,
    add column password_given_by uuid,
    add column new_email_asked_by uuid`.execute(db)
  await sql`alter table invitation drop column link_copied_by`.execute(db)
  // A first password that another one gave opens nothing without them: it counts while they are an Admin who stays.
  await sql`create or replace function other_admin_signs_in(organization uuid, one uuid, at timestamptz) returns boolean
    language plpgsql stable as $$
    begin return exists (select from membership m join account a on a.id = m.account_id
      where m.organization_id = organization and m.id <> one and m.organization_role = 'admin' and m.status = 'active'
        and m.ends_on = 'infinity' and a.password_hash is not null
        and (not a.must_change_password or ((a.password_expires_at is null or a.password_expires_at > at)
          and (a.password_given_by is null or exists (select from membership g where g.organization_id = organization
            and g.id = a.password_given_by and g.id <> one and g.organization_role = 'admin' and g.status = 'active'
            and g.ends_on = 'infinity'))))); end $$`.execute(db)
}
