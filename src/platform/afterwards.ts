import { randomInt } from 'node:crypto'
import { errorFacts, type Log } from './log.ts'

/*
 * What is done after the answer, so that the time of the answer tells nothing of it. It begins after a pause of a random length:
 * nor does the next request tell, by waiting for it. A process that dies before then forgets it; whoever asked asks again.
 */

const running = new Set<Promise<void>>()

export function afterwards(log: Log, work: () => Promise<unknown>): void {
  const pause = new Promise((resolve) => setTimeout(resolve, randomInt(50, 400)))
  const done: Promise<void> = pause
    .then(work)
    .then(
      () => {},
      (error: unknown) => log('error', 'something left for after an answer failed', errorFacts(error)),
    )
    .finally(() => running.delete(done))
  running.add(done)
}

/** When everything left so far is done. */
export const settled = async (): Promise<void> => {
  await Promise.all(running)
}
