// npm test: types, lint, fresh table types, then the suite on the embedded database and, where a PostgreSQL server answers on
// 127.0.0.1:5432, on that one too. The last line is "N passed, N failed".
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'rollcall-run-'))
let passed = 0
let failed = 0

const npx = (args: string[], env: Record<string, string> = {}) =>
  spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } }).status === 0

function check(name: string, args: string[]) {
  console.log(`\n== ${name}`)
  if (npx(args)) passed++
  else failed++
}

function suite(name: string, args: string[], env: Record<string, string>) {
  console.log(`\n== ${name}`)
  const report = join(folder, `${passed + failed}.json`)
  const whole = npx(
    [bin('vitest', 'vitest.mjs'), 'run', ...args, '--reporter=dot', '--reporter=json', `--outputFile.json=${report}`],
    { NO_COLOR: '1', ...env },
  )
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'))
    passed += numPassedTests
    failed += numFailedTests
    // A file that couldn't be read, or a hook that failed, is a failure too, though no test says so.
    if (!whole && numFailedTests === 0) failed++
  } catch {
    failed++
  }
}

const bin = (name: string, ...path: string[]) => join(root, 'node_modules', name, ...path)

const serverAnswers = () =>
  new Promise<boolean>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: 5432, timeout: 1000 })
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('timeout', () => resolve(false))
    socket.once('close', () => resolve(false))
    socket.once('connect', () => socket.end())
  })

check('types', [bin('typescript', 'bin', 'tsc'), '--noEmit'])
check('lint', [bin('@biomejs/biome', 'bin', 'biome'), 'check', '--error-on-warnings', '.'])
check('table types are fresh', ['--import', 'tsx', 'src/platform/database/generate.ts', '--check'])
suite('the suite on the embedded database', [], { TEST_DATABASE: 'embedded' })
if (await serverAnswers())
  suite('the suite on the PostgreSQL server', ['--project', 'app'], { TEST_DATABASE: 'server' })
else console.log('\nNo PostgreSQL server answers on 127.0.0.1:5432: the suite ran on the embedded database alone.')

rmSync(folder, { recursive: true, force: true })
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
