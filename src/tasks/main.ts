import { parseArgs } from 'node:util'
import { ConfigError, readConfig } from '../platform/config.ts'
import { connect, databaseProblem } from '../platform/database/connect.ts'
import { startEmbedded } from '../platform/database/embedded.ts'
import { statementGuard } from '../platform/database/guard.ts'
import { appKey } from '../platform/database/key.ts'
import { migrate } from '../platform/database/migrate.ts'
import { type Command, OperatorError } from './command.ts'
import { dump, restore } from './dump/command.ts'
import { command as makeSupport } from './make-support.ts'
import { command as outbox } from './outbox.ts'
import { command as resetPassword } from './reset-password.ts'
import { command as resetTwoFactor } from './reset-two-factor.ts'
import { command as rotateKey } from './rotate-key/command.ts'
import { command as routes } from './routes.ts'
import { command as seed } from './seed/command.ts'
import { command as setup } from './setup.ts'
import { command as unblock } from './unblock.ts'

/** The operator's commands (contract.md). Each works while the server runs. */
const commands: Record<string, Command> = {
  setup,
  seed,
  'reset-password': resetPassword,
  'reset-two-factor': resetTwoFactor,
  unblock,
  outbox,

  'make-support': makeSupport,
  dump,
  restore,
  'rotate-key': rotateKey,
  routes,
}

const overview = () =>
  [
    'Usage: npm run -s rollcall -- COMMAND',
    '',
    ...Object.entries(commands).map(([name, { help }]) => `  ${name.padEnd(18)}${help.split('\n')[0]}`),
    '',
    'COMMAND --help tells more.',
  ].join('\n')

async function main([name, ...rest]: string[]): Promise<void> {
  if (!name || name === '--help' || name === 'help') return print(overview())
  const command = commands[name]
  if (!command) throw new OperatorError(`There is no command ${name}. Run it with --help to see them all.`)
  const options = Object.fromEntries(
    Object.entries({ ...command.flags, help: { type: 'boolean' as const } }).map(([flag, { type }]) => [
      flag,
      { type },
    ]),
  )
  const { values, positionals } = read(rest, options)
  if (values.help) return print(`Usage: npm run -s rollcall -- ${command.usage}\n\n${command.help}`)

  const config = readConfig()
  const embedded = command.offline || config.databaseUrl ? null : await startEmbedded(config.dataDir)
  const target = config.databaseUrl ? { url: config.databaseUrl } : { socketDir: embedded?.socketDir ?? '' }
  const database = connect({ ...target, plugins: [statementGuard], statementTimeout: 0 })
  try {
    if (!command.offline) await migrate(database.db)
    await command.run({
      db: database.db,
      pool: database.pool,
      config,
      key: command.offline ? Buffer.alloc(32) : appKey(config),
      now: new Date(),
      flags: values as Record<string, string | boolean | undefined>,
      words: positionals,
      stdin,
      print,
      note: (line) => process.stderr.write(`${line}\n`),
    })
  } finally {
    await database.close()
    await embedded?.stop()
  }
}

function read(args: string[], options: Record<string, { type: 'string' | 'boolean' }>) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new OperatorError(`${(error as Error).message.split('. ')[0]}. Run it with --help to see what it takes.`)
  }
}

async function stdin(): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of process.stdin) parts.push(part as Buffer)
  return Buffer.concat(parts)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}

const print = (line: string) => {
  process.stdout.write(`${line}\n`)
}

// `| head` has read enough: what is left to do is done, and said to nobody.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return
    process.exitCode = 1
    if (stream === process.stdout) process.stderr.write(`The output can’t be written: ${error.code}.\n`)
  })

main(process.argv.slice(2)).catch((error: unknown) => {
  const known =
    error instanceof OperatorError || error instanceof ConfigError
      ? error.message
      : process.env.DATABASE_URL
        ? databaseProblem(error)
        : null
  process.stderr.write(`${known ? known : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exit(1)
})
