import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Db as QueueDb } from 'pg-boss'
import { ConfigError } from '../config.ts'
import { crossing } from '../database/guard.ts'

// biome-ignore lint/suspicious/noExplicitAny: the queue's tables are no tables of ours
type AnyDb = Kysely<any>

/** The schema of the database in which pg-boss keeps its tables; ours, dumps and the statement guard know nothing of it. */
export const queueSchema = 'pgboss'
/** The version of its tables that the installed pg-boss makes: while the database has it, pg-boss need not be loaded. */
const queueVersion = 46
export const mailQueue = 'mail'

/*
 * A lease outlasts what a worker does with a batch (mail/worker.ts); who loses one tries again, as often as it takes: how long a
 * letter is tried is ours to say. A job that nobody takes, because there is no mail server, is kept for a year, and made anew then.
 */
const settings = {
  policy: 'standard',
  expireInSeconds: 300,
  retryLimit: 100_000,
  retentionSeconds: 365 * 86_400,
  deleteAfterSeconds: 3600,
}

/** pg-boss on our pool: several statements of its own may be in one text, whose transaction must not stay open when one fails. */
export async function queueDatabase(db: AnyDb): Promise<QueueDb> {
  const { fromKysely } = await import('pg-boss')
  return {
    executeSql: (text, values) =>
      crossing(db, 'the queue is no organization’s')
        .connection()
        .execute(async (connection) => {
          try {
            return await fromKysely(connection).executeSql(text, values)
          } catch (error) {
            if (text.includes('BEGIN;')) await sql`rollback`.execute(connection)
            throw error
          }
        }),
  }
}

/** 42P01: the table isn't there. */
const state = async (db: AnyDb): Promise<{ version: number; ready: boolean }> => {
  const { rows } = await sql<{ version: number; ready: boolean }>`
    select version::int as version, exists (select from pgboss.queue where name = ${mailQueue}) as ready from pgboss.version`
    .execute(crossing(db, 'the queue is no organization’s'))
    .catch((error) => {
      if (error.code === '42P01') return { rows: [] }
      throw error
    })
  return rows[0] ?? { version: 0, ready: false }
}

/**
 * Makes the tables of the queue, or brings them up to date: one round trip when there is nothing to do. Several processes may do it
 * at once: pg-boss lets one of them, and the others find it done.
 */
export async function installQueue(db: AnyDb): Promise<void> {
  const found = await state(db)
  if (found.version > queueVersion)
    throw new ConfigError('The database was last used by a newer Rollcall (its queue is newer): start that one.')
  if (found.version === queueVersion && found.ready) return
  const { getConstructionPlans, getMigrationPlans } = await import('pg-boss')
  const { executeSql } = await queueDatabase(db)
  const plan =
    found.version === 0
      ? getConstructionPlans(queueSchema)
      : found.version < queueVersion
        ? getMigrationPlans(queueSchema, found.version)
        : null
  if (plan)
    await executeSql(plan).catch(async (error: unknown) => {
      // Another process was quicker.
      if ((await state(db)).version !== queueVersion) throw error
    })
  await executeSql('select pgboss.create_queue($1::text, $2::text::jsonb)', [mailQueue, JSON.stringify(settings)])
}
