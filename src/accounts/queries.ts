import type { Db } from '../platform/database/connect.ts'
import { emailKey } from '../platform/fold.ts'

/** The account with this email address. No actor: for the operator and for the person who types their own. */
export const accountWithEmail = (db: Db, email: string) =>
  db
    .selectFrom('account')
    .select(['id', 'email', 'email_key', 'username', 'username_key', 'blocked_at', 'two_factor_at'])
    .where('email_key', '=', emailKey(email))
    .executeTakeFirst()
