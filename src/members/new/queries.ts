import { type ExpressionBuilder, sql } from 'kysely'
import { jsonObjectFrom } from 'kysely/helpers/postgres'
import { holdsMoreThan } from '../../platform/access/above.ts'
import type { Actor } from '../../platform/access/actor.ts'
import { TurnLost } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import type { DB } from '../../platform/database/schema.ts'
import { choices } from '../access/choices.ts'
import type { Choices } from '../access/rules.ts'
import { regionsOf } from '../edit/places.ts'
import type { Regions } from '../edit/rules.ts'
import { visibleTo } from '../visible.ts'
import type { Here, Owner, Typed } from './draft.ts'
import { roomOf, usedRoom } from './room.ts'

/** Who has the address with this key: a member here, else somebody removed from here, and whether it has an account anywhere. */
function ownerOf(outer: unknown, actor: Actor, key: ReturnType<typeof sql<string>>) {
  const eb = outer as ExpressionBuilder<DB, never>
  const organization = actor.organization.id
  const people = () =>
    eb
      .selectFrom('membership as m')
      .where('m.organization_id', '=', organization)
      .select((of) => [
        'm.id',
        'm.first_name',
        'm.last_name',
        'm.email',
        'm.status',
        'm.removed_at',
        'm.invite',
        'm.invite_expires_at',
        visibleTo(actor)(of).as('seen'),
      ])
  return [
    jsonObjectFrom(people().where('m.removed_at', 'is', null).where('m.email_key', '=', key).limit(1)).as('member'),
    // By the account, which is found by its address: people removed stand in no index of addresses.
    jsonObjectFrom(
      people()
        .where('m.account_id', '=', eb.selectFrom('account as ha').where('ha.email_key', '=', key).select('ha.id'))
        .orderBy(sql`m.removed_at desc nulls first`)
        .limit(1),
    ).as('owner'),
    // One that an account can still take back is like one that it has.
    sql<boolean>`(exists (select from account as aa where aa.email_key = ${key}) or is_kept_for_other(${key}, null))`.as(
      'has_account',
    ),
  ] as const
}

const asOwner = (row: { member: unknown; owner: unknown; has_account: unknown }): Owner => ({
  here: (row.member ?? row.owner ?? null) as Here | null,
  hasAccount: row.has_account === true,
})

/** Who has an address, as far as the actor may know, and what the organization holds those to who are let in. */
export async function whoHas(db: Db, actor: Actor, emailKey: string) {
  const { member, owner, has_account, ...rules } = await db
    .selectFrom('organization as o')
    .where('o.id', '=', actor.organization.id)
    .select((eb) => [
      ...ownerOf(eb, actor, sql<string>`${emailKey}::text`),
      'o.allowed_domains',
      'o.invitation_approval',
    ])
    .executeTakeFirstOrThrow()
  return { owner: asOwner({ member, owner, has_account }), rules }
}

/**
 * The actor's own draft, all that there is to choose from, and who has its address (or the one that was typed now), as of one
 * moment. Null for anybody else's. Throws TurnLost when somebody's access changed after the actor was read.
 */
export async function draftOf(
  db: Db,
  actor: Actor,
  { key, now }: { key: Buffer; now: Date },
  id: string,
  emailKey: string | null = null,
) {
  const organization = actor.organization.id
  const row = await db
    .selectFrom('draft as d')
    .innerJoin('organization as o', 'o.id', 'd.organization_id')
    .where('d.organization_id', '=', organization)
    .where('d.id', '=', id)
    .where('d.account_id', '=', actor.accountId)
    .where('d.kind', '=', 'add')
    .select((eb) => [
      'd.id',
      'd.data',
      'd.version',
      'd.created_at',
      'd.result',
      'd.done_at',
      'o.access_version',
      'o.allowed_domains',
      'o.invitation_approval',
      ...choices(eb, organization),
      regionsOf(eb, organization),
      usedRoom(key, actor, now),
      ...ownerOf(eb, actor, sql<string>`coalesce(${emailKey}::text, d.data ->> 'email_key')`),
    ])
    .executeTakeFirst()
  if (!row) return null
  if (row.access_version !== actor.organization.accessVersion) throw new TurnLost()
  const { data, groups, roles, regions, used_room, member, owner, has_account, ...others } = row
  const { allowed_domains, invitation_approval, ...draft } = others
  return {
    ...draft,
    typed: data as Typed,
    /** Confirmed by an invitation, into this group. */
    invited: (data as { invited?: string }).invited ?? null,
    choices: { groups, roles } satisfies Choices,
    regions: regions satisfies Regions,
    room: roomOf(key, actor, used_room),
    owner: asOwner({ member, owner, has_account }),
    rules: { allowed_domains, invitation_approval },
  }
}
export type Draft = NonNullable<Awaited<ReturnType<typeof draftOf>>>

/** Whom a draft has made, for the page after Confirm; null where the person isn't in the organization anymore. */
export const addedBy = (db: Db, actor: Actor, { result }: { result: string }) =>
  db
    .selectFrom('membership as m')
    .innerJoin('account as ac', 'ac.id', 'm.account_id')
    .where('m.organization_id', '=', actor.organization.id)
    .where('m.id', '=', result)
    .where('m.removed_at', 'is', null)
    .select((eb) => [
      'm.id',
      'm.first_name',
      'm.last_name',
      'm.email',
      'ac.id as account_id',
      'ac.password_hash',
      'ac.must_change_password',
      'ac.password_expires_at',
      'ac.reset_generation',
      'ac.reset_expires_at',
      visibleTo(actor)(eb).as('seen'),
      sql<boolean>`${holdsMoreThan(actor)(eb)}`.as('above'),
    ])
    .executeTakeFirst()
export type Added = NonNullable<Awaited<ReturnType<typeof addedBy>>>

/** Whether Confirm of the actor's own draft would make an Admin, at once or by an invitation. */
export async function draftMakesAdmin(db: Db, actor: Actor, id: string, kind: 'add' | 'several'): Promise<boolean> {
  const found = await db
    .selectFrom('draft')
    .where('organization_id', '=', actor.organization.id)
    .where('id', '=', id)
    .where('account_id', '=', actor.accountId)
    .where('kind', '=', kind)
    .where('result', 'is', null)
    .where(sql<boolean>`data -> 'access' ->> 'role' = 'admin'`)
    .select('id')
    .executeTakeFirst()
  return found !== undefined
}
