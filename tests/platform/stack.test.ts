import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inSource } from '../../src/platform/stack.ts'

const dist = join(import.meta.dirname, '..', '..', 'dist')

test('who reads the log finds the place in the source, though the program was built', () => {
  const rows = readFileSync(join(dist, 'main.js'), 'utf8').split('\n')
  const row = rows.findIndex((one) => one.startsWith('main().catch('))
  const here = readFileSync('src/main.ts', 'utf8').split('\n')
  const there = here.findIndex((one) => one.startsWith('main().catch('))
  const line = (file: string) => `at run (file://${file}:${row + 1}:1)`
  expect(inSource(line(join(dist, 'main.js')), dist)).toBe(`at run (src/main.ts:${there + 1}:1)`)
  for (const other of [join(dist, 'no-such.js'), '/srv/elsewhere/main.js', '/node_modules/x/y.js'])
    expect(inSource(line(other), dist)).toBe(line(other))
  expect(inSource('at node:internal/process/task_queues:104:5', dist)).toBe(
    'at node:internal/process/task_queues:104:5',
  )
})
