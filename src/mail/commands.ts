import { sql } from 'kysely'
import { type Db, inTransaction } from '../platform/database/connect.ts'
import { crossing } from '../platform/database/guard.ts'
import { emailKey } from '../platform/fold.ts'
import { isId, newId } from '../platform/ids.ts'
import { post } from '../platform/mail/outbox.ts'

const wide = (db: Db) => crossing(db, 'the operator looks after letters of every organization')

/**
 * Notes that a letter which the server had taken came back: the one with this Message-ID, or the last one to this address. Whoever sent
 * an invitation by it hears so. Gives whose letter it was; null where there is none.
 */
export const letterBounced = (db: Db, now: Date, which: string, answer: string): Promise<{ to: string } | null> =>
  inTransaction(wide(db), async (trx) => {
    const named = /^<?([\da-f-]{36})@[^@]*$/.exec(which)?.[1]
    const letter = await trx
      .selectFrom('mail as m')
      .leftJoin('invitation as i', (on) =>
        on.onRef('i.organization_id', '=', 'm.organization_id').onRef('i.id', '=', 'm.invitation_id'),
      )
      .leftJoin('membership as s', (on) =>
        on.onRef('s.organization_id', '=', 'i.organization_id').onRef('s.id', '=', 'i.invited_by'),
      )
      .where('m.state', '=', 'sent')
      .where((eb) => (named && isId(named) ? eb('m.id', '=', named) : eb('m.to_key', '=', emailKey(which))))
      .orderBy('m.created_at', 'desc')
      .limit(1)
      .select([
        'm.id',
        'm.organization_id',
        'm.template',
        'm.to_address',
        'm.invitation_id',
        sql<string | null>`case when s.removed_at is null then s.email end`.as('sender'),
      ])
      .forUpdate('m')
      .executeTakeFirst()
    if (!letter) return null
    const { id, organization_id, invitation_id, sender } = letter
    await trx.updateTable('mail').set({ state: 'bounced', answer }).where('id', '=', id).execute()
    await trx
      .insertInto('mail_answer')
      .values({ id: newId(), organization_id, mail_id: id, at: now, kind: 'bounced', answer })
      .execute()
    const invites = letter.template === 'invitation' || letter.template === 'invitation_reminder'
    if (invites && sender && invitation_id)
      await post(trx, now, {
        organizationId: organization_id,
        template: 'mail_failed',
        to: sender,
        invitationId: invitation_id,
      })
    return { to: letter.to_address }
  })

/** Puts a letter that failed or came back into the queue once more. Gives to whom it goes; null where there is no such letter. */
export async function sendAgain(db: Db, id: string): Promise<{ to: string } | null> {
  const { rows } = await sql<{ to: string }>`with again as (
      update mail set state = 'waiting', next_try_at = null where id = ${id}::uuid and state in ('failed', 'bounced')
      returning id, to_address
    )
    select to_address as to, queue_mail(array[id], array[interval '0']) from again`.execute(wide(db))
  return rows[0] ? { to: rows[0].to } : null
}
