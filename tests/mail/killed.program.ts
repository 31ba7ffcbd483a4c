// A worker that is killed as soon as the mail server has taken a letter, before it can note so:
//   node --import tsx tests/mail/killed.program.ts DATABASE(JSON for connect) SMTP_URL
import { writeSync } from 'node:fs'
import { readyWith } from '../../src/mail/ready.ts'
import { readConfig } from '../../src/platform/config.ts'
import { connect } from '../../src/platform/database/connect.ts'
import { smtp } from '../../src/platform/mail/deliver.ts'
import { startMailWorker } from '../../src/platform/mail/worker.ts'
import { letters } from '../../views/mail/letters.ts'

const [to = '', url = ''] = process.argv.slice(2)
const { db } = connect(JSON.parse(to))
const mail = await smtp({ url, from: { name: 'Rollcall', address: 'access@rollcall.example' } })
await startMailWorker({
  db,
  clock: () => new Date(),
  log: () => {},
  ready: readyWith(db, { config: readConfig({}), key: Buffer.from('a key for tests, 32 bytes long..') }, letters),
  mail: {
    ...mail,
    async deliver(message) {
      const outcome = await mail.deliver(message)
      writeSync(1, `${outcome.kind}\n`)
      process.kill(process.pid, 'SIGKILL')
      return outcome
    },
  },
})
