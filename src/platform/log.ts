import { inSource } from './stack.ts'

export type Level = 'debug' | 'info' | 'warn' | 'error'
export type Log = (level: Level, message: string, facts?: Record<string, unknown>) => void

const rank: Record<Level, number> = { debug: 0, info: 1, warn: 2, error: 3 }

/** JSON lines on stdout in UTC. Callers never pass bodies, cookies, tokens, codes or passwords. */
export const logger =
  (least: Level, write: (line: string) => void = (line) => process.stdout.write(line)): Log =>
  (level, message, facts = {}) => {
    if (rank[level] < rank[least]) return
    write(`${JSON.stringify({ at: new Date().toISOString(), level, message, ...facts })}\n`)
  }

/** What of an error may be logged: its kind, code and place in the code. Messages of the database can hold typed values. */
export const errorFacts = (error: unknown): Record<string, unknown> => {
  if (!(error instanceof Error)) return { error: typeof error }
  const code = (error as { code?: unknown }).code
  const fromDatabase = error.name === 'PostgresError'
  return {
    error: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    ...(fromDatabase ? {} : { text: error.message }),
    stack: error.stack
      ?.split('\n')
      .filter((line) => line.startsWith('    at '))
      .slice(0, 12)
      .map((line) => inSource(line.trim())),
  }
}
