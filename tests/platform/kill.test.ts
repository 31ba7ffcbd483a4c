import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { connect } from '../../src/platform/database/connect.ts'
import { startEmbedded } from '../../src/platform/database/embedded.ts'
import { folder, program, remove, serverOf } from './machine.ts'

test('an operator who kills the app hard, 50 times, finds every acknowledged change again (R-51)', async () => {
  const dataDir = folder()
  try {
    const acknowledged: string[] = []
    for (let life = 0; life < 50; life++) {
      const app = program('writer.program.ts', dataDir, String(life))
      const first = await app.line()
      expect([first, app.errors()]).toEqual([expect.any(String), ''])
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 200))
      app.process.kill('SIGKILL')
      // Now and then the server is killed with it, as by the kernel when memory runs out.
      if (life % 5 === 4) process.kill(serverOf(dataDir) ?? 0, 'SIGKILL')
      await app.ended
      acknowledged.push(...app.lines.filter((line) => /^\d+-\d+-\d+$/.test(line)))
    }
    const { socketDir, stop } = await startEmbedded(dataDir)
    const { db, close } = connect({ socketDir })
    const { rows } = await sql<{ word: string }>`select word from kept`.execute(db)
    const kept = new Set(rows.map((row) => row.word))
    expect(acknowledged.length).toBeGreaterThan(500)
    expect(acknowledged.filter((word) => !kept.has(word))).toEqual([])
    // Both rows of a transaction or none.
    const halves = [...kept].filter((word) => word.endsWith('-a') && !kept.has(word.slice(0, -2)))
    expect(halves).toEqual([])
    await close()
    await stop()
    expect(serverOf(dataDir)).toBeUndefined()
  } finally {
    remove(dataDir)
  }
}, 180_000)
