import type { Context } from 'hono'
import type { App } from './app-context.ts'
import { BadRequest, Failure } from './failures.ts'
import { readBytes } from './form.ts'

/** What stands around the file in a body: lines of the form, and a name of up to 255 letters of any script. */
const around = 8 * 1024

/**
 * The one file of a form that has nothing else, in memory: `none` when nobody chose one, `too large` beyond `most` bytes, counted
 * while it comes; of a body that announces more nothing is read. What its sender calls it, and says that it is, is left alone.
 */
export async function readUpload(c: Context<App>, name: string, most: number): Promise<Buffer | 'none' | 'too large'> {
  const type = c.req.header('content-type') ?? ''
  if (!/^multipart\/form-data\s*;/i.test(type)) throw new Failure(415, 'Unsupported media type')
  const body = await readBytes(c, most + around)
  if (!body) return 'too large'
  if (isManifold(body, type)) throw new BadRequest('The form has a field that isn’t known here.')
  const form = await new Response(new Uint8Array(body), { headers: { 'Content-Type': type } }).formData().catch(() => {
    throw new BadRequest('The form was cut off.')
  })
  const fields = [...form]
  if (fields.length > 1 || fields.some(([field]) => field !== name))
    throw new BadRequest('The form has a field that isn’t known here.')
  const file = fields[0]?.[1]
  if (typeof file === 'string') throw new BadRequest()
  if (!file || file.size === 0) return 'none'
  if (file.size > most) return 'too large'
  return Buffer.from(await file.arrayBuffer())
}

/** More than one part, before they are taken apart: 2 MB of empty ones keep a process from everybody else for a second. */
function isManifold(body: Buffer, type: string): boolean {
  const [, quoted, bare] = /boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(type) ?? []
  const mark = Buffer.from(`\r\n--${quoted ?? bare ?? ''}`)
  // One may begin the part, and one ends it.
  let at = -1
  for (let count = 0; count < 3; count++) if ((at = body.indexOf(mark, at + 1)) < 0) return false
  return true
}
