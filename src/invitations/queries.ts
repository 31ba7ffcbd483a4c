import { sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import type { Actor } from '../platform/access/actor.ts'
import { atMost } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import { withinReach } from './conditions.ts'
import { type Count, countOf, type Facets, facetsIn } from './count.ts'
import type { InvitationList } from './list-state.ts'
import { type Invitation, panelQuery } from './panel.ts'

export type Around = {
  roles: { id: string; name: string }[]
  count: Count | null
  /** Only where the page is to have the counts of the filters' options in it. */
  facets: Facets | null
  panel: Invitation | null
}

/** The organization's custom roles, which the filter offers by name. */
export const customRoles = (db: Db, actor: Actor) =>
  jsonArrayFrom(
    db
      .selectFrom('custom_role as cr')
      .where('cr.organization_id', '=', actor.organization.id)
      .select(['cr.id', 'cr.name'])
      .orderBy('cr.sort_name')
      .limit(atMost(200)),
  ).$castTo<Around['roles']>()

/** What stands around the rows: what the filters offer, how many match, and the open panel, in one statement. */
export async function aroundTheList(
  db: Db,
  actor: Actor,
  list: InvitationList,
  now: Date,
  panelId: string | null,
  counted: boolean,
): Promise<Around | null> {
  const reached = withinReach(list, actor)
  const count = reached && !list.q ? countOf({ db, actor, now }, list) : sql<Count | null>`null::json`
  const facets = counted ? facetsIn({ db, actor, now }, list) : sql<Facets | null>`null::json`
  const beside = [customRoles(db, actor).as('options'), count.as('count'), facets.as('facets')] as const
  const row = panelId
    ? await panelQuery(db, actor)
        .where('i.id', '=', panelId)
        .select(beside as never)
        .executeTakeFirst()
    : await db.selectNoFrom(beside as never).executeTakeFirst()
  if (!row) return null
  const found = row as unknown as { options: Around['roles'] } & Pick<Around, 'count' | 'facets'>
  const { options, count: known, facets: each } = found
  return { roles: options, count: known, facets: each, panel: panelId ? (row as unknown as Invitation) : null }
}
