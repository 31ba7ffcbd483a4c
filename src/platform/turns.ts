import { Unavailable } from './web/failures.ts'

/**
 * A gate for costly work: `most` at once in this process, `mostWaiting` behind them in their order, and to everybody else it
 * throws Unavailable (503, Retry-After) before anything is begun.
 */
export function turns(most: number, mostWaiting: number) {
  let running = 0
  const waiting: (() => void)[] = []
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running < most) running++
    else if (waiting.length < mostWaiting) await new Promise<void>((resolve) => waiting.push(resolve))
    else throw new Unavailable(2)
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
