import type { Db } from '../../platform/database/connect.ts'
import { sortKey } from '../../platform/fold.ts'
import { newId } from '../../platform/ids.ts'
import { customRoles, groups, regions } from './workplace.ts'

/** The ids of what people are spread over, in the order of workplace.ts; the first group is the Default one. */
export type Places = { groups: string[]; customRoles: string[]; regions: { id: string; areas: string[] }[] }

/** Makes what isn't there yet by name; what is there stays as it is. */
export async function places(trx: Db, organizationId: string): Promise<Places> {
  const named = (name: string) => ({ id: newId(), organization_id: organizationId, name, sort_name: sortKey(name) })
  const group = await makeGroups(trx, organizationId, named)
  const role = await makeRoles(trx, organizationId, named)

  await trx
    .insertInto('region')
    .values(Object.keys(regions).map(named))
    .onConflict((on) => on.columns(['organization_id', 'sort_name']).doNothing())
    .execute()
  const region = await idsByName(trx, organizationId, 'region')
  const areas = Object.entries(regions).flatMap(([name, those]) =>
    those.map((area) => ({ ...named(area), region_id: region(name) })),
  )
  await trx
    .insertInto('area')
    .values(areas)
    .onConflict((on) => on.columns(['organization_id', 'region_id', 'sort_name']).doNothing())
    .execute()
  const found = await trx
    .selectFrom('area')
    .select(['id', 'region_id', 'sort_name'])
    .where('organization_id', '=', organizationId)
    .execute()
  const areaIds = new Map(found.map((one) => [`${one.region_id} ${one.sort_name}`, one.id]))

  return {
    groups: [await defaultGroup(trx, organizationId), ...groups.map(({ name }) => group(name))],
    customRoles: customRoles.map(({ name }) => role(name)),
    regions: Object.entries(regions).map(([name, those]) => ({
      id: region(name),
      areas: those.map((area) => areaIds.get(`${region(name)} ${sortKey(area)}`)!),
    })),
  }
}

type Named = (name: string) => { id: string; organization_id: string; name: string; sort_name: string }

async function makeGroups(trx: Db, organizationId: string, named: Named) {
  const made = await trx
    .insertInto('member_group')
    .values(groups.map(({ name }) => named(name)))
    .onConflict((on) => on.columns(['organization_id', 'sort_name']).doNothing())
    .returning(['id', 'name'])
    .execute()
  for (const { id, name } of made) {
    const { permissions, locked = [] } = groups.find((group) => group.name === name)!
    const of = { organization_id: organizationId, group_id: id }
    await trx
      .insertInto('group_permission')
      .values(permissions.map((permission) => ({ ...of, permission })))
      .execute()
    if (locked.length > 0)
      await trx
        .insertInto('group_locked_field')
        .values(locked.map((field) => ({ ...of, field })))
        .execute()
  }
  return await idsByName(trx, organizationId, 'member_group')
}

async function makeRoles(trx: Db, organizationId: string, named: Named) {
  const made = await trx
    .insertInto('custom_role')
    .values(customRoles.map(({ name, description }) => ({ ...named(name), description })))
    .onConflict((on) => on.columns(['organization_id', 'sort_name']).doNothing())
    .returning(['id', 'name'])
    .execute()
  for (const { id, name } of made)
    await trx
      .insertInto('custom_role_permission')
      .values(
        customRoles
          .find((role) => role.name === name)!
          .permissions.map((permission) => ({ organization_id: organizationId, role_id: id, permission })),
      )
      .execute()
  return await idsByName(trx, organizationId, 'custom_role')
}

async function idsByName(trx: Db, organizationId: string, table: 'member_group' | 'custom_role' | 'region') {
  const rows = await trx
    .selectFrom(table)
    .select(['id', 'sort_name'])
    .where('organization_id', '=', organizationId)
    .execute()
  const ids = new Map(rows.map((row) => [row.sort_name, row.id]))
  return (name: string) => ids.get(sortKey(name))!
}

const defaultGroup = async (trx: Db, organizationId: string) =>
  (
    await trx
      .selectFrom('member_group')
      .select('id')
      .where('organization_id', '=', organizationId)
      .where('is_default', '=', true)
      .executeTakeFirstOrThrow()
  ).id
