import { sql } from 'kysely'
import { endedCount, endSomeGiven, givenEnds, holdingRole, nobody } from '../accounts/given.ts'
import { unconfirm } from '../accounts/unconfirmed.ts'
import type { Actor } from '../platform/access/actor.ts'
import { eventOf, isFree, newNamed, taken } from '../platform/access/named.ts'
import { givesMore, notTheirs } from '../platform/access/permission-set.ts'
import type { Permission } from '../platform/access/permissions.ts'
import { eventsAfter, ifTurn, inTurn, mostAtOnce, someAfterOthers, TurnLost } from '../platform/access/turn.ts'
import type { Db } from '../platform/database/connect.ts'
import type { Cause, Happening } from '../platform/events/record.ts'
import { sortKey } from '../platform/fold.ts'
import type { Role } from './queries.ts'

type Errors = Record<string, string>
type Input = { name: string; description: string; permissions: Permission[] }

const kind = { table: 'custom_role', subject: 'role', most: 100, owner: 'An organization' } as const

/** Makes a role. The same form sent again makes none, and leads to the first. */
export async function createRole(db: Db, cause: Cause, actor: Actor, key: string, input: Input) {
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
        .insertInto('custom_role')
        .columns(['id', 'organization_id', 'name', 'sort_name', 'description'])
        .expression(
          of
            .selectFrom('turn')
            .select([
              sql<string>`${id}::uuid`.as('id'),
              sql<string>`${organization_id}::uuid`.as('organization_id'),
              sql<string>`${input.name}::text`.as('name'),
              sql<string>`${sort_name}::text`.as('sort_name'),
              sql<string>`${input.description}::text`.as('description'),
            ]),
        )
        .returning('id'),
    )
    .with('given', (of) =>
      of
        .insertInto('custom_role_permission')
        .columns(['organization_id', 'role_id', 'permission'])
        .expression(
          of
            .selectFrom('changed')
            .select([
              sql<string>`${organization_id}::uuid`.as('organization_id'),
              'changed.id as role_id',
              sql<string>`unnest(${input.permissions}::text[])`.as('permission'),
            ]),
        )
        .onConflict((oc) => oc.doNothing()),
    )
    .with('told', (of) =>
      eventsAfter(
        of,
        cause,
        eventOf(kind, actor, id, 'role.created', { role: [null, input.name], permissions: [[], input.permissions] }),
      ),
    )
    .selectFrom('changed')
    .select('id')
    .execute()
  if (!changed) throw new TurnLost()
  return { id }
}

/**
 * Changes a role for everybody who holds it, from their next request on. The caller has asked closedTo() and the version. `ended`: of
 * how many what somebody else may know ended, as they get more (accounts/given.ts).
 */
export async function changeRole(db: Db, cause: Cause, actor: Actor, role: Role, input: Input) {
  const same = (one: Permission[], other: Permission[]) => [...one].sort().join() === [...other].sort().join()
  const changes: Happening[] = []
  if (input.name !== role.name)
    changes.push(eventOf(kind, actor, role.id, 'role.renamed', { role: [role.name, input.name] }))
  if (input.description !== role.description)
    changes.push(eventOf(kind, actor, role.id, 'role.described', { description: true }))
  if (!same(input.permissions, role.permissions)) {
    const wrong = notTheirs(actor, role.permissions, input.permissions)
    if (wrong) return { errors: { permissions: wrong } as Errors }
    changes.push(
      eventOf(kind, actor, role.id, 'role.permissions_changed', { permissions: [role.permissions, input.permissions] }),
    )
  }
  if (changes.length === 0) return {}
  const organization_id = actor.organization.id
  const more = givesMore(role.permissions, input.permissions)
  const whose = holdingRole(actor.organization.id, role.id)
  const told = eventOf(kind, actor, role.id, 'role.given_ended', { role: [role.name, role.name] })
  const { now, ended } = await endSomeGiven(db, cause, actor, more && role.many, whose, told)
  const sort_name = sortKey(input.name)
  const row = await inTurn(db, now)
    .with('changed', (of) =>
      of
        .updateTable('custom_role as r')
        .set((eb) => ({
          name: input.name,
          sort_name,
          description: input.description,
          version: eb('r.version', '+', 1),
        }))
        .where('r.organization_id', '=', organization_id)
        .where('r.id', '=', role.id)
        .where('r.version', '=', role.version)
        .where((eb) => isFree(eb, kind, actor, role.id, input.name))
        .where(ifTurn)
        .returning('r.id'),
    )
    .with('gone', (of) =>
      of
        .deleteFrom('custom_role_permission')
        .where('organization_id', '=', organization_id)
        .where('role_id', 'in', (eb) => eb.selectFrom('changed').select('changed.id'))
        .where(sql<boolean>`permission <> all (${input.permissions}::text[])`),
    )
    .with('given', (of) =>
      of
        .insertInto('custom_role_permission')
        .columns(['organization_id', 'role_id', 'permission'])
        .expression(
          of
            .selectFrom('changed')
            .select([
              sql<string>`${organization_id}::uuid`.as('organization_id'),
              'changed.id as role_id',
              sql<string>`unnest(${input.permissions}::text[])`.as('permission'),
            ]),
        )
        .onConflict((oc) => oc.columns(['organization_id', 'role_id', 'permission']).doNothing()),
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

/** Takes the role from some of those who hold it, in a turn of their own: what stands in the row of a member repeats it. */
async function takeFromSome(db: Db, cause: Cause, actor: Actor, role: Role): Promise<number> {
  const organization_id = actor.organization.id
  const row = await inTurn(db, actor)
    .with('taken', (of) =>
      of
        .deleteFrom('membership_role')
        .where('organization_id', '=', organization_id)
        .where('role_id', '=', role.id)
        // As an array, which is looked for once and not for each row, whatever the planner knows of the table by then.
        .where((eb) => {
          const some = eb
            .selectFrom('membership_role as some')
            .where('some.organization_id', '=', organization_id)
            .where('some.role_id', '=', role.id)
            .select('some.membership_id')
            .limit(mostAtOnce)
          return sql<boolean>`membership_id = any(array(${some}))`
        })
        .where(ifTurn)
        .returning('membership_id'),
    )
    .with('changed', (of) =>
      of
        .updateTable('membership as m')
        .from('taken')
        .set((eb) => ({ role_ids: sql`array_remove(m.role_ids, ${role.id}::uuid)`, version: eb('m.version', '+', 1) }))
        .where('m.organization_id', '=', organization_id)
        .whereRef('m.id', '=', 'taken.membership_id')
        .returning('m.id'),
    )
    .with('unconfirmed', (of) => unconfirm(of, organization_id, () => sql<boolean>`m.id in (select id from changed)`))
    .with('told', (of) =>
      eventsAfter(of, cause, eventOf(kind, actor, role.id, 'role.taken', { role: [role.name, null] })),
    )
    .selectNoFrom((eb) => [
      ifTurn.as('turned'),
      eb.selectFrom('changed').select(sql<number>`count(*)::int`.as('count')).as('count'),
    ])
    .executeTakeFirstOrThrow()
  if (!row.turned) throw new TurnLost()
  return row.count ?? 0
}

/**
 * Deletes a role and takes it from everybody who holds it. From up to `mostAtOnce` people that is one statement; more than
 * that is more than a statement may take, so the role is taken from some after others first, and deleted at the end. Who is
 * interrupted in between finds it with fewer holders, and deletes it again.
 */
export async function deleteRole(db: Db, cause: Cause, actor: Actor, role: Role) {
  const wrong = notTheirs(actor, role.permissions, [])
  if (wrong) return { errors: { '': wrong } as Errors }
  const now = await someAfterOthers(actor, role.many, (next) => takeFromSome(db, cause, next, role))
  const organization_id = actor.organization.id
  const [changed] = await inTurn(db, now)
    .with('emptied', (of) =>
      of
        .updateTable('membership as m')
        .set((eb) => ({ role_ids: sql`array_remove(m.role_ids, ${role.id}::uuid)`, version: eb('m.version', '+', 1) }))
        .where('m.organization_id', '=', organization_id)
        .where('m.id', 'in', (eb) =>
          eb
            .selectFrom('membership_role as held')
            .where('held.organization_id', '=', organization_id)
            .where('held.role_id', '=', role.id)
            .select('held.membership_id'),
        )
        .where(ifTurn),
    )
    .with('changed', (of) =>
      of
        .deleteFrom('custom_role')
        .where('organization_id', '=', organization_id)
        .where('id', '=', role.id)
        .where('version', '=', role.version)
        .where(ifTurn)
        .returning('id'),
    )
    .with('unconfirmed', (of) => unconfirm(of, organization_id, holdingRole(organization_id, role.id)))
    .with('told', (of) =>
      eventsAfter(
        of,
        cause,
        eventOf(kind, actor, role.id, 'role.deleted', {
          role: [role.name, null],
          permissions: [role.permissions, []],
          holders: role.holders,
        }),
      ),
    )
    .selectFrom('changed')
    .select('id')
    .execute()
  if (!changed) throw new TurnLost()
  return {}
}
