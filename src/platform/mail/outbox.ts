import { sql } from 'kysely'
import type { Db } from '../database/connect.ts'
import { asPart, partOf } from '../database/part.ts'
import { emailKey } from '../fold.ts'
import { newId } from '../ids.ts'

/** Letters that are written today; each has its file in views/mail/. */
export const templates = [
  'access_changed',
  'account_blocked',
  'approval_asked',
  'backup_code_used',
  'backup_codes_low',
  'backup_codes_made',
  'email_change_asked',
  'email_changed',
  'email_confirmation',
  'email_restored',
  'invitation',
  'invitation_accepted',
  'invitation_approved',
  'invitation_declined',
  'invitation_denied',
  'invitation_link_asked',
  'invitation_reminder',
  'mail_failed',
  'member_blocked',
  'membership_ending',
  'membership_reactivated',
  'membership_removed',
  'membership_suspended',
  'membership_taken_back',
  'new_device',
  'password_changed',
  'password_stopped',
  'reset_link',
  'second_step_delayed',
  'support_changed',
  'two_factor_exemptions_ending',
  'two_factor_off',
  'two_factor_on',
  'two_factor_required',
  'two_factor_reset',
  'welcome',
] as const
export type Template = (typeof templates)[number]

/**
 * `data` holds ids and plain facts, never a secret: a link is signed when the letter is sent, of the `generation` that it carries, and
 * only if that is still the present one.
 */
export type Letter = {
  organizationId: string | null
  template: Template
  data?: Record<string, unknown>
  to: string
  invitationId?: string
  generation?: number
}

/**
 * Puts letters into the outbox in the caller's transaction: they can't be lost, nor go out for what was rolled back. Their
 * jobs come with them (migration 2026-11-28-02-01).
 */
export async function post(trx: Db, now: Date, ...letters: Letter[]): Promise<void> {
  if (letters.length === 0) return
  await trx
    .insertInto('mail')
    .values(letters.map((letter) => mailRow(now, letter)))
    .execute()
}

export const mailRow = (now: Date, letter: Letter) => ({
  id: newId(),
  organization_id: letter.organizationId,
  template: letter.template,
  data: letter.data ?? {},
  to_address: letter.to,
  to_key: emailKey(letter.to),
  invitation_id: letter.invitationId ?? null,
  generation: letter.generation ?? null,
  created_at: now,
})

export const mailColumns = [
  'id',
  'organization_id',
  'template',
  'data',
  'to_address',
  'to_key',
  'invitation_id',
  'generation',
  'created_at',
] as const

/** Letters as a part of a statement, after the one called `changed`, and only if that gave a row. */
export const letterAfter = (of: unknown, now: Date, ...letters: Letter[]) =>
  lettersAfter(
    of,
    letters.map((letter) => mailRow(now, letter)),
  )

/** The same for a statement that is compiled once, with the rows among its values. */
export const lettersAfter = (of: unknown, rows: ReturnType<typeof mailRow>[]) =>
  asPart(
    partOf(of)
      .insertInto('mail')
      .columns([...mailColumns])
      .expression(
        sql<never>`select * from jsonb_to_recordset(${rows}::jsonb) as written(id uuid, organization_id uuid,
        template text, data jsonb, to_address text, to_key text, invitation_id uuid, generation int, created_at timestamptz)
        where exists (select from changed)`,
      ),
  )
