// A load generator light enough to share two cores with what it measures: raw sockets, keep-alive, one request at a time each.
// Run as a process of its own: node bench/load.ts PORT PATH CONNECTIONS SECONDS [COOKIE]. Prints one line of JSON.
import { connect } from 'node:net'

const [port = '', path = '', connections = '1', seconds = '3', cookie = ''] = process.argv.slice(2)
const request = `GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nAccept-Encoding: ${process.env.ACCEPT_ENCODING ?? 'br'}\r\n${cookie ? `Cookie: ${cookie}\r\n` : ''}\r\n`
const times: number[] = []
let bad = 0
let bytes = 0
const until = performance.now() + Number(seconds) * 1000

/** Where the first whole answer in `buffer` ends, or 0. */
function endOfAnswer(buffer: Buffer): number {
  const head = buffer.indexOf('\r\n\r\n')
  if (head < 0) return 0
  const headers = buffer.toString('latin1', 0, head).toLowerCase()
  const length = /content-length: (\d+)/.exec(headers)
  if (length) return buffer.length >= head + 4 + Number(length[1]) ? head + 4 + Number(length[1]) : 0
  const last = buffer.indexOf('0\r\n\r\n', head + 2)
  return last < 0 || !buffer.subarray(-5).equals(Buffer.from('0\r\n\r\n')) ? 0 : buffer.length
}

const client = () =>
  new Promise<void>((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1')
    socket.setNoDelay(true)
    let got = Buffer.alloc(0)
    let began = 0
    const ask = () => {
      if (performance.now() >= until) {
        socket.end()
        return resolve()
      }
      began = performance.now()
      socket.write(request)
    }
    socket.on('connect', ask)
    socket.on('data', (chunk) => {
      got = got.length ? Buffer.concat([got, chunk]) : chunk
      if (!endOfAnswer(got)) return
      times.push(performance.now() - began)
      bytes += got.length
      if (!got.subarray(0, 15).toString().startsWith('HTTP/1.1 200')) bad++
      got = Buffer.alloc(0)
      ask()
    })
    socket.on('error', reject)
  })

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
