import { jsonArrayFrom } from 'kysely/helpers/postgres'
import type { Actor, Standing, Visitor } from '../platform/access/actor.ts'
import { grantsOf } from '../platform/access/grants.ts'
import { type OrganizationRole, rightsOf } from '../platform/access/permissions.ts'
import { compiledOnce } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'

type Keys = { hash: Buffer; slug: string }

/**
 * The session of this hash with its account, that account's organizations, its membership in the organization of this slug
 * (none for '') and everything that grants it something: one statement for "who is asking?".
 */
const sessionRow = compiledOnce((db: Db, { hash, slug }: Keys) =>
  crossing(db, 'who is asking: a session belongs to no organization')
    .selectFrom('session as s')
    .innerJoin('account as a', 'a.id', 's.account_id')
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom('membership as om')
          .innerJoin('organization as oo', 'oo.id', 'om.organization_id')
          .whereRef('om.account_id', '=', 'a.id')
          .where('om.removed_at', 'is', null)
          .select((of) => [
            of.fn.min('oo.session_idle_minutes').as('idle_minutes'),
            of.fn.min('oo.session_hours').as('hours'),
          ])
          .as('strictest'),
      (on) => on.onTrue(),
    )
    .leftJoin('organization as o', (on) => on.on('o.slug', '=', slug))
    .leftJoin('membership as m', (on) =>
      on.onRef('m.organization_id', '=', 'o.id').onRef('m.account_id', '=', 'a.id').on('m.removed_at', 'is', null),
    )
    .leftJoin('member_group as g', (on) =>
      on.onRef('g.organization_id', '=', 'm.organization_id').onRef('g.id', '=', 'm.group_id'),
    )
    .where('s.id_hash', '=', hash)
    .select((eb) => [
      's.stage',
      's.created_at',
      's.last_used_at',
      's.confirmed_at',
      'a.id as account_id',
      'a.email',
      'a.username',
      'a.time_zone',
      'a.is_support',
      'a.blocked_at',
      'strictest.idle_minutes',
      'strictest.hours',
      jsonArrayFrom(
        eb
          .selectFrom('membership as sm')
          .innerJoin('organization as so', 'so.id', 'sm.organization_id')
          .whereRef('sm.account_id', '=', 'a.id')
          .where('sm.removed_at', 'is', null)
          .select(['so.slug', 'so.name'])
          .orderBy('so.name')
          .limit(100),
      ).as('organizations'),
      'o.id as organization_id',
      'o.name as organization_name',
      'o.slug as organization_slug',
      'o.statuses_as_of',
      'o.access_version',
      'm.id as membership_id',
      'm.first_name',
      'm.last_name',
      'm.email as membership_email',
      'm.organization_role',
      'm.group_id',
      'm.manages_group',
      'm.suspended_at',
      'm.starts_on',
      'm.ends_on',
      'm.last_active_at',
      'g.name as group_name',
      grantsOf(eb, 'm.organization_id', 'm.id', 'm.group_id').as('grants'),
    ]),
)

export type Current = {
  visitor: Visitor
  actor: Actor | null
  standing: Standing | null
  closed: { id: string; name: string; slug: string; since: string } | null
  /** Days on which the statuses of the organization's members were last brought up to date; null outside one. */
  statusesAsOf: string | null
  lastActiveAt: Date | null
}

const minute = 60_000

/** Who is asking, or null: no such session, or it has expired. At the very instant of a limit it has. */
export async function findCurrent(db: Db, hash: Buffer, slug: string, now: Date): Promise<Current | null> {
  const [row] = await sessionRow(db, { hash, slug })
  if (!row || row.blocked_at) return null
  const idleMinutes = row.stage === 'password' ? 10 : Math.min(60, row.idle_minutes ?? 60)
  const hours = Math.min(24, row.hours ?? 24)
  if (now.getTime() - row.last_used_at.getTime() >= idleMinutes * minute) return null
  if (now.getTime() - row.created_at.getTime() >= hours * 60 * minute) return null
  if (row.stage === 'password' && now.getTime() - row.created_at.getTime() >= idleMinutes * minute) return null

  const visitor: Visitor = {
    session: {
      idHash: hash,
      stage: row.stage as Visitor['session']['stage'],
      createdAt: row.created_at,
      lastUsedAt: row.last_used_at,
      confirmedAt: row.confirmed_at,
    },
    account: {
      id: row.account_id,
      email: row.email,
      username: row.username,
      timeZone: row.time_zone,
      isSupport: row.is_support,
    },
    organizations: row.organizations,
  }
  const nobody = { visitor, actor: null, standing: null, closed: null, statusesAsOf: null, lastActiveAt: null }
  // In the middle of signing in nobody is an actor anywhere.
  if (row.stage !== 'full' || !row.organization_id || !row.membership_id || !row.group_id) return nobody

  const today = now.toISOString().slice(0, 10)
  const organization = {
    id: row.organization_id,
    slug: row.organization_slug ?? '',
    name: row.organization_name ?? '',
    accessVersion: row.access_version ?? 0,
  }
  const closed = (standing: Standing, since: string): Current => ({
    ...nobody,
    standing,
    closed: { ...organization, since },
  })
  if (row.suspended_at) return closed('suspended', row.suspended_at.toISOString().slice(0, 10))
  if (row.ends_on && row.ends_on !== 'infinity' && row.ends_on < today) return closed('ended', row.ends_on)
  if (row.starts_on && row.starts_on !== '-infinity' && row.starts_on > today)
    return closed('not_started', row.starts_on)

  const organizationRole = row.organization_role as OrganizationRole
  const groupName = row.group_name ?? ''
  const managesGroup = row.manages_group ?? false
  return {
    ...nobody,
    statusesAsOf: row.statuses_as_of,
    lastActiveAt: row.last_active_at,
    actor: {
      accountId: row.account_id,
      timeZone: row.time_zone,
      organization,
      membership: {
        id: row.membership_id,
        firstName: row.first_name ?? '',
        lastName: row.last_name ?? '',
        email: row.membership_email ?? '',
        organizationRole,
        groupId: row.group_id,
        groupName,
        managesGroup,
      },
      rights: rightsOf({ organizationRole, groupName, managesGroup, grants: row.grants ?? [] }),
    },
  }
}
