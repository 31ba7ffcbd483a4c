import type { Actor } from '../../platform/access/actor.ts'
import type { Status } from '../../platform/access/status.ts'
import { eventsAfter, ifTurn, inTurn, TurnLost } from '../../platform/access/turn.ts'
import type { Db } from '../../platform/database/connect.ts'
import type { Cause } from '../../platform/events/record.ts'
import { type Letter, letterAfter } from '../../platform/mail/outbox.ts'
import { isToldNow } from '../ending.ts'
import { keepingAnAdmin, lastAdmin } from '../last-admin.ts'
import type { Person } from '../person.ts'
import type { DateErrors, Dates } from './rules.ts'

const shown = (date: string) => (date.endsWith('infinity') ? null : date)

/** Sets the days between which somebody is inside, and their status by them at once. */
export async function changeDates(
  db: Db,
  cause: Cause,
  actor: Actor,
  person: Person,
  { starts_on, ends_on }: Dates,
  status: Status,
): Promise<{ errors?: DateErrors }> {
  const changes = {
    ...(starts_on !== person.starts_on && { starts_on: [shown(person.starts_on), shown(starts_on)] }),
    ...(ends_on !== person.ends_on && { ends_on: [shown(person.ends_on), shown(ends_on)] }),
    ...(status !== person.status && { status: [person.status, status] }),
  }
  // A day that is near, or over, is told at once; the hourly run needn't again.
  const told =
    ends_on !== person.ends_on && isToldNow(ends_on, cause.now) && (status === 'active' || status === 'ended')
  const letters: Letter[] = told
    ? [
        {
          organizationId: actor.organization.id,
          template: 'membership_ending',
          data: { membership_id: person.id, ends_on },
          to: person.email,
        },
      ]
    : []
  const write = async () => {
    const [changed] = await inTurn(db, actor)
      .with('changed', (of) =>
        of
          .updateTable('membership')
          .set((eb) => ({
            starts_on,
            ends_on,
            status,
            ...(told && { told_ends_on: ends_on }),
            version: eb('version', '+', 1),
          }))
          .where('organization_id', '=', actor.organization.id)
          .where('id', '=', person.id)
          .where('version', '=', person.version)
          .where(ifTurn)
          .returning('id'),
      )
      .with('told', (of) =>
        eventsAfter(of, cause, {
          act: 'membership.dates_changed',
          organizationId: actor.organization.id,
          subject: 'membership',
          subjectId: person.id,
          changes,
        }),
      )
      .with('written', (of) => letterAfter(of, cause.now, ...letters))
      .selectFrom('changed')
      .select('id')
      .execute()
    if (!changed) throw new TurnLost()
  }
  return (await keepingAnAdmin(write)) ? {} : { errors: { ends_on: lastAdmin } }
}
