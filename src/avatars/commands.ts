import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Actor } from '../platform/access/actor.ts'
import { eventsAfter } from '../platform/access/turn.ts'
import type { Db } from '../platform/database/connect.ts'
import type { EventName } from '../platform/events/catalogue.ts'
import type { Cause } from '../platform/events/record.ts'
import { counting, inSeconds, perPicture, secondsLeft } from '../platform/web/limits.ts'
import { pictureKey } from './often.ts'
import type { Pictures } from './picture.ts'

const happened = (actor: Actor, subjectId: string, act: EventName) => ({
  act,
  organizationId: actor.organization.id,
  subject: 'membership' as const,
  subjectId,
})

const changing = (
  db: Pick<Db, 'with'>,
  actor: Actor,
  whose: string,
  avatar: string | null,
  when = sql<boolean>`true`,
) =>
  db.with('changed', (of) => {
    const place = of
      .updateTable('membership')
      .set({ avatar })
      .where('organization_id', '=', actor.organization.id)
      .where('id', '=', whose)
      .where('removed_at', 'is', null)
      .where(when)
    return (avatar ? place : place.where('avatar', 'is not', null)).returning('id')
  })

/**
 * The actor's own picture from now on, under a new name, so that no browser shows the old one. It is no part of the version of their
 * details: whoever edits a phone number meanwhile has no quarrel with it. `gone`: they were removed while it was made; `wait`: it was one
 * too many, and is looked at in so many seconds.
 */
export async function setAvatar(
  db: Db,
  cause: Cause,
  key: Buffer,
  actor: Actor,
  pictures: Pictures,
): Promise<{ done: true } | { gone: true } | { wait: number }> {
  const row = pictureKey(key, actor.accountId)
  const name = randomBytes(16).toString('base64url')
  const columns = ['px_64', 'px_96', 'px_192', 'px_512'] as const
  const [found] = await changing(
    db.with('counted', () => sql<{ key: Buffer; waits: boolean }>`(${counting(row, perPicture, cause.now)})`),
    actor,
    actor.membership.id,
    name,
    sql<boolean>`exists (select from counted)`,
  )
    .with('told', (of) => eventsAfter(of, cause, happened(actor, actor.membership.id, 'membership.avatar_changed')))
    .with('kept', (q) =>
      q
        .insertInto('avatar')
        .columns(['organization_id', 'name', 'membership_id', ...columns, 'created_at'])
        .expression((of) =>
          of
            .selectFrom('changed')
            .select([
              sql<string>`${actor.organization.id}::uuid`.as('organization_id'),
              sql<string>`${name}`.as('name'),
              'changed.id',
              sql<Buffer>`${pictures[64]}::bytea`.as('px_64'),
              sql<Buffer>`${pictures[96]}::bytea`.as('px_96'),
              sql<Buffer>`${pictures[192]}::bytea`.as('px_192'),
              sql<Buffer>`${pictures[512]}::bytea`.as('px_512'),
              sql<Date>`${cause.now}::timestamptz`.as('created_at'),
            ]),
        )
        .onConflict((conflict) =>
          conflict.columns(['organization_id', 'membership_id']).doUpdateSet((of) => ({
            name: of.ref('excluded.name'),
            px_64: of.ref('excluded.px_64'),
            px_96: of.ref('excluded.px_96'),
            px_192: of.ref('excluded.px_192'),
            px_512: of.ref('excluded.px_512'),
            created_at: of.ref('excluded.created_at'),
          })),
        )
        .returning('name'),
    )
    .selectNoFrom([
      sql<boolean>`exists (select from kept)`.as('kept'),
      sql<boolean>`exists (select from counted)`.as('counted'),
      secondsLeft(row, cause.now).as('seconds'),
    ])
    .execute()
  if (found?.kept) return { done: true }
  return found?.counted ? { gone: true } : { wait: inSeconds(found?.seconds) }
}

/** Without a picture again: initials stand in its place. The membership `whose` is the actor's own, or of somebody they may edit. */
export async function removeAvatar(db: Db, cause: Cause, actor: Actor, whose: string): Promise<void> {
  await changing(db, actor, whose, null)
    .with('told', (of) => eventsAfter(of, cause, happened(actor, whose, 'membership.avatar_removed')))
    .deleteFrom('avatar')
    .where('organization_id', '=', actor.organization.id)
    .where('membership_id', '=', whose)
    // After the membership, as a new picture takes them: one that comes at the same moment would wait for this, and this for it.
    .where(sql<boolean>`exists (select from changed)`)
    .execute()
}
