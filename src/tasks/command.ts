import type { Config } from '../platform/config.ts'
import type { Db, Pool } from '../platform/database/connect.ts'
import type { Cause } from '../platform/events/record.ts'

/** Exit 1: `message` is one sentence for stderr. */
export class OperatorError extends Error {}

export type CommandContext = {
  db: Db
  /** For COPY alone. */
  pool: Pool
  key: Buffer
  config: Config
  now: Date
  /** By name without the dashes. */
  flags: Record<string, string | boolean | undefined>
  /** What stands after the command and isn't a flag. */
  words: string[]
  stdin: () => Promise<string>
  /** One line on stdout: what a script reads. */
  print: (line: string) => void
  /** One line on stderr, for the person at the keyboard; `print` where it isn't given. */
  note?: (line: string) => void
}

export type Command = {
  usage: string
  help: string
  flags: Record<string, { type: 'string' | 'boolean' }>
  /** It needs neither the database nor the key. */
  offline?: boolean
  run: (context: CommandContext) => Promise<void>
}

/** What the operator does from the command line, for the log. */
export const operatorCause = (now: Date): Cause => ({ now, how: 'operator', actorId: null, requestId: '', ip: '' })

/** The one word that a command is about; OperatorError with `sentence` when there is none or more. */
export function onlyWord(words: readonly string[], sentence: string): string {
  const [word, ...rest] = words
  if (!word || rest.length > 0) throw new OperatorError(sentence)
  return word
}

/** A flag that takes a word; '' when it isn't given. */
export const text = (flags: CommandContext['flags'], name: string): string =>
  typeof flags[name] === 'string' ? flags[name] : ''
