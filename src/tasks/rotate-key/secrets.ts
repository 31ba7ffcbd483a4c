import { sql } from 'kysely'
import type { Db } from '../../platform/database/connect.ts'
import { seal, sealedBy, unseal } from '../../platform/database/sealed.ts'
import { seedOf } from '../../two-factor/commands.ts'
import { secretOf } from '../../two-factor/guess.ts'

type Secret = { table: string; id: string; column: string; about: (id: string) => string }

/** All that stands encrypted in the database; a test looks for what isn't here. */
const secrets: Secret[] = [
  { table: 'account', id: 'id', column: 'totp_secret', about: secretOf },
  { table: 'enrollment', id: 'account_id', column: 'secret', about: secretOf },
  { table: 'enrollment', id: 'account_id', column: 'code_seed', about: seedOf },
]

/** So many rows in a statement: none is held for long by anybody who signs in meanwhile. */
const atOnce = 200

/** What one run over all secrets did; `lost`: sealed with neither key, so that nobody can read them. */
export type Run = { written: number; lost: number }

/** Seals with `to` what isn't sealed with it yet. A row that somebody else changes meanwhile is left for the next run. */
export async function sealAnew(db: Db, { from, to }: { from: Buffer; to: Buffer }): Promise<Run> {
  const run = { written: 0, lost: 0 }
  for (const { table, id, column, about } of secrets) {
    const [name, key, text] = [sql.table(table), sql.ref(id), sql.ref(column)]
    let after = '00000000-0000-0000-0000-000000000000'
    for (;;) {
      const { rows } = await sql<{ id: string; text: string }>`
        select ${key} as id, ${text} as text from ${name}
        where ${key} > ${after}::uuid and ${text} is not null and not starts_with(${text}, ${sealedBy(to)})
        order by ${key} limit ${atOnce}`.execute(db)
      const last = rows.at(-1)
      if (!last) break
      after = last.id
      const readable = rows.filter((row) => row.text.startsWith(sealedBy(from)))
      run.lost += rows.length - readable.length
      const anew = readable.map((row) => seal(to, about(row.id), unseal(from, about(row.id), row.text)))
      const { numAffectedRows } = await sql`
        update ${name} as t set ${text} = n.anew
        from unnest(${readable.map((row) => row.id)}::uuid[], ${readable.map((row) => row.text)}::text[], ${anew}::text[])
          as n(id, old, anew)
        where t.${key} = n.id and t.${text} = n.old`.execute(db)
      run.written += Number(numAffectedRows ?? 0)
    }
  }
  return run
}
