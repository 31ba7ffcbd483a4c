// Those removed from one area are found among all who were ever removed, in the order of names.
import { type Kysely, sql } from 'kysely'

export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create index membership_in_area on membership (organization_id, area_id, sort_name, id)
    where status = 'removed' and area_id is not null`.execute(db)
}
