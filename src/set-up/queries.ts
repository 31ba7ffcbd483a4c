import type { Db } from '../platform/database/connect.ts'

/** Whether the first organization is still to be made. No actor: there is nobody yet. */
export async function isFirstStart(db: Db): Promise<boolean> {
  const row = await db.selectFrom('organization').select('id').limit(1).executeTakeFirst()
  return row === undefined
}
