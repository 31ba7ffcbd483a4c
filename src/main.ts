import cluster from 'node:cluster'
import { letters } from '../views/mail/letters.ts'
import { createApp } from './app.tsx'
import { readyWith } from './mail/ready.ts'
import { settled } from './platform/afterwards.ts'
import { type Config, ConfigError, readConfig } from './platform/config.ts'
import { type Connected, connect, databaseProblem } from './platform/database/connect.ts'
import { type Embedded, startEmbedded } from './platform/database/embedded.ts'
import { crossing, statementGuard } from './platform/database/guard.ts'
import { appKey, followedKey } from './platform/database/key.ts'
import { migrate } from './platform/database/migrate.ts'
import { alsoOpenedBy } from './platform/database/sealed.ts'
import { errorFacts, type Log, logger } from './platform/log.ts'
import { smtp } from './platform/mail/deliver.ts'
import { startMailWorker } from './platform/mail/worker.ts'
import { inSource } from './platform/stack.ts'
import { trustedPeers } from './platform/web/address.ts'
import type { Services } from './platform/web/app-context.ts'
import { createHttpServer } from './platform/web/serve.ts'
import { setUpLink } from './set-up/token.ts'
import { keepUp } from './upkeep.ts'

/** How long requests under way may still take once the process is told to stop, in ms. */
const drain = 20_000

const sentence = (error: unknown): string | null => (error instanceof ConfigError ? error.message : null)

let started: Embedded | null = null

async function main() {
  const config = readConfig()
  const log = logger(config.logLevel)
  process.on('uncaughtException', (error) => {
    log('error', 'uncaught exception', errorFacts(error))
    process.exit(1)
  })
  process.on('unhandledRejection', (error) => log('error', 'unhandled rejection', errorFacts(error)))

  const embedded = !cluster.isPrimary || config.databaseUrl ? null : await startEmbedded(config.dataDir)
  started = embedded
  if (cluster.isPrimary && config.workers > 1) return await lead(config, log, embedded)
  const socketDir = embedded?.socketDir ?? process.env.ROLLCALL_SOCKET_DIR
  const database = open(config, socketDir)
  if (cluster.isPrimary) {
    await migrate(database.db)
    await invite(config, database)
  }
  await serve(config, log, database, embedded, socketDir)
}

type Limits = { max?: number; statementTimeout?: number; acquireTimeout?: number }

const open = (config: Config, socketDir: string | undefined, limits: Limits = {}): Connected => {
  const plugins = [statementGuard]
  if (config.databaseUrl) return connect({ url: config.databaseUrl, plugins, ...limits })
  if (!socketDir) throw new Error('the embedded database has no socket')
  return connect({ socketDir, plugins, ...limits })
}

/** What requests wait for is no work of the worker's: it has connections of its own, and more time. */
const forJobs: Limits = { max: 4, statementTimeout: 60_000, acquireTimeout: 30_000 }

/** Sends letters, where there is a mail server. Gives what ends it. */
function sendMail(config: Config, log: Log, services: Services, socketDir: string | undefined) {
  if (!config.smtpUrl) return async () => {}
  const jobs = open(config, socketDir, forJobs)
  const worker = smtp({ url: config.smtpUrl, from: config.mailFrom }).then((mail) =>
    startMailWorker({
      db: jobs.db,
      clock: services.clock,
      log,
      mail,
      ready: readyWith(jobs.db, services, letters),
    }),
  )
  worker.catch((error: unknown) => log('error', 'no mail is sent', errorFacts(error)))
  return async () => {
    await worker.then(({ stop }) => stop()).catch(() => {})
    await jobs.close()
  }
}

/** Until the first organization exists, each start prints the link that makes it (product.md, "Set-up"). */
async function invite(config: Config, { db }: Connected) {
  const first = await crossing(db, 'the first start')
    .selectFrom('organization')
    .select('id')
    .limit(1)
    .executeTakeFirst()
  if (first) return
  const link = setUpLink(config.publicUrl, appKey(config))
  process.stderr.write(
    `\n  Rollcall is new here. Make the first organization and its Admin with this link:\n\n  ${link}\n\n`,
  )
}

/** WORKERS processes on one port: the first holds the database, migrates, and starts another worker where one dies. */
async function lead(config: Config, log: Log, embedded: Embedded | null) {
  const database = open(config, embedded?.socketDir)
  await migrate(database.db)
  await invite(config, database)
  await database.close()
  let stopping = false
  const fork = () => cluster.fork(embedded ? { ROLLCALL_SOCKET_DIR: embedded.socketDir } : {})
  for (let n = 0; n < config.workers; n++) fork()
  cluster.on('exit', () => {
    if (!stopping) setTimeout(fork, 1000)
  })
  const stop = async () => {
    if (stopping) process.exit(1)
    stopping = true
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
    await Promise.all(
      workers.map((worker) => {
        const gone = new Promise((resolve) => worker.once('exit', resolve))
        worker.process.kill('SIGTERM')
        return gone
      }),
    )
    await embedded?.stop()
    log('info', 'stopped')
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

async function serve(
  config: Config,
  log: Log,
  database: Connected,
  embedded: Embedded | null,
  socketDir: string | undefined,
) {
  let stopping = false
  const key = followedKey(config)
  alsoOpenedBy(key.others)
  const services: Services = {
    config,
    db: database.db,
    pool: database.pool,
    /** As it is now: it may be changed while we run. */
    get key() {
      return key.present()
    },
    clock: () => new Date(),
    log,
    mailing: config.smtpUrl !== undefined,
    stopping: () => stopping,
  }
  const server = createHttpServer(createApp(services), trustedPeers(config))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(config.port, config.host, resolve)
  })
  log('info', 'serving', { origin: config.publicUrl.origin, port: config.port, host: config.host })
  const endUpkeep = keepUp(database.db, services.clock, log)
  const endMail = sendMail(config, log, services, socketDir)

  const stop = async () => {
    if (stopping) process.exit(1)
    stopping = true
    endUpkeep()
    const mailEnded = endMail()
    const late = setTimeout(() => server.closeAllConnections(), drain)
    await new Promise((resolve) => {
      server.close(resolve)
      server.closeIdleConnections()
    })
    clearTimeout(late)
    await mailEnded
    await settled()
    await database.close()
    await embedded?.stop()
    log('info', 'stopped')
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

// Whoever read the log has gone (`| head`): it serves on, and stops as ever, with its database.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

main().catch(async (error: unknown) => {
  const known = sentence(error) ?? startProblem(error)
  // A start that fails leaves no server behind.
  await started?.stop().catch(() => {})
  process.stderr.write(`${known ?? stackOf(error)}\n`)
  process.exit(1)
})

const stackOf = (error: unknown) =>
  error instanceof Error
    ? (error.stack ?? error.message)
        .split('\n')
        .map((line) => inSource(line))
        .join('\n')
    : String(error)

const startProblem = (error: unknown): string | null => {
  const { code, port, syscall, hostname } = (error ?? {}) as Record<
    'code' | 'port' | 'syscall' | 'hostname',
    string | undefined
  >
  if (code === 'EADDRINUSE') return `Port ${port} is taken by another program. Set PORT to another one.`
  if (code === 'ENOTFOUND' && syscall === 'getaddrinfo' && hostname === process.env.HOST)
    return 'HOST is no address of this machine.'
  if (code === 'EADDRNOTAVAIL') return 'HOST is no address of this machine.'
  if (code === 'EACCES' && port) return `Port ${port} may not be opened by this user. Set PORT to one above 1023.`
  return process.env.DATABASE_URL ? databaseProblem(error) : null
}
