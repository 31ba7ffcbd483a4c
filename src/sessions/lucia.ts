import { hash } from 'node:crypto'
import { type Adapter, generateIdFromEntropySize, Lucia, TimeSpan } from 'lucia'
import type { Stage } from '../platform/access/actor.ts'
import type { Db } from '../platform/database/connect.ts'
import { type Current, findCurrent } from './current.ts'

/*
 * The one file that knows Lucia (it is no longer developed, so it must be replaceable). Lucia makes ids and cookies and asks
 * whether a session holds; the adapter stores only the SHA-256 of an id, and expiry, idle and absolute, is ours: Lucia is
 * told what is left of the session's life by the app's clock, counted from the machine's.
 */

declare module 'lucia' {
  interface Register {
    Lucia: Lucia
    DatabaseSessionAttributes: SessionDetails
    DatabaseUserAttributes: Record<never, never>
  }
}
type SessionDetails = { stage: Stage; ip: string; userAgent: string; confirmedAt: Date | null }

const lifetime = new TimeSpan(24, 'h')
/** Beyond so many of an account the oldest ends. */
export const perAccount = 10

export const hashOfId = (id: string): Buffer => hash('sha256', id, 'buffer')

const cookieName = (secure: boolean) => (secure ? '__Host-session' : 'session')

/** Lucia for one request or command. `found` hands out what the adapter read beside the session itself. */
function luciaFor(db: Db, now: Date, secure: boolean, slug = '', found: { current?: Current } = {}) {
  const adapter: Adapter = {
    async getSessionAndUser(id) {
      const current = await findCurrent(db, hashOfId(id), slug, now)
      if (!current) return [null, null]
      found.current = current
      const { session, account } = current.visitor
      const left = session.createdAt.getTime() + lifetime.milliseconds() - now.getTime()
      return [
        {
          id,
          userId: account.id,
          expiresAt: new Date(Date.now() + left),
          attributes: { stage: session.stage, ip: '', userAgent: '', confirmedAt: session.confirmedAt },
        },
        { id: account.id, attributes: {} },
      ]
    },
    async setSession({ id, userId, attributes }) {
      await db
        .insertInto('session')
        .values({
          id_hash: hashOfId(id),
          account_id: userId,
          stage: attributes.stage,
          created_at: now,
          last_used_at: now,
          ip: attributes.ip,
          user_agent: attributes.userAgent,
          confirmed_at: attributes.confirmedAt,
        })
        .execute()
    },
    async deleteSession(id) {
      await db.deleteFrom('session').where('id_hash', '=', hashOfId(id)).execute()
    },
    async deleteUserSessions(userId) {
      await db.deleteFrom('session').where('account_id', '=', userId).execute()
    },
    // The sliding part is last_used_at.
    async updateSessionExpiration() {},
    async getUserSessions() {
      return []
    },
    async deleteExpiredSessions() {
      await db
        .deleteFrom('session')
        .where('created_at', '<=', new Date(now.getTime() - lifetime.milliseconds()))
        .execute()
    },
  }
  return new Lucia(adapter, {
    sessionExpiresIn: lifetime,
    sessionCookie: { name: cookieName(secure), expires: true, attributes: { secure, sameSite: 'lax', path: '/' } },
  })
}

/** Who is asking: one SQL statement, or none without a cookie of ours. */
export async function validate(
  db: Db,
  cookies: string,
  slug: string,
  now: Date,
  secure: boolean,
): Promise<Current | null> {
  const found: { current?: Current } = {}
  const lucia = luciaFor(db, now, secure, slug, found)
  // Not by Lucia's parser, which throws on a stray % in anybody's cookie.
  const id = new RegExp(`(?:^|;\\s*)${cookieName(secure)}=([a-z\\d]{20,64})(?:;|$)`).exec(cookies)?.[1]
  if (!id) return null
  const { session } = await lucia.validateSession(id)
  return session ? (found.current ?? null) : null
}

/** An id of 200 bits for a session that a statement starts or goes on with: what is stored of it, and its Set-Cookie. */
export function newSessionId(db: Db, now: Date, secure: boolean): { hash: Buffer; cookie: string } {
  const id = generateIdFromEntropySize(25)
  return { hash: hashOfId(id), cookie: luciaFor(db, now, secure).createSessionCookie(id).serialize() }
}

/** Ends one session, by the hash that the list and the visitor know. */
export const endSession = async (db: Db, idHash: Buffer): Promise<void> => {
  await db.deleteFrom('session').where('id_hash', '=', idHash).execute()
}

/** Ends every session of an account, half-done sign-ins too. */
export const endSessionsOf = (db: Db, now: Date, secure: boolean, accountId: string): Promise<void> =>
  luciaFor(db, now, secure).invalidateUserSessions(accountId)

/** Clears away sessions that are past their absolute end; they were already refused. */
export const forgetExpired = (db: Db, now: Date): Promise<void> => luciaFor(db, now, false).deleteExpiredSessions()

/** The Set-Cookie that takes the session's cookie away. */
export const blankCookie = (db: Db, now: Date, secure: boolean): string =>
  luciaFor(db, now, secure).createBlankSessionCookie().serialize()
