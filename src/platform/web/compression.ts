import { promisify } from 'node:util'
import { brotliCompress, brotliCompressSync, constants, gzip, gzipSync } from 'node:zlib'
import type { MiddlewareHandler } from 'hono'
import type { App } from './app-context.ts'
import { drawn, isSwap } from './show.ts'

const brotli = promisify(brotliCompress)
const gzipped = promisify(gzip)

/** Whether an Accept-Encoding names this encoding, and not to refuse it. */
export const takes = (accepted: string | undefined, name: 'br' | 'gzip'): boolean =>
  new RegExp(`(^|,)\\s*${name}\\s*(;(?!\\s*q=0(\\.0*)?\\s*(,|$))|,|$)`, 'i').test(accepted ?? '')

/** The best encoding that the client takes, by name. Quality values other than 0 are not weighed: all do, br is smallest. */
export const encodingFor = (accepted: string | undefined): 'br' | 'gzip' | null =>
  takes(accepted, 'br') ? 'br' : takes(accepted, 'gzip') ? 'gzip' : null

/** A window no wider than the text costs a quarter less time, and the size is the same. */
const windowFor = (length: number) => Math.min(22, Math.max(16, Math.ceil(Math.log2(length))))

const atQuality = (plain: Buffer, quality: number) => ({
  params: {
    [constants.BROTLI_PARAM_QUALITY]: quality,
    [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
    [constants.BROTLI_PARAM_LGWIN]: windowFor(plain.length),
  },
})

/** Up to here it is packed here and now: to send a table to another thread and back takes longer than to pack it, half a millisecond. */
const small = 64_000

/**
 * Few pages are heavier than what a screen may weigh (ui.md), with names in scripts of three bytes a letter. They are packed once
 * more and harder, beside the main thread: 20 ms for a tenth of it, which the slow lines that the budget is for need longer for.
 */
async function withinBudget(plain: Buffer, budget: number): Promise<Buffer> {
  const packed =
    plain.length < small ? brotliCompressSync(plain, atQuality(plain, 5)) : await brotli(plain, atQuality(plain, 5))
  return packed.length > budget && plain.length < 100_000 ? brotli(plain, atQuality(plain, 10)) : packed
}

/** Compresses what show() drew: brotli 5 costs half a millisecond for a table and is a tenth smaller than gzip. */
export const compression = (): MiddlewareHandler<App> => async (c, next) => {
  await next()
  const { res } = c
  const text = drawn.get(res)
  const encoding = encodingFor(c.req.header('accept-encoding'))
  if (text === undefined || text.length < 600 || c.req.method === 'HEAD' || !encoding) return
  drawn.delete(res)
  const plain = Buffer.from(text)
  const gzipIt = () => (plain.length < small ? gzipSync(plain) : gzipped(plain))
  const packed = await (encoding === 'br' ? withinBudget(plain, isSwap(c) ? 4000 : 6000) : gzipIt())
  res.headers.set('Content-Encoding', encoding)
  // Set over another answer it would be copied, through a stream.
  c.res = undefined
  c.res = new Response(packed, { status: res.status, headers: res.headers })
}
