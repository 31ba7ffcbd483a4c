import { type ExpressionBuilder, sql } from 'kysely'
import type { Db } from '../database/connect.ts'
import type { DB } from '../database/schema.ts'
import type { Happening } from '../events/record.ts'
import { sortKey } from '../fold.ts'
import { idFromKey } from '../ids.ts'
import type { Actor } from './actor.ts'

/*
 * What an organization has several of, each under a name of its own: groups, roles, regions, and the areas of a region. They are
 * made by a form with a key, and renamed to a name that is free.
 */

type Errors = Record<string, string>
type Kind = {
  table: 'member_group' | 'custom_role' | 'region' | 'area'
  subject: 'group' | 'role' | 'region' | 'area'
  most: number
  /** What has at most that many of them. */
  owner: string
}
/** The region inside of which the name of an area is its own. */
type Within = { region_id?: string }

/** The name is another one's already, in whatever letters. */
export const taken = ({ subject }: Kind): Errors => ({
  name: `There is ${subject === 'area' ? 'an' : 'a'} ${subject} with this name already. Choose another one`,
})

/**
 * The id of a new one, unless `made`: the same form made it before. Asked for at the access_version of the actor, or the turn is
 * lost; who sends a form again takes no turn.
 */
export async function newNamed(
  db: Db,
  kind: Kind,
  actor: Actor,
  key: string,
  name: string,
  { region_id }: Within = {},
) {
  const organization_id = actor.organization.id
  const id = idFromKey(key, organization_id, actor.accountId)
  const { subject, most, owner } = kind
  const there = await db
    .selectFrom(kind.table as 'area')
    .where('organization_id', '=', organization_id)
    .$if(region_id !== undefined, (of) => of.where('region_id', '=', region_id ?? ''))
    .select([
      sql<number>`count(*)::int`.as('count'),
      sql<boolean>`coalesce(bool_or(sort_name = ${sortKey(name)}), false)`.as('taken'),
      sql<string | null>`max(name) filter (where id = ${id})`.as('made_before'),
    ])
    .executeTakeFirstOrThrow()
  const no = (errors: Errors) => ({ id: undefined, made: false, errors })
  if (there.made_before === name) return { id, made: true, errors: undefined }
  if (there.made_before !== null)
    return no({ '': `This form has made the ${subject} “${there.made_before}” already. Send it again to make another` })
  if (there.taken) return no(taken(kind))
  if (there.count >= most) return no({ '': `${owner} can have ${most} ${subject}s. Delete one that nobody needs` })
  return { id, made: false, errors: undefined }
}

/** That no other one has the name. */
export const isFree = (
  eb: unknown,
  { table }: Kind,
  actor: Actor,
  id: string,
  name: string,
  { region_id }: Within = {},
) => {
  const { not, exists, selectFrom } = eb as ExpressionBuilder<DB, never>
  return not(
    exists(
      selectFrom(`${table as 'area'} as other`)
        .where('other.organization_id', '=', actor.organization.id)
        .where('other.sort_name', '=', sortKey(name))
        .where('other.id', '<>', id)
        .$if(region_id !== undefined, (of) => of.where('other.region_id', '=', region_id ?? ''))
        .select('other.id'),
    ),
  )
}

/** What happened to one of them. */
export const eventOf = (
  { subject }: Kind,
  actor: Actor,
  id: string,
  act: Happening['act'],
  changes: Record<string, unknown>,
): Happening => ({ act, organizationId: actor.organization.id, subject, subjectId: id, changes })
