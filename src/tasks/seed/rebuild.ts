import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Db, Slot } from '../../platform/database/connect.ts'
import { crossing } from '../../platform/database/guard.ts'

/** Statements that take away what makes many inserts slow, and those that bring it back. */
export type Rebuild = { remove: string[]; restore: string[] }

/** From so many people on it is quicker, unless the tables hold ten times as many already. */
const worthIt = 10_000

/**
 * How to add `count` rows to big tables: without their indexes and links, which are then made again at once, as a restored dump
 * does it; the links are checked then. Nobody else can use the tables meanwhile. Null when the rows are better added as they are.
 */
export async function rebuildFor(db: Db, tables: readonly string[], count: number): Promise<Rebuild | null> {
  const { rows } = await sql<{ remove: string; restore: string; rows: number }>`
    with ours as (select oid, reltuples from pg_class where oid = any(${tables}::text[]::regclass[])), parts as (
      select 1 as step, format('drop index %s', indexrelid::regclass) as remove, pg_get_indexdef(indexrelid) as restore
      from pg_index join ours on ours.oid = indrelid
      where not exists (select from pg_constraint where conindid = indexrelid)
      union all
      select 2, format('alter table %s drop constraint %I', conrelid::regclass, conname),
        format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(c.oid))
      from pg_constraint c join ours on ours.oid = conrelid
      where contype = 'f'
    )
    select remove, restore, (select max(reltuples) from ours) as rows from parts order by step, remove`.execute(
    crossing(db, 'indexes and links are of whole tables'),
  )
  if (count < worthIt || count * 10 < (rows[0]?.rows ?? 0)) return null
  return { remove: rows.map(({ remove }) => remove), restore: rows.map(({ restore }) => restore) }
}

export async function run(slot: Slot, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await slot.send(statement)
}

/**
 * After this lists can be read from the indexes alone, and the planner knows the tables. While somebody reads what was there before,
 * nothing new can be marked as seen by all: then it is tried again, for half a minute.
 */
export async function tidy(slot: Slot, tables: readonly string[]): Promise<void> {
  await slot.send('set statement_timeout = 0')
  for (let tried = 1; ; tried++) {
    await run(
      slot,
      tables.map((table) => `vacuum (analyze) ${table}`),
    )
    const [done] = await slot.send(
      'select bool_and(relallvisible >= 0.9 * relpages) as marked from pg_class where oid = any($1::text[]::regclass[])',
      [tables],
    )
    if (done?.marked || tried === 30) return
    await pause(1000)
  }
}
