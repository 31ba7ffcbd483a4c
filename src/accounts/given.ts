import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import type { Actor } from '../platform/access/actor.ts'
import { eventsAfter, ifTurn, inTurn, mostAtOnce, someAfterOthers, TurnLost } from '../platform/access/turn.ts'
import type { Db } from '../platform/database/connect.ts'
import { asPart, partOf } from '../platform/database/part.ts'
import type { DB } from '../platform/database/schema.ts'
import type { Cause, Happening } from '../platform/events/record.ts'
import { noGivenEmail } from './no-new-email.ts'

type Members = ExpressionBuilder<Pick<DB, 'membership_role'> & { m: DB['membership'] }, 'm'>
export type Whose = (eb: Members) => Expression<SqlBool>
const ifChanged = sql<SqlBool>`exists (select from changed)`

/** Why a toast says it (`givenEnds`). */
export const givenHasEnded =
  'The link or first password that was given to them, or the change of their email, has ended: give them a new one.'

/** The same of a group or of those who hold a role; nothing where nothing ended. */
export const givenHasEndedFor = (count = 0): string =>
  count === 0
    ? ''
    : count === 1
      ? ' The link or first password that was given to one of them, or the change of their email, has ended: give them a new one.'
      : ` The links or first passwords that were given to ${count.toLocaleString('en-US')} of them, or the changes of their email, have ended: give them new ones.`

/**
 * Who may get more keeps no link, first password or change of email that was given before: whoever gave it might sign in with it and
 * hold what they don't. A change that they asked for themselves goes on: its link is in the new mailbox alone. A part of the act's statement, called `ended`, after the one called `changed`: a row for each
 * account of the memberships `whose` that had one. A password that was used to sign in is spent, but whoever did so is about to
 * choose the next one: their session ends, and what they are just sending finds no password that it could replace. The accounts are
 * locked in one order, for of two organizations each may end what was given to the same people.
 */
export const givenEnds = (
  of: unknown,
  organizationId: string,
  now: Date,
  whose: Whose,
  { when = ifChanged, most }: { when?: Expression<SqlBool>; most?: number } = {},
): Expression<{ sessions: number | null }> =>
  asPart(
    partOf(of)
      .updateTable('account')
      .set((eb) => ({
        ...noGivenEmail,
        reset_expires_at: null,
        reset_generation: eb('reset_generation', '+', 1),
        password_hash: sql<string | null>`case when must_change_password then null else password_hash end`,
      }))
      .where((eb) => {
        const accounts = eb
          .selectFrom('membership as m')
          .innerJoin('account as a', 'a.id', 'm.account_id')
          .where('m.organization_id', '=', organizationId)
          .where((of) => whose(of as unknown as Members))
          .where((of) =>
            of.or([
              of('a.reset_expires_at', '>', now),
              of.and([of('a.new_email', 'is not', null), of('a.new_email_own', '=', false)]),
              of.and([of('a.must_change_password', '=', true), of('a.password_hash', 'is not', null)]),
            ]),
          )
          .where(when)
          .select('a.id')
          .orderBy('a.id')
          .$if(most !== undefined, (some) => some.limit(most ?? 0))
          .forNoKeyUpdate('a')
        return sql<boolean>`account.id = any(array(${accounts}))`
      })
      .returning(
        sql<number | null>`case when must_change_password then end_sessions_of_account(id) end`.as('sessions'),
      ),
  )

/** Somebody in the group, or who holds the role. An Admin holds everything without it, and gets no more by it. */
const whoRises = (eb: Members) => eb.and([eb('m.removed_at', 'is', null), eb('m.organization_role', '<>', 'admin')])

/** Who loses something, or gets nothing by it. */
export const nobody: Whose = () => sql<SqlBool>`false`

export const inGroup = (groupId: string) => (eb: Members) => eb.and([whoRises(eb), eb('m.group_id', '=', groupId)])

export const holdingRole = (organizationId: string, roleId: string) => (eb: Members) =>
  eb.and([
    whoRises(eb),
    eb('m.id', 'in', (of) =>
      of
        .selectFrom('membership_role as held')
        .where('held.organization_id', '=', organizationId)
        .where('held.role_id', '=', roleId)
        .select('held.membership_id'),
    ),
  ])

/** How many it was, for the end of the statement. */
export const endedCount = sql<number>`(select count(*)::int from ended)`

/**
 * Ends it for some after others where it may be more than a statement can do, before an act on a group or a role does so for the
 * rest. `told` is the event of each part. Gives who goes on, and how many it was.
 */
export async function endSomeGiven(db: Db, cause: Cause, actor: Actor, many: boolean, whose: Whose, told: Happening) {
  let ended = 0
  const now = await someAfterOthers(actor, many, async (next) => {
    const row = await inTurn(db, next)
      .with('changed', (of) =>
        givenEnds(of, actor.organization.id, cause.now, whose, { when: ifTurn, most: mostAtOnce }),
      )
      .with('told', (of) => eventsAfter(of, cause, told))
      .selectNoFrom([ifTurn.as('turned'), sql<number>`(select count(*)::int from changed)`.as('count')])
      .executeTakeFirstOrThrow()
    if (!row.turned) throw new TurnLost()
    ended += row.count
    return row.count
  })
  return { now, ended }
}
