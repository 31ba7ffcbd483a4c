import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

export const isRoot = process.getuid?.() === 0

/** A folder of this test's own that the database's user may pass through, as /srv or /opt would be. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'rollcall-test-'))
  chmodSync(made, 0o711)
  return made
}

/** The process of the server of `dataDir`, undefined when none runs. */
export function serverOf(dataDir: string): number | undefined {
  const pid = Number(read(join(placeOf(dataDir), 'postmaster.pid')).split('\n')[0])
  return pid > 1 && isRunning(pid) ? pid : undefined
}

/** Where the database of `dataDir` is. */
export const placeOf = (dataDir: string): string =>
  read(join(dataDir, 'postgres-is-at')).trim() || join(dataDir, 'postgres')

const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '')

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Stops what still runs on `dataDir`, and removes the folder and what was kept elsewhere for it. */
export function remove(dataDir: string, made = dataDir): void {
  const pid = serverOf(dataDir)
  if (pid) process.kill(pid, 'SIGQUIT')
  for (const end = Date.now() + 5000; pid && isRunning(pid) && Date.now() < end; )
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  const place = placeOf(dataDir)
  if (place.startsWith('/var/lib/rollcall/')) rmSync(dirname(place), { recursive: true, force: true })
  rmSync(made, { recursive: true, force: true })
}

export type Program = {
  process: ChildProcessWithoutNullStreams
  /** The next line it prints; null when it has ended without one. */
  line(): Promise<string | null>
  /** Every line printed, the ones not asked for yet too. */
  lines: string[]
  ended: Promise<number | null>
  errors(): string
}

/** Runs a program beside this file in a process of its own. */
export function program(name: string, ...args: string[]): Program {
  const child = spawn(process.execPath, [resolve(import.meta.dirname, name), ...args], { stdio: 'pipe' })
  const lines: string[] = []
  const waiting: (() => void)[] = []
  let over = false
  let given = 0
  let errors = ''
  child.stderr.on('data', (text) => {
    errors += text
  })
  const wake = () => {
    for (const one of waiting.splice(0)) one()
  }
  createInterface(child.stdout)
    .on('line', (line) => {
      lines.push(line)
      wake()
    })
    .on('close', () => {
      over = true
      wake()
    })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const line = async () => {
    while (lines.length <= given && !over) await new Promise<void>((resolve) => waiting.push(resolve))
    return lines[given++] ?? null
  }
  return { process: child, line, lines, ended, errors: () => errors }
}
