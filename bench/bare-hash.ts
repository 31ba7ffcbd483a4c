// The limit of signing in: passwords checked and nothing else, as many at once as the program lets.
//   node --import tsx bench/bare-hash.ts SECONDS      prints how many a second
import { hashPassword, isPassword } from '../src/platform/hash.ts'

const until = performance.now() + Number(process.argv[2] ?? 4) * 1000
const stored = await hashPassword('a long password for the bench')
const started = performance.now()
let done = 0
await Promise.all(
  Array.from({ length: 4 }, async () => {
    while (performance.now() < until) {
      await isPassword(stored, 'a long password for the bench')
      done++
    }
  }),
)
console.log(done / ((performance.now() - started) / 1000))
