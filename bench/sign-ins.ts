// People at the door, beside what is measured: `npm run bench -- --only door` starts it as a process of its own.
//   node bench/sign-ins.ts PORT SECONDS PER_SECOND PASSWORD      logins on stdin, as a JSON array
// PER_SECOND 0 is as many as four at once can. Each login is tried once, and comes from a network of its own, as those of somebody
// who has many would: so none is only sent away. Prints one line of JSON.
import { randomInt } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { connection } from './connection.ts'

const [port = '', seconds = '', perSecond = '', password = ''] = process.argv.slice(2)
const rate = Number(perSecond)
const logins = JSON.parse(await text(process.stdin)) as string[]
const times: number[] = []
const statuses: Record<number, number> = {}
let sent = 0

const free: ReturnType<typeof connection>[] = []

/** Made before the clock starts: the machine is for what is measured. */
const requests = logins.map((login) => {
  const body = new URLSearchParams({ login, password }).toString()
  const network = `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`
  return (
    `POST /sign-in HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
    `Content-Length: ${body.length}\r\nSec-Fetch-Site: same-origin\r\nX-Forwarded-For: ${network}\r\n\r\n${body}`
  )
})

async function signIn(): Promise<void> {
  const one = free.pop() ?? connection(port)
  const { status, ms } = await one.send(requests[sent++ % requests.length] ?? '')
  free.push(one)
  times.push(ms)
  statuses[status] = (statuses[status] ?? 0) + 1
}

const started = performance.now()
const left = () => Number(seconds) * 1000 - (performance.now() - started)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)))
if (rate > 0) {
  const all: Promise<void>[] = []
  for (let n = 0; left() > 0; n++) {
    all.push(signIn())
    await pause(started + ((n + 1) * 1000) / rate - performance.now())
  }
  await Promise.all(all)
} else
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      while (left() > 0) await signIn()
    }),
  )
const elapsed = (performance.now() - started) / 1000
times.sort((a, b) => a - b)
console.log(
  JSON.stringify({
    perSecond: times.length / elapsed,
    median: times[Math.floor(times.length / 2)] ?? 0,
    p95: times[Math.floor(times.length * 0.95)] ?? 0,
    statuses,
  }),
)
for (const one of free) one.end()
