import { type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import type { DB } from '../database/schema.ts'
import { type Actor, reach } from './actor.ts'
import { lackedBy } from './permission-set.ts'
import { givenBy, hasCeiling, managed, type OrganizationRole, organizationRoles } from './permissions.ts'

type Members = DB & { m: DB['membership'] }

/**
 * Whether the membership `m` holds, in effect, a permission that the actor lacks: what above() in members/rules.ts says of one
 * person, for asking it of everybody in a group or with a role at once.
 */
export function holdsMoreThan(actor: Actor) {
  const lacked = lackedBy(actor)
  const roles = Object.keys(organizationRoles) as OrganizationRole[]
  const above = roles.filter((role) => givenBy(role).some((permission) => lacked.includes(permission)))
  const open = roles.filter((role) => !hasCeiling(role))
  const beyondGroup = managed.filter((permission) => reach(actor, permission) !== 'organization')
  const notInOwn = managed.some((permission) => reach(actor, permission) === null)
  return (outer: unknown) => {
    if (lacked.length === 0) return sql<SqlBool>`false`
    const eb = outer as ExpressionBuilder<Members, 'm'>
    return eb.or([
      eb('m.organization_role', 'in', above.length ? above : ['']),
      eb.and([
        eb('m.organization_role', 'in', open),
        eb.or([
          eb.exists(
            eb
              .selectFrom('group_permission as agp')
              .whereRef('agp.organization_id', '=', 'm.organization_id')
              .whereRef('agp.group_id', '=', 'm.group_id')
              .where('agp.permission', 'in', lacked)
              .select('agp.permission'),
          ),
          eb.exists(
            eb
              .selectFrom('custom_role_permission as acp')
              .whereRef('acp.organization_id', '=', 'm.organization_id')
              .where(sql<SqlBool>`acp.role_id = any(m.role_ids)`)
              .where('acp.permission', 'in', lacked)
              .select('acp.permission'),
          ),
          eb.exists(
            eb
              .selectFrom('membership_permission as amp')
              .whereRef('amp.organization_id', '=', 'm.organization_id')
              .whereRef('amp.membership_id', '=', 'm.id')
              .where('amp.permission', 'in', lacked)
              .select('amp.permission'),
          ),
          ...(beyondGroup.length === 0
            ? []
            : [
                eb.and([
                  eb('m.manages_group', '=', true),
                  ...(notInOwn ? [] : [eb('m.group_id', '<>', actor.membership.groupId)]),
                ]),
              ]),
        ]),
      ]),
    ])
  }
}
