import { sql } from 'kysely'
import { readyWith } from '../../src/mail/ready.ts'
import { type DeliverOptions, smtp } from '../../src/platform/mail/deliver.ts'
import { type Letter, post } from '../../src/platform/mail/outbox.ts'
import { type MailWorker, startMailWorker } from '../../src/platform/mail/worker.ts'
import { letters } from '../../views/mail/letters.ts'
import { freshDatabase } from '../support/database.ts'
import { organization } from '../support/world.ts'

export type Row = {
  id: string
  template: string
  to: string
  state: string
  attempts: number
  answer: string
  next_try_at: Date | null
  data: unknown
  answers: string[]
}

/** An organization in a database of its own, in which no other test's letters wait. */
export async function mailing(env: Record<string, string> = {}) {
  const database = await freshDatabase({ max: 10 })
  const world = await organization({ database, env: { SMTP_URL: 'smtp://mail.example.org', ...env } })
  const workers: { stop: () => Promise<void> }[] = []
  const { db, services, clock, here } = world
  /** Letters as they are now, oldest first, each with the mail server's answers. */
  const outbox = async () => {
    const { rows } = await sql<Row>`select id, template, to_address as to, state, attempts, answer, next_try_at, data,
        (select coalesce(json_agg(kind || ' ' || answer order by at, a.id), '[]') from mail_answer a where a.mail_id = m.id) as answers
        from mail m order by created_at, id`.execute(db)
    return rows
  }
  return {
    ...world,
    database,
    /** A worker that sends by this server; impatient, so that nobody waits. */
    async work(url: string, options: Partial<MailWorker & DeliverOptions> = {}) {
      const from = { name: 'Rollcall', address: 'access@rollcall.example' }
      const mail =
        options.mail ?? (await smtp({ url, from, connecting: 1000, silence: 1000, letter: 3000, ...options }))
      const worker = await startMailWorker({
        db: database.db,
        clock: () => clock.now,
        log: services.log,
        ready: readyWith(database.db, services, letters),
        backOff: () => 0,
        look: 0.5,
        supervise: 1,
        ...options,
        mail,
      })
      workers.push(worker)
      return worker
    },
    write: (...some: Partial<Letter>[]) =>
      post(
        db,
        clock.now,
        ...some.map(
          (one): Letter => ({ organizationId: here.id, template: 'membership_removed', to: 'mia@example.org', ...one }),
        ),
      ),
    outbox,
    /** Waits until the outbox is as it should be, or shows how it is. */
    async until(holds: (rows: Row[]) => boolean) {
      for (let tries = 0; tries < 100; tries++) {
        const rows = await outbox()
        if (holds(rows)) return rows
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      throw new Error(`The outbox: ${JSON.stringify(await outbox())}`)
    },
    async end() {
      await Promise.all(workers.map((worker) => worker.stop()))
      await database.close()
    },
  }
}
