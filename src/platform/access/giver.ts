import type { ExpressionBuilder } from 'kysely'
import type { DB } from '../database/schema.ts'
import type { Actor } from './actor.ts'
import { grantsOf } from './grants.ts'
import { type Grants, type OrganizationRole, rightsOf } from './permissions.ts'

/** Somebody who answers for what they gave: an invitation that they sent or approved, a link, a first password. */
export type Giver = {
  id: string
  account_id: string | null
  first_name: string
  last_name: string
  email: string
  status: string
  organization_role: string
  group_id: string
  group_name: string
  manages_group: boolean
  grants: Grants['grants']
}

/** Members (alias gm) as givers, for a query that says which ones. */
export const giverRows = (outer: unknown) =>
  (outer as ExpressionBuilder<DB & { i: DB['invitation'] }, 'i'>)
    .selectFrom('membership as gm')
    .innerJoin('member_group as mg', (on) =>
      on.onRef('mg.organization_id', '=', 'gm.organization_id').onRef('mg.id', '=', 'gm.group_id'),
    )
    .select([
      'gm.id',
      'gm.account_id',
      'gm.first_name',
      'gm.last_name',
      'gm.email',
      'gm.status',
      'gm.organization_role',
      'gm.group_id',
      'mg.name as group_name',
      'gm.manages_group',
      grantsOf('gm.organization_id', 'gm.id', 'gm.group_id').$castTo<Grants['grants']>().as('grants'),
    ])

/** The giver as an actor of that organization, to ask the rules about; null when they aren't Active there anymore. */
export function asActor(giver: Giver | undefined, organization: Actor['organization']): Actor | null {
  if (!giver?.account_id || giver.status !== 'active') return null
  const organizationRole = giver.organization_role as OrganizationRole
  return {
    accountId: giver.account_id,
    timeZone: 'UTC',
    organization,
    membership: {
      id: giver.id,
      firstName: giver.first_name,
      lastName: giver.last_name,
      email: giver.email,
      avatar: null,
      organizationRole,
      groupId: giver.group_id,
      groupName: giver.group_name,
      managesGroup: giver.manages_group,
    },
    rights: rightsOf({
      organizationRole,
      groupName: giver.group_name,
      managesGroup: giver.manages_group,
      grants: giver.grants,
    }),
  }
}
