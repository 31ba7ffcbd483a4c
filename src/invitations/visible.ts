import type { ExpressionBuilder, ExpressionWrapper, SqlBool } from 'kysely'
import { type Actor, reach } from '../platform/access/actor.ts'
import type { Permission } from '../platform/access/permissions.ts'
import type { DB } from '../platform/database/schema.ts'

type Invitations = DB & { i: DB['invitation'] }

/**
 * The invitations (alias i) that the actor may see: every one of the organization, those into a Group manager's own group, or
 * none. Every query and every command that loads an invitation asks this.
 */
export const visibleTo =
  (actor: Actor, permission: Permission = 'invitations.view') =>
  (outer: unknown): ExpressionWrapper<Invitations, 'i', SqlBool> => {
    const eb = outer as ExpressionBuilder<Invitations, 'i'>
    const here = eb('i.organization_id', '=', actor.organization.id)
    const far = reach(actor, permission)
    if (far === 'organization') return eb.and([here])
    return eb.and([here, eb('i.group_id', '=', far === 'group' ? actor.membership.groupId : null)])
  }
