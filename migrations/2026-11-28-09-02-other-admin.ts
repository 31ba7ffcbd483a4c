// Whether an Admin other than this one can sign in. Written out inside of other statements, this question looked so dear to
// the planner that it planned each of them anew, which took longer than the rest of an edit; in SQL, a function is planned at each use.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create function other_admin_signs_in(organization uuid, one uuid, at timestamptz) returns boolean language plpgsql stable as $$
    begin return exists (select from membership m join account a on a.id = m.account_id
      where m.organization_id = organization and m.id <> one and m.organization_role = 'admin' and m.status = 'active'
        and m.ends_on = 'infinity' and a.password_hash is not null
        and (not a.must_change_password or a.password_expires_at is null or a.password_expires_at > at)); end $$`.execute(
    db,
  )
}
