import { sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import { dayOf } from '../platform/access/status.ts'
import { eventsAfter, TurnLost } from '../platform/access/turn.ts'
import type { Db } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'
import { accountRow } from '../platform/database/part.ts'
import type { Cause } from '../platform/events/record.ts'
import { type Link, readLink } from '../platform/links.ts'
import { letterAfter } from '../platform/mail/outbox.ts'
import { newSessionId } from '../sessions/lucia.ts'
import { giverOf, isStillAsked } from './giver.ts'
import { copiesAfter, isHeld, onAccount, placesOf, placesStill } from './held.ts'
import { noNewEmail } from './no-new-email.ts'
import { nextResetLink } from './reset-link.ts'
import { restoreFor } from './rules.ts'

const links = (db: Db) => crossing(db, 'an act on an account concerns all its organizations')

/**
 * Of the account `name`: whoever asked for the change may still. Its owner, unless their group locks their email meanwhile; or the account's
 * only organization, unless it is support staff's.
 */
const mayStill = (name: 'a' | 'account') => {
  const of = (column: string) => sql.ref(`${name}.${column}`)
  return sql<boolean>`case when ${of('new_email_own')} then not is_locked_for_account_now(${of('id')}, 'email')
    else not ${of('is_support')} and places_of_account_now(${of('id')}) = 1 end`
}

/** Nobody's access there has changed since the giver was read; the turns that the statement took raised the version by one. */
const givenStill = (given: { organization_id: string; access_version: number } | null) =>
  given
    ? sql<boolean>`access_version_now(${given.organization_id}::uuid) = ${given.access_version + 1}::int`
    : sql<boolean>`true`

/** A copied link doesn't prove an address, so it gives none that another account can still take back. */
const isFree = ({ channel }: Link, name: 'a' | 'account') =>
  channel === 'mail'
    ? sql<boolean>`true`
    : sql<boolean>`not is_kept_for_other(${sql.ref(`${name}.new_email_key`)}, ${sql.ref(`${name}.id`)})`

/** The change that a link confirms, while it may: of an address that nobody has come to have, and asked for by who still may. */
async function waiting(db: Db, link: Link, now: Date) {
  const row = await links(db)
    .selectFrom('account as a')
    .select((eb) => [
      'a.id',
      'a.email',
      'a.email_key',
      'a.username',
      'a.username_key',
      'a.new_email',
      'a.new_email_key',
      'a.new_email_by',
      'a.new_email_own',
      'a.new_email_asked_by',
      'a.is_support',
      giverOf(sql`a.new_email_asked_by`, dayOf(now)).as('given'),
      placesOf(eb).as('places'),
    ])
    .where('a.id', '=', link.id)
    .where('a.email_generation', '=', link.generation)
    .where('a.new_email_expires_at', '>', now)
    .whereRef('a.new_email_version', '=', 'a.version')
    .where('a.blocked_at', 'is', null)
    .where(mayStill('a'))
    .where(isFree(link, 'a'))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(selectFrom('account as other').whereRef('other.email_key', '=', 'a.new_email_key').select('other.id')),
      ),
    )
    .executeTakeFirst()
  return row && isStillAsked(row) ? row : undefined
}

/** The address that a token would confirm; null for every one that doesn't work, whatever the reason. No actor: the link asks. */
export async function addressToConfirm(db: Db, key: Buffer, token: string, now: Date): Promise<string | null> {
  const link = readLink('email', token, key)
  const account = link && (await waiting(db, link, now))
  return account?.new_email ?? null
}

/** Another account, or another member of an organization, came to have the address just now. */
const isTaken = (error: unknown) => (error as { code?: unknown } | null)?.code === '23505'

/** One that finds the account or its places changed meanwhile looks again; an address that was taken meanwhile is nobody's to have. */
async function again<T>(work: () => Promise<T | 'again' | null>): Promise<T | null> {
  for (let tries = 0; tries < 8; tries++) {
    const found = await work().catch((error) => {
      if (isTaken(error)) return null
      throw error
    })
    if (found !== 'again') return found
  }
  throw new TurnLost()
}

/** What another address makes of an account: links and changes that were given for the one before work no longer. */
const readdressed = (eb: unknown, address: { email: string; email_key: string }) => ({
  ...address,
  ...noNewEmail,
  email_generation: accountRow(eb)('email_generation', '+', 1),
  reset_expires_at: null,
  reset_generation: accountRow(eb)('reset_generation', '+', 1),
  version: accountRow(eb)('version', '+', 1),
})

/**
 * Makes the new address the account's, once, in one statement with its copies, the end of every session and reset link, and the letters
 * to both addresses (R-14, R-16). A mailed link proves the address, a copied one doesn't. `kept`: the session of whoever is signed in
 * as the owner in this browser, which goes on under a new id; its Set-Cookie is given. Null: the link doesn't work, or stopped
 * working meanwhile.
 */
export const confirmEmail = (
  db: Db,
  cause: Cause,
  { key, secure }: { key: Buffer; secure: boolean },
  token: string,
  kept: { accountId: string; idHash: Buffer } | null,
): Promise<{ cookie: string | null } | null> =>
  again(async () => {
    const { now } = cause
    const link = readLink('email', token, key)
    const account = link && (await waiting(db, link, now))
    const { id, new_email: email, new_email_key: email_key, new_email_own: own, places = [] } = account ?? {}
    if (!link || !account || !id || !email || !email_key) return null
    const organizationId = own ? null : (account.new_email_by ?? '')
    if (organizationId !== null && !places.some((one) => one.organization_id === organizationId)) return null
    const next = newSessionId(db, now, secure)
    const stays = kept?.accountId === id ? kept.idHash : null
    const former = link.generation + 1
    // The oldest way back to the very address that it gets, if there is one.
    const earlier = sql<number | null>`(select min(generation) from former_email where account_id = ${id}::uuid
      and email_key = ${email_key} and ends_at > ${now}::timestamptz)`
    const letter = { organizationId, template: 'email_changed' as const, data: { account_id: id } }
    const [row] = await onAccount(links(db), id)
      .with('turned', (of) =>
        of
          .updateTable('account')
          .set((eb) => ({
            ...readdressed(eb, { email, email_key }),
            email_verified_at: link.channel === 'mail' ? now : null,
          }))
          .where('id', '=', id)
          .where('email_generation', '=', link.generation)
          .where('new_email_expires_at', '>', now)
          .whereRef('new_email_version', '=', 'version')
          .where('blocked_at', 'is', null)
          .where(isHeld)
          .where(mayStill('account'))
          .where(isFree(link, 'account'))
          .where(givenStill(account.given))
          .where(placesStill(id, places))
          .returning('id'),
      )
      .with('copied', () => copiesAfter(places, { ...account, email, email_key }))
      // Whoever has an address again needs no way back to it. It is as if they had used it: nobody who had the account meanwhile has one.
      .with('back', (of) =>
        of
          .deleteFrom('former_email')
          .where('account_id', '=', id)
          .where(sql<boolean>`(email_key = ${email_key} or generation >= ${earlier})`)
          .where(sql<boolean>`exists (select from turned)`),
      )
      .with('former', (of) =>
        of
          .insertInto('former_email')
          .columns(['account_id', 'generation', 'email', 'email_key', 'ends_at'])
          .expression((eb) =>
            eb
              .selectFrom('turned')
              .where(sql<boolean>`${earlier} is null`)
              .select([
                'turned.id',
                sql<number>`${former}::int`.as('generation'),
                sql<string>`${account.email}::text`.as('email'),
                sql<string>`${account.email_key}::text`.as('email_key'),
                sql<Date>`${new Date(now.getTime() + restoreFor)}::timestamptz`.as('ends_at'),
              ]),
          ),
      )
      .with('changed', (of) =>
        of
          .selectFrom('turned')
          .select([
            'id',
            stays
              ? sql<number>`keep_one_session(id, ${stays}::bytea, ${next.hash}::bytea)`.as('ended')
              : sql<number>`end_sessions_of_account(id)`.as('ended'),
          ]),
      )
      .with('told', (of) =>
        eventsAfter(
          of,
          { ...cause, actorId: id },
          { act: 'email.changed', organizationId, subject: 'account', subjectId: id },
        ),
      )
      .with('written', (of) =>
        letterAfter(
          of,
          now,
          // Only the address that it had can take it back.
          { ...letter, to: account.email, generation: former },
          { ...letter, to: email },
        ),
      )
      .selectFrom('changed')
      .selectAll()
      .execute()
    return row ? { cookie: stays && next.cookie } : 'again'
  })

/** The address that a link gives back to an account, while it does: within seven days, and if nobody has come to have it. */
const former = (db: Db, link: Link, now: Date) =>
  links(db)
    .selectFrom('former_email as f')
    .innerJoin('account as a', 'a.id', 'f.account_id')
    .select((eb) => [
      'f.email',
      'f.email_key',
      'a.email as present',
      'a.username',
      'a.username_key',
      'a.email_generation',
      'a.reset_generation',
      placesOf(eb).as('places'),
      jsonArrayFrom(
        eb
          .selectFrom('invitation as i')
          .whereRef('i.email_key', '=', 'f.email_key')
          .where('i.status', 'in', ['pending_approval', 'pending_activation'])
          .where('i.organization_id', 'in', (of) =>
            of
              .selectFrom('membership as im')
              .whereRef('im.account_id', '=', 'f.account_id')
              .where('im.removed_at', 'is', null)
              .select('im.organization_id'),
          )
          .select(['i.id', 'i.organization_id', 'i.membership_id', 'i.status']),
      ).as('invited'),
    ])
    .where('f.account_id', '=', link.id)
    .where('f.generation', '=', link.generation)
    .where('f.ends_at', '>', now)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('account as other')
            .whereRef('other.email_key', '=', 'f.email_key')
            .whereRef('other.id', '<>', 'a.id')
            .select('other.id'),
        ),
      ),
    )

/** The address that a token would give back; null for every one that doesn't work, whatever the reason. No actor: the link asks. */
export async function addressToRestore(db: Db, key: Buffer, token: string, now: Date): Promise<string | null> {
  const link = readLink('former_email', token, key)
  const found = link && (await former(db, link, now).executeTakeFirst())
  return found?.email ?? null
}

/**
 * "This was not me": gives an account the address back that it had, once, in one statement: its password works no longer and a link to
 * choose another goes to that address, and every session, reset link, waiting change and half-done enrollment ends (R-16). What was
 * changed later than this can't be brought back by whoever did it; what was changed before still can, by whom it was taken from. A
 * second factor stays: whoever can read a letter doesn't get past it (R-10). Where somebody was invited to the address meanwhile, by
 * whoever has the account perhaps, that invitation ends. Gives whose it is; null: the link doesn't work.
 */
export const restoreEmail = (db: Db, cause: Cause, key: Buffer, token: string): Promise<{ accountId: string } | null> =>
  again(async () => {
    const { now } = cause
    const link = readLink('former_email', token, key)
    const found = link && (await former(db, link, now).executeTakeFirst())
    if (!link || !found) return null
    const { id } = link
    const { email, email_key, places, invited } = found
    const told = { act: 'email.restored' as const, subject: 'account' as const, subjectId: id }
    const letter = { organizationId: null, data: { account_id: id } }
    const isTurned = sql<boolean>`exists (select from turned)`
    const [row] = await onAccount(links(db), id)
      .with('turned', (of) =>
        of
          .updateTable('account')
          .set((eb) => ({
            ...readdressed(eb, { email, email_key }),
            ...nextResetLink(eb, now),
            email_verified_at: now,
            password_hash: null,
            password_expires_at: null,
            must_change_password: false,
          }))
          .where('id', '=', id)
          .where('email_generation', '=', found.email_generation)
          .where('reset_generation', '=', found.reset_generation)
          .where(isHeld)
          .where(placesStill(id, places))
          .returning('id'),
      )
      .with('revoked', (of) =>
        of
          .updateTable('invitation')
          .set((eb) => ({ status: 'revoked', version: eb('version', '+', 1) }))
          .where('id', '=', sql<string>`any(${invited.map((one) => one.id)}::uuid[])`)
          .where('status', 'in', ['pending_approval', 'pending_activation'])
          .where(isTurned)
          .returning('id'),
      )
      .with('left', (of) =>
        of
          .updateTable('membership')
          .set((eb) => ({
            status: 'removed',
            removed_at: now,
            invite: 'revoked',
            invite_expires_at: null,
            manages_group: false,
            version: eb('version', '+', 1),
          }))
          .where('id', '=', sql<string>`any(${invited.map((one) => one.membership_id)}::uuid[])`)
          .where('status', '=', 'invited')
          .where(isTurned)
          .returning('id'),
      )
      // They make room for the copies.
      .with('copied', () =>
        copiesAfter(places, { ...found, email, email_key }, sql<boolean>`(select count(*) from "left") >= 0`),
      )
      .with('used', (of) =>
        of
          .deleteFrom('former_email')
          .where('account_id', '=', id)
          .where('generation', '>=', link.generation)
          .where(isTurned),
      )
      .with('begun', (of) => of.deleteFrom('enrollment').where('account_id', '=', id).where(isTurned))
      // Known no longer, and not forgotten: whoever had the account is told of like anybody's new browser (sessions/new-device.ts).
      .with('strange', (of) =>
        of
          .updateTable('known_device')
          .set({ expires_at: now })
          .where('account_id', '=', id)
          .where('expires_at', '>', now)
          .where(isTurned),
      )
      .with('changed', (of) =>
        of.selectFrom('turned').select(['id', sql<number>`end_sessions_of_account(id)`.as('ended')]),
      )
      .with('told', (of) =>
        eventsAfter(
          of,
          { ...cause, actorId: id },
          ...(places.length > 0 ? places.map((one) => ({ ...told, organizationId: one.organization_id })) : [told]),
          ...invited.map(({ id, organization_id, status }) => ({
            act: 'invitation.revoked' as const,
            organizationId: organization_id,
            subject: 'invitation' as const,
            subjectId: id,
            changes: { status: [status, 'revoked'] },
          })),
        ),
      )
      .with('written', (of) =>
        letterAfter(
          of,
          now,
          { ...letter, template: 'reset_link', to: email, generation: found.reset_generation + 1 },
          { ...letter, template: 'email_restored', to: email },
          { ...letter, template: 'email_restored', to: found.present },
        ),
      )
      .selectFrom('changed')
      .selectAll()
      .execute()
    return row ? { accountId: id } : 'again'
  })

/** Ways back that are over; for an hourly run. */
export async function forgetFormerEmails(db: Db, now: Date): Promise<void> {
  await db.deleteFrom('former_email').where('ends_at', '<=', now).execute()
}
