import { randomBytes } from 'node:crypto'
import type { KyselyPlugin } from 'kysely'
import { inject } from 'vitest'
import { type Connected, connect } from '../../src/platform/database/connect.ts'
import { statementGuard } from '../../src/platform/database/guard.ts'
import { copyDatabase } from './copy.ts'

type Options = { onQuery?: (sql: string) => void; plugins?: KyselyPlugin[]; max?: number; statementTimeout?: number }

/** Connects to a database of this run's server, guarded as the app is. */
export function connectTo(database: string, options: Options = {}): Connected {
  const server = inject('server')
  const rest = { plugins: [statementGuard], max: 6, ...options }
  if (server.kind === 'embedded') return connect({ socketDir: server.socketDir, database, ...rest })
  const url = new URL(server.url)
  url.pathname = `/${database}`
  return connect({ url: url.href, ...rest })
}

let shared: Connected | undefined
/** The database that most tests share; each makes an organization of its own in it. */
export const sharedDatabase = (): Connected => (shared ??= connectTo(inject('shared')))

/** An empty migrated database for a test that needs one of its own: the first start, a broken schema, a full table. */
export async function freshDatabase(options: Options = {}): Promise<Connected & { name: string }> {
  const name = `${inject('template').replace(/_template$/, '')}_${randomBytes(6).toString('hex')}`
  const root = connectTo('postgres', { plugins: [] })
  await copyDatabase(root.db, inject('template'), name)
  await root.close()
  return { ...connectTo(name, options), name }
}
