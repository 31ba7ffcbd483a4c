// People who edit other people, beside what is measured: `npx tsx bench/run.ts --only edits` starts it as a process of its own.
//   node bench/edits.ts PORT LIST COOKIE SECONDS PER_SECOND      ids and versions on stdin, as a JSON array of pairs
// PER_SECOND 0 is as many as eight at once can. Each is the form of the edit screen, sent as htmx does. Prints one line of JSON.
import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'

const [port = '', list = '', cookie = '', seconds = '', perSecond = ''] = process.argv.slice(2)
const rate = Number(perSecond)
const people = (JSON.parse(await text(process.stdin)) as [id: string, version: number][]).map(([id, version]) => ({
  id,
  version,
}))
const agent = new Agent({ keepAlive: true, maxSockets: 8 })
const times: number[] = []
let bad = 0
let sent = 0

/** Nobody is edited twice at once: a person comes again when all others had their turn. */
function edit(): Promise<void> {
  const person = people[sent % people.length]
  if (!person) throw new Error('nobody to edit')
  const fields = {
    version: String(person.version),
    first_name: `Edited ${sent % 97}`,
    last_name: `Person ${sent % 89}`,
    title: `Number ${sent++}`,
    cell_phone: '',
    office_phone: '',
    extension: '',
  }
  const path = `${list}/${person.id}/edit`
  const headers = {
    Host: `localhost:${port}`,
    Cookie: cookie,
    'Content-Type': 'application/x-www-form-urlencoded',
    'Sec-Fetch-Site': 'same-origin',
    'HX-Request': 'true',
    'HX-Request-Type': 'partial',
    'HX-Current-URL': `http://localhost:${port}${path}`,
    'Accept-Encoding': 'br',
  }
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers }, (answer) => {
      if (answer.statusCode === 200) person.version++
      else bad++
      answer.resume().on('end', () => {
        times.push(performance.now() - began)
        resolve()
      })
    })
    asked.on('error', reject)
    asked.end(new URLSearchParams(fields).toString())
  })
}

const started = performance.now()
const until = started + Number(seconds) * 1000
if (rate > 0) {
  const under: Promise<void>[] = []
  for (let n = 0; performance.now() < until; n++) {
    under.push(edit())
    const wait = started + ((n + 1) * 1000) / rate - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
  }
  await Promise.all(under)
} else {
  const one = async () => {
    while (performance.now() < until) await edit()
  }
  await Promise.all(Array.from({ length: 8 }, one))
}
const elapsed = (performance.now() - started) / 1000
agent.destroy()
times.sort((a, b) => a - b)
const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
console.log(
  JSON.stringify({ perSecond: times.length / elapsed, count: times.length, median: at(0.5), p95: at(0.95), bad }),
)
