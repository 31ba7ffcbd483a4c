import { sql } from 'kysely'
import type { Actor } from '../../platform/access/actor.ts'
import { eventsAfter, ifTurn, inTurn, TurnLost } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import { asPart, partOf } from '../../platform/database/part.ts'
import type { Cause, Happening } from '../../platform/events/record.ts'
import type { Person } from '../person.ts'

/** The person as they were read, whom nobody else changes now. */
const held = (of: unknown, actor: Actor, person: Person) =>
  asPart(
    partOf(of)
      .updateTable('membership')
      .set((eb) => ({ version: eb('version', '+', 1) }))
      .where('organization_id', '=', actor.organization.id)
      .where('id', '=', person.id)
      .where('version', '=', person.version)
      .where('removed_at', 'is', null)
      .where(ifTurn)
      .returning(['organization_id', 'id']),
  )

const event = (act: Happening['act'], actor: Actor, person: Person, until: string | null): Happening => ({
  act,
  organizationId: actor.organization.id,
  subject: 'membership',
  subjectId: person.id,
  changes: { exempt_until: [person.exempt_until, until] },
})

/** Lets somebody go without two-factor here until a day, or until another one; whoever must hear that it ends hears it anew. */
export async function exempt(
  db: Db,
  cause: Cause,
  actor: Actor,
  person: Person,
  { until, reason }: { until: string; reason: string },
): Promise<void> {
  const [changed] = await inTurn(db, actor)
    .with('held', (of) => held(of, actor, person))
    .with('changed', (of) =>
      of
        .insertInto('two_factor_exemption')
        .columns(['organization_id', 'membership_id', 'until', 'reason', 'given_by', 'given_at', 'told_at'])
        .expression(
          sql<never>`select organization_id, id, ${until}::date, ${reason}, ${actor.membership.id}::uuid,
            ${cause.now}::timestamptz, null::timestamptz from held`,
        )
        .onConflict((on) =>
          on.columns(['organization_id', 'membership_id']).doUpdateSet((eb) => ({
            until: eb.ref('excluded.until'),
            reason: eb.ref('excluded.reason'),
            given_by: eb.ref('excluded.given_by'),
            given_at: eb.ref('excluded.given_at'),
            told_at: null,
          })),
        )
        .returning('membership_id'),
    )
    .with('told', (of) => eventsAfter(of, cause, event('two_factor.exempted', actor, person, until)))
    .selectFrom('changed')
    .select('membership_id')
    .execute()
  if (!changed) throw new TurnLost()
}

/** What is required of everybody is required of them again, from their next request on. */
export async function endExemption(db: Db, cause: Cause, actor: Actor, person: Person): Promise<void> {
  const [changed] = await inTurn(db, actor)
    .with('held', (of) => held(of, actor, person))
    .with('changed', (of) =>
      of
        .deleteFrom('two_factor_exemption')
        .where('organization_id', '=', actor.organization.id)
        .where('membership_id', '=', person.id)
        .where(sql<boolean>`exists (select from held)`)
        .returning('membership_id'),
    )
    .with('told', (of) => eventsAfter(of, cause, event('two_factor.exemption_ended', actor, person, null)))
    .selectFrom('changed')
    .select('membership_id')
    .execute()
  if (!changed) throw new TurnLost()
}
