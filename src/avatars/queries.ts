import type { Actor } from '../platform/access/actor.ts'
import type { Db } from '../platform/database/connect.ts'
import type { Size } from './rules.ts'

/** The picture of this name in the actor's organization, in that size; whoever is in it may see everybody's who is shown to them. */
export async function avatarNamed(db: Db, actor: Actor, name: string, size: Size): Promise<Buffer | null> {
  const row = await db
    .selectFrom('avatar')
    .where('organization_id', '=', actor.organization.id)
    .where('name', '=', name)
    .select(`px_${size} as picture`)
    .executeTakeFirst()
  return row?.picture ?? null
}
