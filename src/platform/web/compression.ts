import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { MiddlewareHandler } from 'hono'
import type { App } from './app-context.ts'
import { isSwap } from './show.ts'

const brotli = promisify(brotliCompress)
const gzipped = promisify(gzip)

/** Whether an Accept-Encoding names this encoding, and not to refuse it. */
export const takes = (accepted: string | undefined, name: 'br' | 'gzip'): boolean =>
  new RegExp(`(^|,)\\s*${name}\\s*(;(?!\\s*q=0(\\.0*)?\\s*(,|$))|,|$)`, 'i').test(accepted ?? '')

/** The best encoding that the client takes, by name. Quality values other than 0 are not weighed: all do, br is smallest. */
export const encodingFor = (accepted: string | undefined): 'br' | 'gzip' | null =>
  takes(accepted, 'br') ? 'br' : takes(accepted, 'gzip') ? 'gzip' : null

const atQuality = (plain: Buffer, quality: number) =>
  brotli(plain, {
    params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
  })

/**
 * Few pages are heavier than what a screen may weigh (ui.md), with names in scripts of three bytes a letter. They are packed once
 * more and harder, beside the main thread: 20 ms for a tenth of it, which the slow lines that the budget is for need longer for.
 */
async function withinBudget(plain: Buffer, budget: number): Promise<Buffer> {
  const packed = await atQuality(plain, 5)
  return packed.length > budget && plain.length < 100_000 ? atQuality(plain, 10) : packed
}

/** Compresses pages and fragments: brotli 5 costs half a millisecond for a table and is a tenth smaller than gzip. */
export const compression = (): MiddlewareHandler<App> => async (c, next) => {
  await next()
  const type = c.res.headers.get('Content-Type') ?? ''
  if (!type.startsWith('text/html') || c.req.method === 'HEAD' || c.res.headers.has('Content-Encoding')) return
  const encoding = encodingFor(c.req.header('accept-encoding'))
  if (!encoding) return
  const plain = Buffer.from(await c.res.arrayBuffer())
  if (plain.length < 600) {
    c.res = new Response(plain, c.res)
    return
  }
  const packed = encoding === 'br' ? await withinBudget(plain, isSwap(c) ? 4000 : 6000) : await gzipped(plain)
  const headers = new Headers(c.res.headers)
  headers.set('Content-Encoding', encoding)
  headers.delete('Content-Length')
  c.res = new Response(new Uint8Array(packed), { status: c.res.status, headers })
}
