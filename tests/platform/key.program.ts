// An app process at its first start, as far as its key goes.
import { appKey } from '../../src/platform/database/key.ts'

const dataDir = process.argv[2] ?? ''
process.stdout.write(appKey({ appKey: undefined, dataDir, databaseUrl: undefined }).toString('base64'))
