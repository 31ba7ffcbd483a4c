import { sql } from 'kysely'

/** An account that waits for no new address. */
export const noNewEmail = {
  new_email: null,
  new_email_key: null,
  new_email_by: null,
  new_email_asked_by: null,
  new_email_own: false,
  new_email_expires_at: null,
}

/** One that waits for none that somebody else may know: the change that its owner asked for goes on. */
export const noGivenEmail = {
  new_email: sql<string | null>`case when new_email_own then new_email end`,
  new_email_key: sql<string | null>`case when new_email_own then new_email_key end`,
  new_email_by: null,
  new_email_asked_by: null,
  new_email_expires_at: sql<Date | null>`case when new_email_own then new_email_expires_at end`,
}
