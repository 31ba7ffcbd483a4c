// What something takes of the processor, which other work on the machine doesn't change as it changes seconds (Linux alone).
import { readdirSync, readFileSync } from 'node:fs'

/** Of one process in ms, with its children that ended: /proc/PID/stat counts in hundredths of a second. */
function timesOf(pid: string): { parent: string; ms: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`).toString()
    // Behind the name, in which anything may stand: state, parent, …, from the 12th its own times and those of ended children.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { parent: fields[1] ?? '', ms: fields.slice(11, 15).reduce((sum, one) => sum + Number(one), 0) * 10 }
  } catch {
    return null
  }
}

const numbers = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name))

/** Milliseconds of processor so far: of the program, and of the database with all its processes. */
export function processorOf(program: number | undefined, dataDir: string): { program: number; database: number } {
  const [postmaster = ''] = readFileSync(`${dataDir}/postgres/postmaster.pid`).toString().split('\n')
  let database = 0
  for (const pid of numbers()) {
    const found = timesOf(pid)
    if (found && (pid === postmaster || found.parent === postmaster)) database += found.ms
  }
  return { program: timesOf(String(program))?.ms ?? 0, database }
}
