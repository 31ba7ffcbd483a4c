import { type Expression, type ExpressionBuilder, sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import type { DB } from '../../platform/database/schema.ts'

const most = 1000

/** Every group, the Default group first, and every custom role, with what they give. */
export function choices(outer: unknown, organization: string | Expression<string>) {
  const eb = outer as ExpressionBuilder<DB, never>
  return [
    jsonArrayFrom(
      eb
        .selectFrom('member_group as cg')
        .where('cg.organization_id', '=', organization)
        .select((of) => [
          'cg.id',
          'cg.name',
          'cg.is_default',
          sql<string[]>`array(${of
            .selectFrom('group_permission as gp')
            .whereRef('gp.organization_id', '=', 'cg.organization_id')
            .whereRef('gp.group_id', '=', 'cg.id')
            .select('gp.permission')})`.as('permissions'),
        ])
        .orderBy('cg.is_default', 'desc')
        .orderBy('cg.sort_name')
        .limit(most),
    ).as('groups'),
    jsonArrayFrom(
      eb
        .selectFrom('custom_role as cr')
        .where('cr.organization_id', '=', organization)
        .select((of) => [
          'cr.id',
          'cr.name',
          sql<string[]>`array(${of
            .selectFrom('custom_role_permission as cp')
            .whereRef('cp.organization_id', '=', 'cr.organization_id')
            .whereRef('cp.role_id', '=', 'cr.id')
            .select('cp.permission')})`.as('permissions'),
        ])
        .orderBy('cr.sort_name')
        .limit(most),
    ).as('roles'),
  ] as const
}
