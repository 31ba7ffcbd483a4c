import { type Db, isUnavailable } from '../database/connect.ts'
import { mailQueue, queueDatabase, queueSchema } from '../jobs/queue.ts'
import { errorFacts, type Log } from '../log.ts'
import { type Deliver, lanes, type Message } from './deliver.ts'
import { type Mark, markLetters, queueForgotten } from './marks.ts'
import type { Letter } from './outbox.ts'

/** A waiting letter, written; or in how many seconds its turn comes; or why it isn't sent anymore. */
export type Ready =
  | {
      id: string
      message: Omit<Message, 'id'>
      /** How often it was tried before, and since when. */
      attempts: number
      since: Date | null
      /** Whom to write to when it can't be sent. */
      failed: Letter[]
    }
  | { id: string; later: number }
  | { id: string; canceled: string }

export type MailWorker = {
  db: Db
  clock: () => Date
  log: Log
  mail: Deliver
  /** The letters of these ids that are still waiting, written as of now. */
  ready: (ids: string[], now: Date) => Promise<Ready[]>
  /** Seconds until a letter is tried again after so many tries. */
  backOff?: (attempts: number) => number
  /** Seconds between looks into the empty queue, and between looks for lost leases. */
  look?: number
  supervise?: number
}

const minute = 60
const hour = 60 * minute
/** 1, 2, 4 … minutes, 6 hours at most. */
const growing = (attempts: number): number => Math.min(minute * 2 ** Math.min(attempts - 1, 20), 6 * hour)
/** How long a letter is tried, in ms. */
const patience = 48 * hour * 1000

const batch = 50
/** After this nothing of a batch is begun anymore, in ms: with the time for one letter it is well inside the lease (jobs/queue.ts). */
const batchTime = 120_000
/** How long letters under way may still take when the process stops, in ms. */
const drain = 15_000

/** Does `work` with all that has come together while it did the last ones. */
function together<T>(work: (items: T[]) => Promise<void>): (item: T) => Promise<void> {
  let waiting: T[] = []
  let next: Promise<void> | null = null
  let running: Promise<void> = Promise.resolve()
  return (item) => {
    waiting.push(item)
    next ??= running
      .catch(() => {})
      .then(() => {
        const items = waiting
        waiting = []
        next = null
        running = work(items)
        return running
      })
    return next
  }
}

/** What an outcome makes of a letter. */
function markOf(
  letter: Extract<Ready, { message: unknown }>,
  outcome: Awaited<ReturnType<Deliver['deliver']>>,
  now: Date,
) {
  const over = letter.since !== null && now.getTime() - letter.since.getTime() >= patience
  const failed = outcome.kind === 'refused' || (outcome.kind === 'delayed' && over)
  return {
    state: outcome.kind === 'accepted' ? 'sent' : failed ? 'failed' : 'waiting',
    kind: outcome.kind,
    answer: outcome.answer,
    letters: failed ? letter.failed : [],
  } as const
}

/**
 * Takes letters out of the queue and sends them, until it is stopped. Any number of processes may: a job is leased to one of them.
 * Only a process that ends between the server's answer and our mark makes a letter go out once more, with the same Message-ID.
 */
export async function startMailWorker(options: MailWorker): Promise<{ stop: () => Promise<void> }> {
  const { db, clock, log, mail, ready, backOff = growing, look = 2, supervise = 60 } = options
  const { PgBoss } = await import('pg-boss')
  let stopping = false

  const mark = together(async (marks: Mark[]) => {
    // What the server has taken must not be forgotten because the database is away for a moment.
    for (let tries = 1; ; tries++) {
      try {
        return await markLetters(db, clock(), marks)
      } catch (error) {
        if (tries === 20 || !isUnavailable(error)) throw error
        await new Promise((resolve) => setTimeout(resolve, 500))
      }
    }
  })
  const left = { kind: null, answer: '', messageId: '', wait: 0, letters: [] }

  async function send(jobs: { data: { id: string } }[]) {
    const began = performance.now()
    const found = await ready([...new Set(jobs.map(({ data }) => data.id))], clock())
    const todo: Extract<Ready, { message: unknown }>[] = []
    const marks: Promise<void>[] = []
    for (const one of found)
      if ('message' in one) todo.push(one)
      else if ('later' in one) marks.push(mark({ ...left, id: one.id, state: 'waiting', wait: one.later }))
      else marks.push(mark({ ...left, id: one.id, state: 'canceled', answer: one.canceled }))
    let down: string | null = null
    const lane = async () => {
      for (let one = todo.shift(); one; one = todo.shift()) {
        if (stopping || performance.now() - began > batchTime) {
          await mark({ ...left, id: one.id, state: 'waiting' })
          continue
        }
        const outcome =
          down === null
            ? await mail.deliver({ ...one.message, id: one.id })
            : ({ kind: 'delayed', answer: down } as const)
        if ('down' in outcome && outcome.down) down = outcome.answer
        if (outcome.kind !== 'accepted') log('info', `mail ${outcome.kind}`, { mail: one.id })
        const messageId = mail.messageId(one.id)
        await mark({ id: one.id, messageId, wait: backOff(one.attempts + 1), ...markOf(one, outcome, clock()) })
      }
    }
    await Promise.all([...Array.from({ length: lanes }, lane), ...marks])
  }

  const boss = new PgBoss({
    db: await queueDatabase(db),
    schema: queueSchema,
    migrate: false,
    schedule: false,
    registerInstance: false,
    monitorVacuum: false,
    superviseIntervalSeconds: supervise,
    monitorIntervalSeconds: supervise,
  })
  boss.on('error', (error) => {
    if (!stopping) log('warn', 'the mail queue has a problem', errorFacts(error))
  })
  const again = () =>
    queueForgotten(db).then(
      (count) => count > 0 && log('info', 'letters without a job are queued', { count }),
      (error: unknown) => log('warn', 'the mail queue has a problem', errorFacts(error)),
    )
  await boss.start({ attempts: 5 })
  await again()
  const hourly = setInterval(again, hour * 1000)
  hourly.unref()
  await boss.work<{ id: string }>(
    mailQueue,
    { batchSize: batch, localConcurrency: 2, burstWhenBatchFull: true, pollingIntervalSeconds: look },
    send,
  )
  return {
    async stop() {
      stopping = true
      clearInterval(hourly)
      await boss.stop({ graceful: true, timeout: drain })
      mail.close()
    },
  }
}
