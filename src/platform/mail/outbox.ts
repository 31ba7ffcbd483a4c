import type { Db } from '../database/connect.ts'
import { newId } from '../ids.ts'

/** Letters that are written today; each gets its file in views/mail/. */
export type Template = 'account_blocked'

/** `data` holds ids and plain facts, never a secret: a link is signed when the letter is sent. */
export type Letter = { organizationId: string | null; template: Template; data: Record<string, unknown>; to: string }

/** Puts a letter into the outbox in the caller's transaction: it can't be lost, nor go out for what was rolled back. */
export async function post(trx: Db, now: Date, letter: Letter): Promise<void> {
  await trx
    .insertInto('mail')
    .values({
      id: newId(),
      organization_id: letter.organizationId,
      template: letter.template,
      data: letter.data,
      to_address: letter.to,
      created_at: now,
    })
    .execute()
}
