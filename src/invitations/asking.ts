import { sql } from 'kysely'
import { candidates, mayDo } from '../members/holders.ts'
import type { Actor } from '../platform/access/actor.ts'
import type { Db } from '../platform/database/connect.ts'
import { asPart, partOf } from '../platform/database/part.ts'
import { newId } from '../platform/ids.ts'
import { mailColumns } from '../platform/mail/outbox.ts'

/** So many of those who may approve are written to; whoever else may finds it in the list of those that wait. */
const most = 50
/** So many of those that wait are named in a letter. */
const mostNamed = 5

/**
 * Letters to those who may approve, but for who asks, as a part of a statement after the one called `changed`, and only if that
 * gave a row. Of several that wait at once they name some, and say how many others there are.
 */
export function approvalAsked(
  db: Db,
  of: unknown,
  now: Date,
  about: Pick<Actor, 'organization'> & { except: string | null; invitations: string[] },
) {
  const { organization, except, invitations } = about
  const ids = Array.from({ length: most }, newId)
  const may = { organization }
  const approvers = db
    .selectFrom('membership as m')
    .where('m.organization_id', '=', organization.id)
    .where('m.status', '=', 'active')
    .where(sql<boolean>`m.id in ${candidates(db, may, 'invitations.approve')}`)
    .where(mayDo(db, may, 'invitations.approve', 'm'))
    .where(sql<boolean>`m.id is distinct from ${except}::uuid`)
    .where(sql<boolean>`exists (select from changed)`)
    .select(['m.email', 'm.email_key', sql<number>`row_number() over (order by m.id)`.as('n')])
    .orderBy('m.id')
    .limit(most)
  return asPart(
    partOf(of)
      .insertInto('mail')
      .columns([...mailColumns])
      .expression((eb) =>
        eb
          .selectFrom(approvers.as('a'))
          .select([
            sql<string>`(${ids}::uuid[])[a.n]`.as('id'),
            sql<string>`${organization.id}::uuid`.as('organization_id'),
            sql<string>`'approval_asked'`.as('template'),
            sql<unknown>`${{ invitations: invitations.length, named: invitations.slice(0, mostNamed) }}::jsonb`.as(
              'data',
            ),
            'a.email',
            'a.email_key',
            sql<string>`${invitations[0]}::uuid`.as('invitation_id'),
            sql<number | null>`null::int`.as('generation'),
            sql<Date>`${now}::timestamptz`.as('created_at'),
          ]),
      ),
  )
}
