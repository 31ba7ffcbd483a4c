import { type SqlBool, sql } from 'kysely'
import { accountRow } from '../platform/database/part.ts'
import { emailKey, usernameKey } from '../platform/fold.ts'
import type { Letter } from '../platform/mail/outbox.ts'
import { counting, limitKey, perUsername, secondsLeft } from '../platform/web/limits.ts'
import { confirmFor } from './rules.ts'

/* Another username or email address, asked for by the account's owner or by the organization that manages it. */

/** `email` null: as it is. */
export type Wanted = { username: string | null; email: string | null }

/** A change that waited goes on waiting: what is changed now isn't what it hangs on. */
const nextVersion = sql<number>`case when new_email_version = version then version + 1 else new_email_version end`

/**
 * What an account becomes: the username holds at once, an address waits to be confirmed, in the place of one that waited before. `by`:
 * the organization that asks and its member, or null where the owner does.
 */
export const askedOf = (
  eb: unknown,
  { username, email }: Wanted,
  by: { organization: string; member: string } | null,
  now: Date,
) => ({
  username,
  username_key: username === null ? null : usernameKey(username),
  version: accountRow(eb)('version', '+', 1),
  ...(email
    ? {
        new_email: email,
        new_email_key: emailKey(email),
        new_email_by: by?.organization ?? null,
        new_email_asked_by: by?.member ?? null,
        new_email_own: by === null,
        new_email_version: accountRow(eb)('version', '+', 1),
        new_email_expires_at: new Date(now.getTime() + confirmFor),
        email_generation: accountRow(eb)('email_generation', '+', 1),
      }
    : { new_email_version: nextVersion }),
})

/** The link to the address that is asked about, and a notice to the one that the account has. */
export const lettersOfAsking = (
  account: { id: string; email: string; email_generation: number },
  email: string | null,
  organizationId: string | null,
): Letter[] => {
  const letter = { organizationId, data: { account_id: account.id } }
  return email
    ? [
        { ...letter, template: 'email_confirmation', generation: account.email_generation + 1, to: email },
        { ...letter, template: 'email_change_asked', to: account.email },
      ]
    : []
}

/**
 * Whether the account may have this username, as parts of the statement that gives it: `free` is whether nobody else has it, `open` whether
 * the asker may still try, `seconds` until then. A refusal says that somebody on the installation has the name, so it is counted for
 * whoever asks, for themselves or for others: `refusing`, the part called `refused`.
 */
export function usernameTry(
  key: Buffer,
  asker: string,
  account: { id: string; username: string | null },
  username: string | null,
  now: Date,
) {
  const row = limitKey(key, perUsername, asker)
  const wanted = username === null ? null : usernameKey(username)
  const tries = sql<SqlBool>`${username !== account.username && wanted !== null}::boolean`
  const seconds = secondsLeft(row, now)
  const free = sql<SqlBool>`(${wanted}::text is null or not exists (select from account as other
    where other.username_key = ${wanted}::text and other.id <> ${account.id}))`
  return {
    free,
    open: sql<SqlBool>`(not ${tries} or coalesce(${seconds}, 0) <= 0)`,
    seconds,
    refusing: (when: ReturnType<typeof sql<SqlBool>>) =>
      sql<{ key: Buffer }>`(${counting(row, perUsername, now, sql<boolean>`${when} and ${tries} and not ${free}`)})`,
  }
}

/** Counted where it was refused: a try beside this one may have been the last. */
export const isCounted = sql<boolean>`exists (select from refused)`
