import { type Kysely, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { migrations } from '../../../migrations/index.ts'
import { ConfigError } from '../config.ts'
import { installQueue } from '../jobs/queue.ts'

// biome-ignore lint/suspicious/noExplicitAny: migrations see a schema that isn't the generated one yet
type AnyDb = Kysely<any>
type Migrations = Record<string, Migration>

/** 42P01: the table isn't there, so nothing was ever migrated. */
const noTable = '42P01'
/** Names our code doesn't know (a newer Rollcall was here), and those the database hasn't had yet. */
export type SchemaState = { unknown: string[]; pending: string[] }

/** One round trip. The app serves only when both lists are empty. */
export async function schemaState(db: AnyDb, known: Migrations = migrations): Promise<SchemaState> {
  const rows: { name: string }[] = await db
    .withoutPlugins()
    .selectFrom('kysely_migration')
    .select('name')
    .orderBy('name')
    .execute()
    .catch((error) => {
      if (error.code === noTable) return []
      throw error
    })
  const done = new Set(rows.map((row) => row.name))
  return {
    unknown: [...done].filter((name) => !(name in known)),
    pending: Object.keys(known)
      .filter((name) => !done.has(name))
      .sort(),
  }
}

/**
 * Brings the database to the schema of this code, all or nothing. Of several processes one does it and the others wait
 * for it. Gives the names of the migrations that this call ran. ConfigError with a sentence for the operator when the
 * database is newer than the code or can't hold it; a migration's own error otherwise.
 */
export async function migrate(db: AnyDb, list: Migrations = migrations): Promise<string[]> {
  await checkServer(db)
  const before = await schemaState(db, list)
  refuseNewer(before)
  // Before the tables whose triggers fill it.
  await installQueue(db)
  if (before.pending.length === 0) {
    await checkLetters(db)
    return []
  }
  const done = await db
    .withoutPlugins()
    .connection()
    .execute(async (connection) => {
      // One round trip; the pool closes a connection whose settings were changed, so nothing is to be put back.
      await sql`set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; set lock_timeout = '60s'`.execute(
        connection,
      )
      const provider = { getMigrations: async () => list }
      const { error, results = [] } = await new Migrator({ db: connection, provider }).migrateToLatest()
      // The schema may have become newer while we waited for the lock.
      if (error) refuseNewer(await schemaState(connection, list))
      if (error) {
        const failed = results.find((result) => result.status === 'Error')?.migrationName
        if (error instanceof Error && failed) error.message = `${failed}: ${error.message}`
        throw error
      }
      return results.map((result) => result.migrationName)
    })
  await checkLetters(db)
  return done
}

function refuseNewer({ unknown }: SchemaState) {
  if (unknown.length > 0)
    throw new ConfigError(
      `The database was last used by a newer Rollcall (it has ${unknown.at(-1)}, which this one doesn't know): start that one, or restore a dump made before it.`,
    )
}

async function checkServer(db: AnyDb) {
  const { rows } = await sql<{ version: number; name: string }>`
    select current_setting('server_version_num')::int as version, current_setting('server_version') as name`.execute(
    db.withoutPlugins(),
  )
  const { version = 0, name } = rows[0] ?? {}
  if (version < 150_000) throw new ConfigError(`DATABASE_URL leads to PostgreSQL ${name}: Rollcall needs 15 or later.`)
}

/** With the C locale the trigram index knows no letter beyond ASCII, and searching people by name finds nobody. */
async function checkLetters(db: AnyDb) {
  const { rows } = await sql<{ installed: boolean }>`
    select to_regprocedure('show_trgm(text)') is not null as installed`.execute(db.withoutPlugins())
  if (!rows[0]?.installed) return
  const letters = await sql<{ known: boolean }>`select cardinality(show_trgm('иванов')) > 0 as known`.execute(
    db.withoutPlugins(),
  )
  if (!letters.rows[0]?.known)
    throw new ConfigError(
      'The database can tell letters only in ASCII: make it with a UTF-8 locale, for example ' +
        "create database rollcall template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C.UTF-8'.",
    )
}
