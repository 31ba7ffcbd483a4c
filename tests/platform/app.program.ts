// An app process as far as its database goes: starts or joins, says so, and leaves in good order when asked to.
import { startEmbedded } from '../../src/platform/database/embedded.ts'

const { socketDir, adopted, stop } = await startEmbedded(process.argv[2] ?? '')
process.once('SIGTERM', async () => {
  await stop()
  process.exit(0)
})
process.stdout.write(`${JSON.stringify({ socketDir, adopted })}\n`)
