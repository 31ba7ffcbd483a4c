import type { ExpressionBuilder, ExpressionWrapper, SqlBool } from 'kysely'
import { type Actor, reach } from '../platform/access/actor.ts'
import type { Permission } from '../platform/access/permissions.ts'
import type { DB } from '../platform/database/schema.ts'

type Members = DB & { m: DB['membership'] }

/**
 * The memberships (alias m) that the actor may see: everybody of the organization, a Group manager's own group, or only
 * oneself. Every query and every command that loads a membership asks this.
 */
export const visibleTo =
  (actor: Actor, permission: Permission = 'members.view') =>
  (outer: unknown): ExpressionWrapper<Members, 'm', SqlBool> => {
    const eb = outer as ExpressionBuilder<Members, 'm'>
    const here = eb('m.organization_id', '=', actor.organization.id)
    const far = reach(actor, permission)
    if (far === 'organization') return eb.and([here])
    if (far === 'group') return eb.and([here, eb('m.group_id', '=', actor.membership.groupId)])
    return eb.and([here, eb('m.id', '=', actor.membership.id)])
  }
