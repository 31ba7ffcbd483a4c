import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hono } from 'hono'
import { anyone } from '../access/allow.ts'
import { root } from '../root.ts'
import type { App } from './app-context.ts'
import { encodingFor } from './compression.ts'
import { NotFound } from './failures.ts'

const types: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

type File = { type: string; plain: Uint8Array<ArrayBuffer>; br: Uint8Array<ArrayBuffer>; gzip: Uint8Array<ArrayBuffer> }

const folder = join(root, 'dist', 'static')
const bytes = (name: string) => new Uint8Array(readFileSync(join(folder, name)))

/** The built files by the name that they are served under: `app.1a2b3c4d.css`. build.ts made and compressed them. */
const manifest: Record<string, string> = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))
const files = new Map<string, File>()
for (const name of Object.values(manifest)) {
  const type = types[name.split('.').at(-1) ?? '']
  if (type) files.set(name, { type, plain: bytes(name), br: bytes(`${name}.br`), gzip: bytes(`${name}.gz`) })
}

/** The address of a static file; it holds the content's hash and is cached for ever. */
export const asset = (name: string): string => {
  const built = manifest[name]
  if (!built) throw new Error(`no static file ${name}`)
  return `/static/${built}`
}

export const staticFiles = new Hono<App>().get('/:name', anyone(), (c) => {
  const file = files.get(c.req.param('name'))
  if (!file) throw new NotFound()
  const encoding = encodingFor(c.req.header('accept-encoding'))
  const body = encoding ? file[encoding] : file.plain
  return c.body(body, 200, {
    'Content-Type': file.type,
    'Content-Length': String(body.byteLength),
    'Cache-Control': 'public, max-age=31536000, immutable',
    Vary: 'Accept-Encoding',
    ...(encoding ? { 'Content-Encoding': encoding } : {}),
  })
})
