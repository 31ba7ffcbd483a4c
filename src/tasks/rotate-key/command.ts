import { sql } from 'kysely'
import type { Db } from '../../platform/database/connect.ts'
import { crossing } from '../../platform/database/guard.ts'
import { beginKeyChange, endKeyChange, oldKey } from '../../platform/database/key.ts'
import { type Command, type CommandContext, OperatorError } from '../command.ts'
import { sealAnew } from './secrets.ts'

/** In ms: by then a request that began with the key of before has written what it had to write. */
const untilWritten = 5000

const count = new Intl.NumberFormat('en-US')
const secretsIn = (n: number) => (n === 1 ? '1 secret' : `${count.format(n)} secrets`)

export const command: Command = {
  usage: 'rotate-key',
  help: `Puts a new APP_KEY in the place of the present one, and encrypts all secrets in the database with it, while the server runs.

Encrypted are the secrets of authenticator apps, and of those that are just being set up. Everybody's app and backup codes go on
working, and so does everybody who is signed in.

With a key that Rollcall made in DATA_DIR this is all there is to do: the running server takes to the new key by itself. The key of before
stays beside it (app-key-old) until nothing is encrypted with it anymore.

With APP_KEY in the environment, and so always with DATABASE_URL, three steps:
  1. make a key (openssl rand -base64 32), and start Rollcall anew with it as APP_KEY and the present one as APP_KEY_OLD;
  2. run this, with the same environment;
  3. take APP_KEY_OLD away, at the next start.

If it is stopped in the middle nothing is lost: both keys open what they must, and running it again goes on.

What stops: links in letters and links copied before, for they are signed with the key. This says how many invitations wait for an
answer; send them again from Invitations. Waiting times after wrong passwords end; blocks stay. A dump made before needs the key of
before: keep that one as long as such a dump, and make a new dump.`,
  flags: {},
  run: (context) => rotateKey(context),
}

/** The command, which waits so many ms between its runs. */
export const rotateKey = (context: CommandContext, pause = untilWritten): Promise<void> =>
  alone(context.db, () => rotate(context, pause))

async function rotate({ db, config, key, now, print, note = print }: CommandContext, pause: number) {
  const isInFile = config.appKey === undefined
  const change = isInFile ? beginKeyChange(config.dataDir) : { ...fromEnvironment(config, key), begunBefore: false }
  if (change.begunBefore) note('A change of the key that was stopped goes on.')
  const first = await sealAnew(db, change)
  note(`${secretsIn(first.written)} encrypted with the new key. Waiting for what is under way …`)
  await new Promise((resolve) => setTimeout(resolve, pause))
  const last = await sealAnew(db, change)
  const { written } = await sealAnew(db, change)
  if (written > 0) throw new OperatorError('Something still writes with the key of before. Run this again.')
  if (isInFile) endKeyChange(config.dataDir)
  print(`Nothing is encrypted with the key of before: ${secretsIn(first.written + last.written)} were.`)
  if (last.lost > 0)
    note(
      `${secretsIn(last.lost)} can be read with neither key: two-factor of these people must be reset. Was a dump restored that another key belongs to?`,
    )
  const waiting = await invitationsWaiting(db, now)
  if (waiting > 0)
    note(
      `${waiting === 1 ? '1 invitation waits' : `${count.format(waiting)} invitations wait`} for an answer with a link of before, which no longer works: send ${waiting === 1 ? 'it' : 'them'} again from Invitations.`,
    )
  if (!isInFile) note('APP_KEY_OLD isn’t needed anymore.')
}

function fromEnvironment(config: CommandContext['config'], to: Buffer) {
  const from = oldKey(config)
  if (!from)
    throw new OperatorError(
      'APP_KEY is set in the environment, so the new one is yours to set: start Rollcall with it as APP_KEY and the present one as APP_KEY_OLD, then run this again.',
    )
  if (from.equals(to)) throw new OperatorError('APP_KEY and APP_KEY_OLD are the same key.')
  return { from, to }
}

/** Invitations whose link was given out before `now` and leads nowhere since. */
const invitationsWaiting = async (db: Db, now: Date): Promise<number> =>
  (
    await crossing(db, 'the operator is told what a new key ends')
      .selectFrom('invitation')
      .where('status', '=', 'pending_activation')
      .where('expires_at', '>', now)
      .where('last_sent_at', '<=', now)
      .select(sql<number>`count(*)::int`.as('count'))
      .executeTakeFirstOrThrow()
  ).count

/** One at a time, until it ends or is killed: two would make two new keys. */
async function alone(db: Db, work: () => Promise<void>): Promise<void> {
  await db.connection().execute(async (held) => {
    const lock = sql`hashtextextended('rotate key', 0)`
    const { rows } = await sql<{ mine: boolean }>`select pg_try_advisory_lock(${lock}) as mine`.execute(held)
    if (!rows[0]?.mine) throw new OperatorError('Another rotate-key runs already.')
    await work().finally(() => sql`select pg_advisory_unlock(${lock})`.execute(held))
  })
}
