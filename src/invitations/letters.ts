import { type ExpressionBuilder, type RawBuilder, type SqlBool, sql } from 'kysely'
import { jsonArrayFrom } from 'kysely/helpers/postgres'
import type { Actor } from '../platform/access/actor.ts'
import { atMost } from '../platform/database/compiled-once.ts'
import type { Db } from '../platform/database/connect.ts'
import type { DB } from '../platform/database/schema.ts'
import type { Letter as Outgoing, Template } from '../platform/mail/outbox.ts'
import { day } from './rules.ts'

/** One answer of a mail server about a letter. */
export type Answer = { at: string; kind: 'accepted' | 'delayed' | 'refused' | 'bounced'; answer: string }

/** A letter to the invitee: `generation` says whether its link is the present one. Moments are ISO texts. */
export type Letter = {
  template: string
  to_address: string
  state: 'waiting' | 'sent' | 'failed' | 'bounced' | 'canceled'
  attempts: number
  created_at: string
  generation: number
  answers: Answer[]
}

const mostLetters = 20
const mostValidDays = 60

/** The letters about the invitation `i` of the query around it to whom it invites, the latest first. */
export function lettersOf(outer: unknown) {
  const eb = outer as ExpressionBuilder<DB & { i: DB['invitation'] }, 'i'>
  return jsonArrayFrom(
    eb
      .selectFrom('mail as l')
      .whereRef('l.organization_id', '=', 'i.organization_id')
      .whereRef('l.invitation_id', '=', 'i.id')
      .where('l.template', 'in', ['invitation', 'invitation_reminder'])
      .select((of) => [
        'l.template',
        'l.to_address',
        'l.state',
        'l.attempts',
        'l.created_at',
        sql<number>`coalesce(l.generation, i.generation)`.as('generation'),
        answersTo(of as never),
      ])
      .orderBy('l.created_at', 'desc')
      .limit(atMost(mostLetters)),
  ).$castTo<Letter[]>()
}

/** Every answer of the mail server about the letter, the first first. */
const mostAnswers = 20
const answersTo = (eb: ExpressionBuilder<DB & { l: DB['mail'] }, 'l'>) =>
  jsonArrayFrom(
    eb
      .selectFrom('mail_answer as an')
      .whereRef('an.organization_id', '=', 'l.organization_id')
      .whereRef('an.mail_id', '=', 'l.id')
      .select(['an.at', 'an.kind', 'an.answer'])
      .orderBy('an.at')
      .limit(atMost(mostAnswers)),
  )
    .$castTo<Answer[]>()
    .as('answers')

type Invitation = { id: string; generation: number }
type About = Extract<Template, 'invitation' | 'approval_asked' | 'invitation_approved' | 'invitation_denied'>

/**
 * A letter about an invitation, to whoever was invited or to somebody of the organization. Its link is signed when it is sent, of the
 * generation that stands here, and of no other.
 */
export const letterAbout = (
  organizationId: string,
  template: About,
  invitation: Invitation,
  to: string,
  facts: Record<string, unknown> = {},
): Outgoing => {
  const about = { invitationId: invitation.id, generation: invitation.generation }
  return { organizationId, template, data: { ...facts, ...about }, to, ...about }
}

/** The mail server refused or sent back the letter with the present link of the organization's invitation called `alias`. */
export const undelivered = (db: Db, organization: string, alias: string): RawBuilder<SqlBool> =>
  sql`exists (${db
    .selectFrom('mail as l')
    .where('l.organization_id', '=', organization)
    .where(sql<boolean>`l.invitation_id = ${sql.ref(`${alias}.id`)}`)
    .where(sql<boolean>`l.generation = ${sql.ref(`${alias}.generation`)}`)
    .where('l.template', 'in', ['invitation', 'invitation_reminder'])
    .where(sql<boolean>`l.state in ('failed', 'bounced')`)
    .select('l.id')})`

/** Which open invitations may be so: the letter with their present link was written when they began to be valid, or later. */
export const undeliveredIds = ({ db, actor, now }: { db: Db; actor: Actor; now: Date }): RawBuilder<string> =>
  sql`${db
    .selectFrom('mail as l')
    .where('l.organization_id', '=', actor.organization.id)
    .where(sql<boolean>`l.invitation_id is not null and l.state in ('failed', 'bounced')`)
    .where('l.created_at', '>', new Date(now.getTime() - (mostValidDays + 2) * day))
    .select('l.invitation_id')}`
