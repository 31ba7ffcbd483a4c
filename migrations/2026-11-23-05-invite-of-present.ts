// Who is Invited has an invitation still open or ended without them; everybody else present was added or has accepted. The sort
// by invite status leaves out whole parts by it.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table membership add constraint membership_invite_of_present
    check (status = 'removed' or (status = 'invited') = (invite not in ('', 'active')))`.execute(db)
}
