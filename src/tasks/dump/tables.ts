import { sql } from 'kysely'
import type { Db, Slot } from '../../platform/database/connect.ts'
import { crossing } from '../../platform/database/guard.ts'

/** One of the database's own tables, with the statements that carry its rows, from the catalog: no list here can be forgotten. */
export type Table = { name: string; columns: string[]; count: string; out: string; in: string; triggers: boolean }

/**
 * What is true for the moment only: who is signed in, which browsers are known, who tries too often, what is half typed. Put back
 * later, it would let people in whom an ended session or a new password has put out since; so a dump has these tables without
 * rows, and a restore leaves them empty.
 */
export const ofTheMoment: readonly string[] = ['draft', 'enrollment', 'known_device', 'session', 'try_count']

/** Which migrations have run is the header's to say. */
const bookkeeping = ['kysely_migration', 'kysely_migration_lock']

/** All tables but those of extensions and the bookkeeping of migrations, by name. Computed columns are computed again. */
export async function tables(trx: Db): Promise<Table[]> {
  const { rows } = await sql<Table>`
    select name, columns, triggers,
      format('select count(*) as rows from %I%s', name, condition) as count,
      format('copy (select %s from %I%s) to stdout (encoding ''UTF8'')', list, name, condition) as out,
      format('copy %I (%s) from stdin (encoding ''UTF8'')', name, list) as in
    from (
      select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns,
        case when c.relname = any(${ofTheMoment}::text[]) then ' where false' else '' end as condition,
        string_agg(quote_ident(a.attname), ', ' order by a.attnum) as list,
        exists (select from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal) as triggers
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        and c.relname <> all(${bookkeeping}::text[])
        and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
      group by c.oid, c.relname
    ) every
    order by name collate "C"`.execute(crossing(trx, 'a dump holds every table'))
  return rows
}

/** Numbers that the database gives out, where it has given any. */
export async function sequences(trx: Db): Promise<{ name: string; value: string }[]> {
  const { rows } = await sql<{ name: string; value: string }>`
    select sequencename::text as name, last_value::text as value from pg_sequences
    where schemaname = current_schema() and last_value is not null order by 1`.execute(trx)
  return rows
}

/** Statements that take away all that migrations have made, and leave extensions. */
export async function removal(trx: Db): Promise<string[]> {
  const { rows } = await sql<{ statement: string }>`
    with ours as (
      select 1 as step, 'pg_class'::regclass as catalog, oid, format('drop %s if exists %s cascade',
        case relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end,
        oid::regclass) as statement
      from pg_class where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S')
      union all
      select 2, 'pg_proc'::regclass, oid, format('drop routine if exists %s cascade', oid::regprocedure)
      from pg_proc where pronamespace = current_schema()::regnamespace
      union all
      select 3, 'pg_type'::regclass, oid, format('drop type if exists %s cascade', oid::regtype)
      from pg_type where typnamespace = current_schema()::regnamespace and typtype in ('e', 'd')
    )
    select statement from ours
    where not exists (select from pg_depend d where d.classid = ours.catalog and d.objid = ours.oid and d.deptype = 'e')
    order by step, statement`.execute(trx)
  return rows.map(({ statement }) => statement)
}

/** The connection that a transaction is on, for COPY. */
export const slotOf = (trx: Db): Promise<Slot> =>
  trx.getExecutor().provideConnection(async (connection) => connection as Slot)
