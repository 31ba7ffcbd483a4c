import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { schemaText } from '../../src/platform/database/generate.ts'
import { crossing } from '../../src/platform/database/guard.ts'
import { freshDatabase } from '../support/database.ts'
import { root } from './sources.ts'

test('the table types are those of the migrated database (npm run schema)', async () => {
  const { db, close } = await freshDatabase()
  try {
    const text = await schemaText(crossing(db, 'the test looks at the schema'))
    expect(readFileSync(join(root, 'src/platform/database/schema.ts'), 'utf8')).toBe(text)
  } finally {
    await close()
  }
})

test('a migration that changes a table makes them stale', async () => {
  const { db, close } = await freshDatabase()
  try {
    const wide = crossing(db, 'the test changes the schema')
    const before = await schemaText(wide)
    await wide.schema.alterTable('region').addColumn('climate', 'text').execute()
    const after = await schemaText(wide)
    expect(after).not.toBe(before)
    expect(after).toContain('climate: string | null')
  } finally {
    await close()
  }
})
