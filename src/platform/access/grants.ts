import { type ExpressionBuilder, type ReferenceExpression, sql } from 'kysely'
import type { DB } from '../database/schema.ts'
import type { Grants } from './permissions.ts'

type Eb = ExpressionBuilder<DB, keyof DB>
type Ref = ReferenceExpression<DB, keyof DB>

/**
 * Everything that gives somebody a permission, as [permission, kind, name] triples: their group's, their custom roles' and the
 * direct ones. The three references are columns of the membership that the query around this is about; the evaluator is
 * rightsOf(), for the guards and for every screen that explains access.
 */
export function grantsOf(outer: unknown, organization: string, membership: string, group: string) {
  const eb = outer as Eb
  const org = organization as Ref & string
  const triples = eb
    .selectFrom('group_permission as gp')
    .innerJoin('member_group as gg', (on) =>
      on.onRef('gg.organization_id', '=', 'gp.organization_id').onRef('gg.id', '=', 'gp.group_id'),
    )
    .whereRef('gp.organization_id', '=', org as never)
    .whereRef('gp.group_id', '=', group as never)
    .select(['gp.permission', sql<string>`'group'`.as('kind'), 'gg.name'])
    .unionAll(
      eb
        .selectFrom('membership_role as mr')
        .innerJoin('custom_role as cr', (on) =>
          on.onRef('cr.organization_id', '=', 'mr.organization_id').onRef('cr.id', '=', 'mr.role_id'),
        )
        .innerJoin('custom_role_permission as cp', (on) =>
          on.onRef('cp.organization_id', '=', 'mr.organization_id').onRef('cp.role_id', '=', 'mr.role_id'),
        )
        .whereRef('mr.organization_id', '=', org as never)
        .whereRef('mr.membership_id', '=', membership as never)
        .select(['cp.permission', sql<string>`'role'`.as('kind'), 'cr.name']),
    )
    .unionAll(
      eb
        .selectFrom('membership_permission as mp')
        .whereRef('mp.organization_id', '=', org as never)
        .whereRef('mp.membership_id', '=', membership as never)
        .select(['mp.permission', sql<string>`'direct'`.as('kind'), sql<string>`''`.as('name')]),
    )
  return sql<Grants['grants']>`(select coalesce(json_agg(json_build_array(t.permission, t.kind, t.name)
    order by t.kind, t.name), '[]') from ${triples} as t)`
}
