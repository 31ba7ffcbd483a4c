import { type QueryCreator, sql } from 'kysely'
import type { Db } from '../database/connect.ts'
import type { DB } from '../database/schema.ts'
import { newId } from '../ids.ts'

/** Letters that are written today; each gets its file in views/mail/. */
export type Template =
  | 'account_blocked'
  | 'email_change_asked'
  | 'email_changed'
  | 'email_confirmation'
  | 'membership_removed'
  | 'password_changed'

/** `data` holds ids and plain facts, never a secret: a link is signed when the letter is sent. */
export type Letter = { organizationId: string | null; template: Template; data: Record<string, unknown>; to: string }

/** Puts a letter into the outbox in the caller's transaction: it can't be lost, nor go out for what was rolled back. */
export async function post(trx: Db, now: Date, letter: Letter): Promise<void> {
  await trx.insertInto('mail').values(mailRow(now, letter)).execute()
}

const mailRow = (now: Date, letter: Letter) => ({
  id: newId(),
  organization_id: letter.organizationId,
  template: letter.template,
  data: letter.data,
  to_address: letter.to,
  created_at: now,
})

/** Letters as a part of a statement, after the one called `changed`, and only if that gave a row. */
export const letterAfter = (of: QueryCreator<DB>, now: Date, ...letters: Letter[]) =>
  of
    .insertInto('mail')
    .columns(['id', 'organization_id', 'template', 'data', 'to_address', 'created_at'])
    .expression(
      sql<never>`select * from jsonb_to_recordset(${letters.map((letter) => mailRow(now, letter))}::jsonb) as written(id uuid, organization_id uuid,
        template text, data jsonb, to_address text, created_at timestamptz) where exists (select from changed)`,
    )
