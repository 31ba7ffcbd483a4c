import { sql } from 'kysely'
import type { Db } from '../../src/platform/database/connect.ts'

/**
 * Makes a copy of a database for tests. Its commits don't wait for the disk: that every acknowledged change is kept is held by the
 * tests that start servers of their own (platform/kill, platform/embedded), and nothing else can tell the difference.
 */
export async function copyDatabase(db: Db, from: string, to: string): Promise<void> {
  await sql`create database ${sql.id(to)} template ${sql.id(from)}`.execute(db)
  await sql`alter database ${sql.id(to)} set synchronous_commit = off`.execute(db)
}
