// How fast the outbox drains to a mail server on this machine, and what a letter adds to the statement that writes it:
//   npm run bench:mail [-- LETTERS]
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { SMTPServer } from 'smtp-server'
import { readyWith } from '../src/mail/ready.ts'
import { readConfig } from '../src/platform/config.ts'
import { connect } from '../src/platform/database/connect.ts'
import { startEmbedded } from '../src/platform/database/embedded.ts'
import { crossing } from '../src/platform/database/guard.ts'
import { migrate } from '../src/platform/database/migrate.ts'
import { newId } from '../src/platform/ids.ts'
import { smtp } from '../src/platform/mail/deliver.ts'
import { post } from '../src/platform/mail/outbox.ts'
import { startMailWorker } from '../src/platform/mail/worker.ts'
import { letters } from '../views/mail/letters.ts'

const count = Number(process.argv[2] ?? 1000)
const folder = mkdtempSync(join(tmpdir(), 'rollcall-mail-'))
chmodSync(folder, 0o711)
const embedded = await startEmbedded(join(folder, 'data'))
const { db, close } = connect({ socketDir: embedded.socketDir })
await migrate(db)
const wide = crossing(db, 'the bench makes an organization')
const organizationId = newId()
await wide.insertInto('organization').values({ id: organizationId, name: 'Harbor Claims', slug: 'harbor' }).execute()

let taken = 0
const server = new SMTPServer({
  disabledCommands: ['STARTTLS', 'AUTH'],
  onData(stream, _, answer) {
    stream.resume().on('end', () => {
      taken++
      answer(null)
    })
  },
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
const url = `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`

const letter = (n: number) => ({ organizationId, template: 'membership_removed', to: `p${n}@example.org` }) as const
const timed = async (work: () => Promise<unknown>) => {
  const began = performance.now()
  await work()
  return performance.now() - began
}
const written = await timed(() => post(wide, new Date(), ...Array.from({ length: count }, (_, n) => letter(n))))
const rounds = 300
const single = async () => {
  for (let n = 0; n < rounds; n++) await post(wide, new Date(), letter(n))
}
const withJob = await timed(single)
await sql`alter table mail disable trigger queue_new_mail`.execute(wide)
const bare = await timed(single)
await sql`alter table mail enable trigger queue_new_mail`.execute(wide)
await sql`delete from mail where id not in (select singleton_key::uuid from pgboss.job)`.execute(wide)

const drained = await timed(async () => {
  const worker = await startMailWorker({
    db,
    clock: () => new Date(),
    log: () => {},
    mail: await smtp({ url, from: { name: 'Rollcall', address: 'access@example.org' } }),
    ready: readyWith(db, { config: readConfig({}), key: randomBytes(32) }, letters),
  })
  while (taken < count + rounds) await new Promise((resolve) => setTimeout(resolve, 5))
  await worker.stop()
})
const rate = (ms: number, items: number) => Math.round((items / ms) * 1000)
console.log(`written in one statement: ${count} letters in ${Math.round(written)} ms`)
console.log(
  `written one by one: ${(withJob / rounds).toFixed(2)} ms each, ${(bare / rounds).toFixed(2)} ms without a job`,
)
console.log(`sent: ${rate(drained, count + rounds)} letters a second (goal: 50)`)
await new Promise<void>((resolve) => server.close(() => resolve()))
await close()
await embedded.stop()
rmSync(folder, { recursive: true, force: true })
