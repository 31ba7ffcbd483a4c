/*
 * Can a stranger tell by the time of the answer whether somebody has an account? 200 tries each, taken in turns, for a known
 * account, for an address that nobody has, and for a blocked account: at sign-in with a wrong password, and with the address as that
 * of a forgotten one. Each as the area under the ROC curve of its times against the first: 0.5 is no difference at all, and 0.40 to
 * 0.60 is what R-04 asks for. Prints the figures; exits 1 outside.
 *
 *   tsx bench/timing.ts [postgres://...]     an empty database that may be migrated; else an embedded one in a temporary folder
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from '../src/app.tsx'
import { hashPassword } from '../src/passwords/hash.ts'
import { settled } from '../src/platform/afterwards.ts'
import { readConfig } from '../src/platform/config.ts'
import { connect } from '../src/platform/database/connect.ts'
import { startEmbedded } from '../src/platform/database/embedded.ts'
import { statementGuard } from '../src/platform/database/guard.ts'
import { migrate } from '../src/platform/database/migrate.ts'
import { emailKey } from '../src/platform/fold.ts'
import { newId } from '../src/platform/ids.ts'

const rounds = 200
const url = process.argv[2]
const folder = mkdtempSync(join(tmpdir(), 'rollcall-timing-'))
const embedded = url ? null : await startEmbedded(join(folder, 'data'))
const database = connect({ ...(url ? { url } : { socketDir: embedded?.socketDir ?? '' }), plugins: [statementGuard] })
await migrate(database.db)
const app = createApp({
  config: readConfig({}),
  db: database.db,
  pool: database.pool,
  key: randomBytes(32),
  clock: () => new Date(),
  log: () => {},
  mailing: true,
  stopping: () => false,
})

const password_hash = await hashPassword('nobody types this one')
const kinds = ['known', 'unknown', 'blocked'] as const
/** Of 24 letters, whoever has it or not, and one for each try: else the delay would come after five. */
const address = () => `${randomBytes(6).toString('hex')}@example.org`
const people = { known: [] as string[], unknown: [] as string[], blocked: [] as string[] }
for (const kind of kinds)
  for (let n = 0; n < rounds + 20; n++) {
    const email = address()
    people[kind].push(email)
    if (kind === 'unknown') continue
    await database.db
      .insertInto('account')
      .values({
        id: newId(),
        email,
        email_key: emailKey(email),
        password_hash,
        blocked_at: kind === 'blocked' ? new Date() : null,
      })
      .execute()
  }

const doors = {
  'sign-in': (email: string) => ({ login: email, password: 'a wrong one of 24 letters' }),
  'forgotten-password': (email: string) => ({ email }),
}
type Door = keyof typeof doors

async function attempt(door: Door, email: string): Promise<number> {
  const remoteAddress = `10.${[...randomBytes(3)].join('.')}`
  const began = performance.now()
  const answer = await app.fetch(
    new Request(`http://localhost:3000/${door}`, {
      method: 'POST',
      headers: {
        Host: 'localhost:3000',
        'Sec-Fetch-Site': 'same-origin',
        'Content-Type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams(doors[door](email)).toString(),
    }),
    { incoming: { socket: { remoteAddress } } },
  )
  await answer.text()
  const took = performance.now() - began
  if (answer.status !== (door === 'sign-in' ? 422 : 303)) throw new Error(`status ${answer.status}`)
  return took
}

const measure = async (door: Door) => {
  const times = { known: [] as number[], unknown: [] as number[], blocked: [] as number[] }
  for (let round = -20; round < rounds; round++)
    // In another order each round, so that none always follows the same other one.
    for (const kind of kinds.toSorted(() => Math.random() - 0.5)) {
      const took = await attempt(door, people[kind][round + 20] ?? '')
      if (round >= 0) times[kind].push(took)
    }
  await settled()
  return times
}

/** How often one of these takes longer than one of those; ties count half. */
const auc = (these: number[], those: number[]): number => {
  let wins = 0
  for (const one of these) for (const other of those) wins += one > other ? 1 : one === other ? 0.5 : 0
  return wins / (these.length * those.length)
}
const median = (list: number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0

let fine = true
for (const door of Object.keys(doors) as Door[]) {
  const times = await measure(door)
  for (const kind of ['unknown', 'blocked'] as const) {
    const area = auc(times[kind], times.known)
    fine &&= area >= 0.4 && area <= 0.6
    console.log(
      `${door}, ${kind}: AUC ${area.toFixed(3)}, median ${median(times[kind]).toFixed(2)} ms against ${median(times.known).toFixed(2)} ms`,
    )
  }
}
await database.close()
await embedded?.stop()
rmSync(folder, { recursive: true, force: true })
process.exit(fine ? 0 : 1)
