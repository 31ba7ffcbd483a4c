import { type SqlBool, sql } from 'kysely'
import type { Db } from '../database/connect.ts'
import { asPart, partOf } from '../database/part.ts'
import { type Cause, eventColumns, eventRow, type Happening } from '../events/record.ts'
import type { Actor } from './actor.ts'

/** Another act on access came first: what was decided may no longer hold. Nothing was changed; read again, decide again. */
export class TurnLost extends Error {
  override name = 'TurnLost'
}

/**
 * Begins the one statement of an act on access: its turn is a row only while nothing about anybody's access has changed
 * since the actor was read, so that rights and counts that were read at the same access_version still hold. Every other
 * part of the statement happens `where(ifTurn)`. Whoever gets no row back throws TurnLost.
 */
export const inTurn = (
  db: Db,
  { organization }: { organization: Pick<Actor['organization'], 'id' | 'accessVersion'> },
) =>
  db.with('turn', (of) =>
    of
      .updateTable('organization')
      .set((eb) => ({ access_version: eb('access_version', '+', 1) }))
      .where('id', '=', organization.id)
      .where('access_version', '=', organization.accessVersion)
      .returning('id'),
  )

/** How many people one turn changes at most: what a statement can do in the time that it has, on a slow machine too. */
export const mostAtOnce = 2000

/** Who goes on with the next part of an act: nobody else came between while each part has its turn. */
const nextTurn = (actor: Actor): Actor => ({
  ...actor,
  organization: { ...actor.organization, accessVersion: actor.organization.accessVersion + 1 },
})

/**
 * Does what concerns more people than one statement may change, to some after others, each time in a turn of its own: `some` says
 * how many it changed. Gives who goes on with what is left. Who is interrupted in between finds fewer, and begins again.
 */
export async function someAfterOthers(actor: Actor, many: boolean, some: (actor: Actor) => Promise<number>) {
  let now = actor
  for (let count = many ? mostAtOnce : 0; count === mostAtOnce; now = nextTurn(now)) count = await some(now)
  return now
}

/** Only when the statement has its turn. */
export const ifTurn = sql<SqlBool>`exists (select from turn)`

/** The events of an act as a part of its statement, after the one called `changed`, and only if that gave a row. */
export const eventsAfter = (of: unknown, cause: Cause, ...happenings: Happening[]) =>
  rowsAfter(
    of,
    happenings.map((one) => eventRow(cause, one)),
  )

/** The same for a statement that is compiled once, with the rows among its values. */
export const rowsAfter = (of: unknown, rows: ReturnType<typeof eventRow>[]) =>
  asPart(
    partOf(of)
      .insertInto('event')
      .columns([...eventColumns])
      .expression(
        sql<never>`select * from jsonb_to_recordset(${rows}::jsonb) as told(id uuid,
        organization_id uuid, at timestamptz, actor_id uuid, how text, act text, subject text, subject_id uuid, changes jsonb,
        request_id text, ip text) where exists (select from changed)`,
      ),
  )

/** An act that lost its turn decides anew with what `again` reads, a few times; then the database is too busy for it. */
export async function takingTurns<A, T>(first: A, again: () => Promise<A>, work: (as: A) => Promise<T>): Promise<T> {
  for (let as = first, tries = 1; ; tries++, as = await again()) {
    try {
      return await work(as)
    } catch (error) {
      if (!(error instanceof TurnLost) || tries === 8) throw error
    }
  }
}
