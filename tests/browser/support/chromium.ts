import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress } from 'node:zlib'
import { type Browser, chromium } from 'playwright-core'
import { root } from '../../../src/platform/root.ts'

/** Our own: those of @sparticuz/chromium switch web security off. */
const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
]

/** Starts the machine's Chromium, or where it has none the one in the packages. */
export async function startChromium(): Promise<Browser> {
  const own = process.env.CHROME_PATH || (existsSync('/usr/bin/chromium') ? '/usr/bin/chromium' : null)
  if (own) return chromium.launch({ executablePath: own, args })
  const packaged = await unpack()
  return chromium.launch({
    executablePath: packaged.program,
    args,
    env: { ...process.env, ...packaged.env } as Record<string, string>,
  })
}

/**
 * The binary out of @sparticuz/chromium, unpacked once beside the packages. Its own executablePath() unpacks to /tmp/chromium, and
 * takes whatever lies there already.
 */
async function unpack(): Promise<{ program: string; env: Record<string, string> }> {
  const from = join(root, 'node_modules', '@sparticuz', 'chromium')
  const { version } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'))
  const to = join(root, 'node_modules', '.cache', `chromium-${version}`)
  mkdirSync(to, { recursive: true })
  const inflate = async (name: string, as: string) => {
    const path = join(to, as)
    if (existsSync(path)) return path
    const half = `${path}.${process.pid}`
    await pipeline(createReadStream(join(from, 'bin', name)), createBrotliDecompress(), createWriteStream(half))
    renameSync(half, path)
    return path
  }
  const program = await inflate('chromium.br', 'chromium')
  chmodSync(program, 0o755)
  // A bare machine may lack the libraries that every desktop has, and fonts; the package brings these too.
  const env: Record<string, string> = {}
  const unpackAll = async (name: string, as: string) =>
    spawnSync('tar', ['-xf', await inflate(name, as), '-C', to], { stdio: 'inherit' })
  if (spawnSync('ldd', [program], { encoding: 'utf8' }).stdout?.includes('not found')) {
    await unpackAll('al2023.tar.br', 'libraries.tar')
    env.LD_LIBRARY_PATH = join(to, 'lib')
  }
  if (!existsSync('/usr/share/fonts')) {
    await unpackAll('fonts.tar.br', 'fonts.tar')
    env.FONTCONFIG_FILE = join(to, 'own-fonts.conf')
    writeFileSync(env.FONTCONFIG_FILE, `<fontconfig><dir>${join(to, 'fonts')}</dir></fontconfig>`)
  }
  return { program, env }
}
