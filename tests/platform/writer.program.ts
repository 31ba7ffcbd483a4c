// An app under load until it is killed: writes rows from several requests at once, and says which were acknowledged.
import { writeSync } from 'node:fs'
import { sql } from 'kysely'
import { connect } from '../../src/platform/database/connect.ts'
import { startEmbedded } from '../../src/platform/database/embedded.ts'

const [dataDir = '', life = ''] = process.argv.slice(2)
const { socketDir } = await startEmbedded(dataDir)
const { db } = connect({ socketDir })
await sql`create table if not exists kept (word text primary key)`.execute(db)
await Promise.all(
  [1, 2, 3, 4].map(async (request) => {
    for (let i = 0; ; i++) {
      const word = `${life}-${request}-${i}`
      if (i % 2) await sql`insert into kept values (${word})`.execute(db)
      else
        await db.transaction().execute(async (trx) => {
          await sql`insert into kept values (${`${word}-a`})`.execute(trx)
          await sql`insert into kept values (${word})`.execute(trx)
        })
      writeSync(1, `${word}\n`)
    }
  }),
)
