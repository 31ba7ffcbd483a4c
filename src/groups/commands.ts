import { sql } from 'kysely'
import { endedCount, endSomeGiven, givenEnds, inGroup, nobody } from '../accounts/given.ts'
import { unconfirm } from '../accounts/unconfirmed.ts'
import type { Actor } from '../platform/access/actor.ts'
import { eventOf, isFree, newNamed, taken } from '../platform/access/named.ts'
import { givesMore, notTheirs } from '../platform/access/permission-set.ts'
import type { Permission } from '../platform/access/permissions.ts'
import { eventsAfter, ifTurn, inTurn, mostAtOnce, someAfterOthers, TurnLost } from '../platform/access/turn.ts'
import type { Db } from '../platform/database/connect.ts'
import type { Cause, Happening } from '../platform/events/record.ts'
import { sortKey } from '../platform/fold.ts'
import type { Group } from './queries.ts'
import type { LockableField } from './rules.ts'

type Errors = Record<string, string>
type Input = { name: string; permissions: Permission[]; locked: LockableField[] }

const kind = { table: 'member_group', subject: 'group', most: 200, owner: 'An organization' } as const

/** Makes a group with nobody in it. The same form sent again makes none, and leads to the first. */
export async function createGroup(db: Db, cause: Cause, actor: Actor, key: string, input: Input) {
  const wrong = notTheirs(actor, [], input.permissions)
  if (wrong) return { errors: { permissions: wrong } as Errors }
  const organization_id = actor.organization.id
  const { id, made, errors } = await newNamed(db, kind, actor, key, input.name)
  if (errors) return { errors }
  if (made) return { id }
  const sort_name = sortKey(input.name)
  const [changed] = await inTurn(db, actor)
    .with('changed', (of) =>
      of
        .insertInto('member_group')
        .columns(['id', 'organization_id', 'name', 'sort_name'])
        .expression(
          of
            .selectFrom('turn')
            .select([
              sql<string>`${id}::uuid`.as('id'),
              sql<string>`${organization_id}::uuid`.as('organization_id'),
              sql<string>`${input.name}::text`.as('name'),
              sql<string>`${sort_name}::text`.as('sort_name'),
            ]),
        )
        .returning('id'),
    )
    .with('given', (of) =>
      of
        .insertInto('group_permission')
        .columns(['organization_id', 'group_id', 'permission'])
        .expression(
          of
            .selectFrom('changed')
            .select([
              sql<string>`${organization_id}::uuid`.as('organization_id'),
              'changed.id as group_id',
              sql<string>`unnest(${input.permissions}::text[])`.as('permission'),
            ]),
        )
        .onConflict((oc) => oc.doNothing()),
    )
    .with('locks', (of) =>
      of
        .insertInto('group_locked_field')
        .columns(['organization_id', 'group_id', 'field'])
        .expression(
          of
            .selectFrom('changed')
            .select([
              sql<string>`${organization_id}::uuid`.as('organization_id'),
              'changed.id as group_id',
              sql<string>`unnest(${input.locked}::text[])`.as('field'),
            ]),
        )
        .onConflict((oc) => oc.doNothing()),
    )
    .with('told', (of) =>
      eventsAfter(
        of,
        cause,
        eventOf(kind, actor, id, 'group.created', {
          group: [null, input.name],
          permissions: [[], input.permissions],
          locked: [[], input.locked],
        }),
      ),
    )
    .selectFrom('changed')
    .select('id')
    .execute()
  if (!changed) throw new TurnLost()
  return { id }
}

const same = (one: string[], other: string[]) => [...one].sort().join() === [...other].sort().join()

/**
 * Changes a group for everybody in it, from their next request on. The caller has asked closedTo() and the version. `ended`: of
 * how many what somebody else may know ended, as they get more (accounts/given.ts).
 */
export async function changeGroup(db: Db, cause: Cause, actor: Actor, group: Group, input: Input) {
  const changes: Happening[] = []
  if (input.name !== group.name)
    changes.push(eventOf(kind, actor, group.id, 'group.renamed', { group: [group.name, input.name] }))
  if (!same(input.permissions, group.permissions)) {
    const wrong = notTheirs(actor, group.permissions, input.permissions)
    if (wrong) return { errors: { permissions: wrong } as Errors }
    const permissions = [group.permissions, input.permissions]
    changes.push(eventOf(kind, actor, group.id, 'group.permissions_changed', { permissions }))
  }
  if (!same(input.locked, group.locked))
    changes.push(eventOf(kind, actor, group.id, 'group.locks_changed', { locked: [group.locked, input.locked] }))
  if (changes.length === 0) return {}
  const organization_id = actor.organization.id
  const more = givesMore(group.permissions, input.permissions)
  const whose = inGroup(group.id)
  const told = eventOf(kind, actor, group.id, 'group.given_ended', { group: [group.name, group.name] })
  const { now, ended } = await endSomeGiven(db, cause, actor, more && group.many, whose, told)
  const sort_name = sortKey(input.name)
  const row = await inTurn(db, now)
    .with('changed', (of) =>
      of
        .updateTable('member_group as g')
        .set((eb) => ({ name: input.name, sort_name, version: eb('g.version', '+', 1) }))
        .where('g.organization_id', '=', organization_id)
        .where('g.id', '=', group.id)
        .where('g.version', '=', group.version)
        .where((eb) => isFree(eb, kind, actor, group.id, input.name))
        .where(ifTurn)
        .returning('g.id'),
    )
    .with('gone', (of) =>
      of
        .deleteFrom('group_permission')
        .where('organization_id', '=', organization_id)
        .where('group_id', 'in', (eb) => eb.selectFrom('changed').select('changed.id'))
        .where(sql<boolean>`permission <> all (${input.permissions}::text[])`),
    )
    .with('unlocked', (of) =>
      of
        .deleteFrom('group_locked_field')
        .where('organization_id', '=', organization_id)
        .where('group_id', 'in', (eb) => eb.selectFrom('changed').select('changed.id'))
        .where(sql<boolean>`field <> all (${input.locked}::text[])`),
    )
    .with('given', (of) =>
      of
        .insertInto('group_permission')
        .columns(['organization_id', 'group_id', 'permission'])
        .expression(
          of
            .selectFrom('changed')
            .select([
              sql<string>`${organization_id}::uuid`.as('organization_id'),
              'changed.id as group_id',
              sql<string>`unnest(${input.permissions}::text[])`.as('permission'),
            ]),
        )
        .onConflict((oc) => oc.columns(['organization_id', 'group_id', 'permission']).doNothing()),
    )
    .with('locks', (of) =>
      of
        .insertInto('group_locked_field')
        .columns(['organization_id', 'group_id', 'field'])
        .expression(
          of
            .selectFrom('changed')
            .select([
              sql<string>`${organization_id}::uuid`.as('organization_id'),
              'changed.id as group_id',
              sql<string>`unnest(${input.locked}::text[])`.as('field'),
            ]),
        )
        .onConflict((oc) => oc.columns(['organization_id', 'group_id', 'field']).doNothing()),
    )
    .with('ended', (of) => givenEnds(of, organization_id, cause.now, more ? whose : nobody))
    .with('told', (of) => eventsAfter(of, cause, ...changes))
    .selectNoFrom((eb) => [
      ifTurn.as('turned'),
      eb.exists(eb.selectFrom('changed').select('changed.id')).as('done'),
      endedCount.as('ended'),
    ])
    .executeTakeFirstOrThrow()
  if (!row.turned) throw new TurnLost()
  return row.done ? { ended: ended + row.ended } : { errors: taken(kind) }
}

/** Those of the group who may get more in Default. */
const rising = (group: Group) => (givesMore(group.permissions, group.byDefault) ? inGroup(group.id) : nobody)

/** Moves some of those in the group to Default, in a turn of their own. */
async function moveSome(db: Db, cause: Cause, actor: Actor, group: Group) {
  const organization_id = actor.organization.id
  const row = await inTurn(db, actor)
    .with('changed', (of) =>
      of
        .updateTable('membership as m')
        .set((eb) => ({ group_id: group.default_id, manages_group: false, version: eb('m.version', '+', 1) }))
        .where('m.organization_id', '=', organization_id)
        // As an array, which is looked for once and not for each row, whatever the planner knows of the table by then.
        .where((eb) => {
          const some = eb
            .selectFrom('membership as some')
            .where('some.organization_id', '=', organization_id)
            .where('some.group_id', '=', group.id)
            .select('some.id')
            .limit(mostAtOnce)
          return sql<boolean>`m.id = any(array(${some}))`
        })
        .where(ifTurn)
        .returning('m.id'),
    )
    .with('ended', (of) =>
      givenEnds(of, organization_id, cause.now, (eb) =>
        eb.and([rising(group)(eb), sql<boolean>`m.id in (select id from changed)`]),
      ),
    )
    .with('unconfirmed', (of) => unconfirm(of, organization_id, () => sql<boolean>`m.id in (select id from changed)`))
    .with('told', (of) =>
      eventsAfter(
        of,
        cause,
        eventOf(kind, actor, group.id, 'group.members_moved', { group: [group.name, group.default_name] }),
      ),
    )
    .selectNoFrom((eb) => [
      ifTurn.as('turned'),
      eb.selectFrom('changed').select(sql<number>`count(*)::int`.as('count')).as('count'),
      endedCount.as('ended'),
    ])
    .executeTakeFirstOrThrow()
  if (!row.turned) throw new TurnLost()
  return { count: row.count ?? 0, ended: row.ended }
}

/**
 * Deletes a group; everybody in it moves to Default, its managers without their mark. Up to `mostAtOnce` people that is one
 * statement; more than that is more than a statement may take, so some move after others first, and the group is deleted at the end.
 * Who is interrupted in between finds it with fewer people, and deletes it again. `ended` as in changeGroup: Default may give more.
 */
export async function deleteGroup(db: Db, cause: Cause, actor: Actor, group: Group) {
  const wrong = notTheirs(actor, group.permissions, group.members > 0 ? group.byDefault : [])
  if (wrong) return { errors: { '': wrong } as Errors }
  let ended = 0
  const now = await someAfterOthers(actor, group.many, async (next) => {
    const moved = await moveSome(db, cause, next, group)
    ended += moved.ended
    return moved.count
  })
  const organization_id = actor.organization.id
  const [changed] = await inTurn(db, now)
    .with('moved', (of) =>
      of
        .updateTable('membership as m')
        .set((eb) => ({ group_id: group.default_id, manages_group: false, version: eb('m.version', '+', 1) }))
        .where('m.organization_id', '=', organization_id)
        .where('m.group_id', '=', group.id)
        .where(ifTurn),
    )
    .with('changed', (of) =>
      of
        .deleteFrom('member_group')
        .where('organization_id', '=', organization_id)
        .where('id', '=', group.id)
        .where('version', '=', group.version)
        .where('is_default', '=', false)
        .where(ifTurn)
        .returning('id'),
    )
    .with('ended', (of) => givenEnds(of, organization_id, cause.now, rising(group)))
    .with('unconfirmed', (of) =>
      unconfirm(of, organization_id, (eb) => eb.and([eb('m.group_id', '=', group.id), eb('m.removed_at', 'is', null)])),
    )
    .with('told', (of) =>
      eventsAfter(
        of,
        cause,
        eventOf(kind, actor, group.id, 'group.deleted', {
          group: [group.name, group.default_name],
          permissions: [group.permissions, group.byDefault],
          members: group.members,
          managers: group.manager_count,
        }),
      ),
    )
    .selectFrom('changed')
    .select(endedCount.as('ended'))
    .execute()
  if (!changed) throw new TurnLost()
  return { ended: ended + changed.ended }
}
