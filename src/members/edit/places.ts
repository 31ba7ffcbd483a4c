import type { Expression, ExpressionBuilder } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import { atMost } from '../../platform/database/compiled-once.ts'
import type { DB } from '../../platform/database/schema.ts'

const most = 1000

/** Every region of the organization with its areas, for the query around it. */
export function regionsOf(outer: unknown, organization: string | Expression<string>) {
  return jsonArrayFrom(
    (outer as ExpressionBuilder<DB, never>)
      .selectFrom('region as rg')
      .where('rg.organization_id', '=', organization)
      .select((of) => [
        'rg.id',
        'rg.name',
        jsonArrayFrom(
          of
            .selectFrom('area as ar')
            .whereRef('ar.organization_id', '=', 'rg.organization_id')
            .whereRef('ar.region_id', '=', 'rg.id')
            .select(['ar.id', 'ar.name'])
            .orderBy('ar.sort_name')
            .limit(atMost(most)),
        ).as('areas'),
      ])
      .orderBy('rg.sort_name')
      .limit(atMost(most)),
  ).as('regions')
}
