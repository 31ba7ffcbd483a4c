import { turns } from '../platform/turns.ts'
import { hasTooManyScans, kindOf, mostSide, pictureAlone, refusals, type Size, sizes } from './rules.ts'

export type Pictures = Record<Size, Buffer>

/** At most two at once: each takes up to 150 MB for the largest picture, and a thread. */
const inTurn = turns(2, 20)

type Sharp = typeof import('sharp')['default']
let loading: Promise<Sharp> | undefined

/** Read when somebody first sends a picture: most processes never need it, and it takes as long as the rest of a start. */
const sharp = () => {
  loading ??= import('sharp').then(({ default: made }) => {
    made.cache(false)
    made.concurrency(1)
    // Of what libvips can read, all but the three kinds that are taken stays shut, SVG above all.
    made.block({ operation: ['VipsForeignLoad'] })
    made.unblock({
      operation: ['VipsForeignLoadPngBuffer', 'VipsForeignLoadJpegBuffer', 'VipsForeignLoadWebpBuffer'],
    })
    return made
  })
  return loading
}

/** What the whole picture may weigh. Photographs do at once; only noise needs the last tries. */
const most = 40_000
const tries = [
  { side: 512, quality: 80 },
  { side: 512, quality: 60 },
  { side: 512, quality: 35 },
  { side: 384, quality: 35 },
  { side: 256, quality: 35 },
  { side: 256, quality: 10 },
]

/**
 * What somebody sent as square WebP pictures without anything else that was in the file (places, names, hidden parts), turned as
 * their camera says; or why not, as a sentence. Nothing is decoded before its header says how large it is. Throws Unavailable when
 * too many wait.
 */
export async function picturesFrom(sent: Buffer): Promise<Pictures | { refused: string }> {
  const found = kindOf(sent)
  if ('called' in found) return { refused: refusals.kind(found.called) }
  if (found.kind === 'jpeg' && hasTooManyScans(sent)) return { refused: refusals.broken }
  const bytes = found.kind === 'png' ? pictureAlone(sent) : sent
  return inTurn(async () => {
    const open = await sharp()
    const header = await open(bytes, { limitInputPixels: false })
      .metadata()
      .catch(() => null)
    if (header?.format !== found.kind) return { refused: refusals.broken }
    if (header.width > mostSide || header.height > mostSide)
      return { refused: refusals.pixels(header.width, header.height) }
    if ((header.pages ?? 1) > 1) return { refused: refusals.moving }

    const side = Math.min(header.width, header.height, 512)
    const square = await open(bytes, { limitInputPixels: mostSide * mostSide, failOn: 'error' })
      .autoOrient()
      .resize(side, side, { fit: 'cover' })
      .flatten({ background: '#fff' })
      .toColourspace('srgb')
      .timeout({ seconds: 20 })
      .raw()
      .toBuffer({ resolveWithObject: true })
      .catch(() => null)
    if (!square) return { refused: refusals.broken }

    const { width, height, channels } = square.info
    const at = (pixels: number, quality: number) => {
      const picture = open(square.data, { raw: { width, height, channels } })
      return (pixels < side ? picture.resize(pixels, pixels) : picture).webp({ quality }).toBuffer()
    }
    const made = {} as Pictures
    for (const size of sizes) made[size] = await at(size, 80)
    for (const one of tries) {
      if (made[512].byteLength <= most) break
      made[512] = await at(one.side, one.quality)
    }
    return made
  })
}
