import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { TestProject } from 'vitest/node'
import { connect } from '../../src/platform/database/connect.ts'
import { startEmbedded } from '../../src/platform/database/embedded.ts'
import { migrate } from '../../src/platform/database/migrate.ts'
import { copyDatabase } from './copy.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The server that this run is on, and the migrated database that fresh ones are copied from. */
    server: { kind: 'embedded'; socketDir: string } | { kind: 'server'; url: string }
    template: string
    shared: string
  }
}

export const serverUrl = process.env.TEST_SERVER_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres'

/** Starts the database of the run, embedded or (TEST_DATABASE=server) the machine's, with one migrated database to copy. */
export default async function setup(project: TestProject) {
  const mark = `rollcall_test_${process.pid}_${Date.now().toString(36)}`
  const template = `${mark}_template`
  const shared = `${mark}_shared`
  const onServer = process.env.TEST_DATABASE === 'server'
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-test-'))
  // As root the database runs as somebody else, who must get in here.
  chmodSync(folder, 0o711)
  const embedded = onServer ? null : await startEmbedded(join(folder, 'data'))
  const to = (database: string) => {
    if (embedded) return connect({ socketDir: embedded.socketDir, database, statementTimeout: 0 })
    const url = new URL(serverUrl)
    url.pathname = `/${database}`
    return connect({ url: url.href, statementTimeout: 0 })
  }
  const root = to('postgres')
  await sql`create database ${sql.id(template)} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C.UTF-8'`.execute(
    root.db,
  )
  const fresh = to(template)
  await migrate(fresh.db)
  await fresh.close()
  await copyDatabase(root.db, template, shared)

  project.provide(
    'server',
    embedded ? { kind: 'embedded', socketDir: embedded.socketDir } : { kind: 'server', url: serverUrl },
  )
  project.provide('template', template)
  project.provide('shared', shared)
  return async () => {
    const { rows } = await sql<{
      datname: string
    }>`select datname from pg_database where datname like ${`${mark}%`}`.execute(root.db)
    for (const { datname } of rows) await sql`drop database if exists ${sql.id(datname)} with (force)`.execute(root.db)
    await root.close()
    await embedded?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
