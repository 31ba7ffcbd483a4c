// An app in the middle of a migration, until it is killed.
import { sql } from 'kysely'
import { connect } from '../../src/platform/database/connect.ts'
import { migrate } from '../../src/platform/database/migrate.ts'

const [socketDir = '', database = ''] = process.argv.slice(2)
await migrate(connect({ socketDir, database }).db, {
  '1': {
    up: async (db) => {
      await sql`create table a (id int)`.execute(db)
      process.stdout.write('half way\n')
      await new Promise((resolve) => setTimeout(resolve, 60_000))
    },
  },
})
