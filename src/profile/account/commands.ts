import { type SqlBool, sql } from 'kysely'
import { askedOf, isCounted, lettersOfAsking, usernameTry, type Wanted } from '../../accounts/asked.ts'
import { copiesAfter, isHeld, onAccount, placesStill } from '../../accounts/held.ts'
import { noNewEmail } from '../../accounts/no-new-email.ts'
import type { Visitor } from '../../platform/access/actor.ts'
import { eventsAfter } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import { crossing } from '../../platform/database/guard.ts'
import type { Cause, Happening } from '../../platform/events/record.ts'
import { usernameKey } from '../../platform/fold.ts'
import { letterAfter } from '../../platform/mail/outbox.ts'
import { inSeconds } from '../../platform/web/limits.ts'
import { stillThere } from '../../sessions/queries.ts'
import type { OwnAccountToChange } from './queries.ts'

type Outcome = { done: true } | { stale: true } | { taken: true } | { wait: number }

const own = (act: Happening['act'], subjectId: string): Happening => ({ act, subject: 'account', subjectId })

/**
 * Gives one's own account another username at once, with the copies of it, and asks by letter whether another address is one's own; a
 * change that waited before ends. Whether anybody has the address is asked for only when it is confirmed, so that nobody learns it here.
 * One statement. `wait`: seconds in which no other username is looked at; `stale`: the account, its places or the session changed
 * after they were read.
 */
export async function changeOwn(
  db: Db,
  cause: Cause,
  key: Buffer,
  visitor: Visitor,
  account: OwnAccountToChange,
  { username, email }: Wanted,
): Promise<Outcome> {
  const { now } = cause
  const { id } = account
  const renamed = username !== account.username
  const naming = usernameTry(key, id, account, username, now)
  const unlocked = (field: 'email' | 'username', touched: boolean) =>
    sql<SqlBool>`(not ${touched}::boolean or not is_locked_for_account_now(account.id, ${field}))`
  const everywhere = crossing(db, 'an act on an account concerns all its organizations')
  const [row] = await onAccount(everywhere, id, { turns: renamed })
    .with('refused', () => naming.refusing(isHeld))
    .with('turned', (of) =>
      of
        .updateTable('account')
        .set((eb) => askedOf(eb, { username, email }, null, now))
        .where('id', '=', id)
        .where('version', '=', account.version)
        .where('email_generation', '=', account.email_generation)
        .where('blocked_at', 'is', null)
        .where(isHeld)
        .where(naming.open)
        .where(naming.free)
        .where(unlocked('email', email !== null))
        .where(unlocked('username', renamed))
        .where(stillThere(visitor))
        .$if(renamed, (of) => of.where(placesStill(id, account.places)))
        .returning('id'),
    )
    .with('changed', (of) => of.selectFrom('turned').select('id'))
    .with('copied', () =>
      renamed
        ? copiesAfter(account.places, {
            ...account,
            username,
            username_key: username === null ? null : usernameKey(username),
          })
        : sql<{ id: string }>`(select id from turned)`,
    )
    .with('told', (of) =>
      eventsAfter(
        of,
        cause,
        ...(renamed ? [own('username.changed', id)] : []),
        ...(email ? [own('email.change_asked', id)] : []),
      ),
    )
    .with('asked', (of) => letterAfter(of, now, ...lettersOfAsking(account, email, null)))
    .selectNoFrom((eb) => [
      eb.exists(eb.selectFrom('changed').select('changed.id')).as('done'),
      naming.open.as('open'),
      naming.seconds.as('seconds'),
      naming.free.as('free'),
      isCounted.as('counted'),
    ])
    .execute()
    .catch((error) => {
      // Somebody else took the username at the same moment; the unique index let one of them.
      if ((error as { code?: unknown }).code === '23505')
        return [{ done: false, open: true, seconds: null, free: false, counted: true }]
      throw error
    })
  if (row?.done) return { done: true }
  if (row && (!row.open || (!row.free && !row.counted))) return { wait: inSeconds(row.seconds) }
  if (row && !row.free) return { taken: true }
  return { stale: true }
}

/** Ends one's own change of email that waits; its link stops working. Gives whether there was one. */
export async function cancelOwn(db: Db, cause: Cause, visitor: Visitor, version: number): Promise<boolean> {
  const { id } = visitor.account
  const [changed] = await db
    .with('changed', (of) =>
      of
        .updateTable('account')
        .set((eb) => ({
          ...noNewEmail,
          email_generation: eb('email_generation', '+', 1),
          version: eb('version', '+', 1),
        }))
        .where('id', '=', id)
        .where('version', '=', version)
        .where('new_email_own', '=', true)
        .where(stillThere(visitor))
        .returning('id'),
    )
    .with('told', (of) => eventsAfter(of, cause, own('email.change_canceled', id)))
    .selectFrom('changed')
    .select('id')
    .execute()
  return changed !== undefined
}

/** The zone in which times are told, on screens and in letters. The last choice holds. */
export async function setTimeZone(db: Db, cause: Cause, { account: { id } }: Visitor, zone: string): Promise<void> {
  await db
    .with('changed', (of) =>
      of
        .updateTable('account')
        .set({ time_zone: zone })
        .where('id', '=', id)
        .where('time_zone', '<>', zone)
        .returning('id'),
    )
    .with('told', (of) => eventsAfter(of, cause, own('time_zone.changed', id)))
    .selectFrom('changed')
    .select('id')
    .execute()
}
