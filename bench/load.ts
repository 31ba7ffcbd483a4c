// Requests of one page, one at a time on each connection.
// Run as a process of its own: node bench/load.ts PORT PATH CONNECTIONS SECONDS [COOKIE]. Prints one line of JSON.
import { connection } from './connection.ts'

const [port = '', path = '', connections = '1', seconds = '3', cookie = ''] = process.argv.slice(2)
const request = `GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nAccept-Encoding: ${process.env.ACCEPT_ENCODING ?? 'br'}\r\n${cookie ? `Cookie: ${cookie}\r\n` : ''}\r\n`
const times: number[] = []
let bad = 0
let bytes = 0
const until = performance.now() + Number(seconds) * 1000

async function client() {
  const { send, end } = connection(port)
  while (performance.now() < until) {
    const answer = await send(request)
    times.push(answer.ms)
    bytes += answer.bytes
    if (answer.status !== 200) bad++
  }
  end()
}

const started = performance.now()
await Promise.all(Array.from({ length: Number(connections) }, client))
const elapsed = (performance.now() - started) / 1000
times.sort((a, b) => a - b)
const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
console.log(
  JSON.stringify({
    perSecond: times.length / elapsed,
    median: at(0.5),
    p95: at(0.95),
    bad,
    bytes: bytes / times.length,
    count: times.length,
  }),
)
